using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>mmap, munmap, mremap, mprotect, mbind, userfaultfd.</content>
public sealed partial class ProcessGrain
{
    private const string AnonymousFile = "/anon_hugepage";

    private async Flow<MmapAnswer> Mmap(MmapCall call)
    {
        // ksys_mmap_pgoff: the file is looked up before anything but the offset's alignment is looked at.
        if (call.Offset % Units.BasePageBytes != 0)
        {
            return new MmapAnswer(Errno.EINVAL, 0, 0);
        }

        var file = call.Fd >= 0 ? Files.GetValueOrDefault(call.Fd) : null;
        if (call.Fd >= 0 && file is null)
        {
            return new MmapAnswer(Errno.EBADF, 0, 0);
        }

        if (call.Length <= 0 || call.Offset < 0 || call.Address % Units.PageBytes != 0)
        {
            return new MmapAnswer(Errno.EINVAL, 0, 0);
        }

        if (file is { ReadOnly: true } && call is { Shared: true, Write: true })
        {
            return new MmapAnswer(Errno.EACCES, 0, 0);
        }

        return await MapAt(call with { NoReserve = call.NoReserve && Flows.Profile.MapNoreserve }, file, reserveAtMap: true);
    }

    private async Flow<Errno> Munmap(long address, long length)
    {
        var end = address + RoundUp(length, Units.BasePageBytes);
        if (address % Units.BasePageBytes != 0 || length <= 0 || CutsPage(address))
        {
            return Errno.EINVAL;
        }

        if (CutsPage(end))
        {
            // vms_gather_munmap_vmas has split at the start before it fails at the end.
            if (Mm.Find(address / Units.PageBytes) is { } first)
            {
                await OfVma(first, address / Units.PageBytes, static (vma, page, id) => vma.Split(page, id));
            }

            return Errno.EINVAL;
        }

        await UnmapRange(RoundUp(address, Units.PageBytes) / Units.PageBytes, end / Units.PageBytes);
        return Errno.None;
    }

    private async Flow<Errno> Mprotect(long address, long length, bool read, bool write)
    {
        var end = address + RoundUp(length, Units.BasePageBytes);
        if (address % Units.BasePageBytes != 0 || length == 0)
        {
            return length == 0 && address % Units.BasePageBytes == 0 ? Errno.None : Errno.EINVAL;
        }

        var (first, last) = (address / Units.PageBytes, RoundUp(end, Units.PageBytes) / Units.PageBytes);
        var next = first;
        foreach (var range in Mm.Within(first, last))
        {
            if (range.Start != next)
            {
                return Errno.ENOMEM;
            }

            var error = await OfVma(
                range, (Cut: Cut(range, address, end), read, write), static (vma, call, id) => vma.Protect(call.Cut, call.read, call.write, id));
            if (error != Errno.None)
            {
                return error;
            }

            next = range.End;
        }

        return next < last ? Errno.ENOMEM : Errno.None;
    }

    private async Flow<Errno> Mbind(MbindCall call)
    {
        if (call.Address % Units.BasePageBytes != 0)
        {
            return Errno.EINVAL;
        }

        if (call.Length == 0)
        {
            return Errno.None;
        }

        // queue_pages_test_walk: holes are an error, except for the default policy if anything is mapped at all.
        var end = call.Address + RoundUp(call.Length, Units.BasePageBytes);
        var (first, last) = (call.Address / Units.PageBytes, RoundUp(end, Units.PageBytes) / Units.PageBytes);
        var ranges = Mm.Within(first, last);
        if (ranges.Count == 0 || (call.Mode != PolicyMode.Default && !Mm.Covers(first, last)))
        {
            return Errno.EFAULT;
        }

        var misplaced = false;
        foreach (var range in ranges)
        {
            var error = await OfVma(
                range, (Cut: Cut(range, call.Address, end), call.Mode, call.Nodes), static (vma, call, id) => vma.SetPolicy(call.Cut, call.Mode, call.Nodes, id));
            if (error != Errno.None)
            {
                return error;
            }

            misplaced |= (call.Move || call.Strict) && await LeavesMisplaced(call, range);
        }

        return misplaced && call.Strict ? Errno.EIO : Errno.None;
    }

    private Flow<int> MovePage(long address, int node) =>
        Mm.Find(address / Units.PageBytes) is { } range
            ? Migrate(range, address / Units.PageBytes, node)
            : new(-(int)Errno.EFAULT);

    private Flow<int> Migrate(MappedRange range, long page, int node) =>
        OfVma(range, (page, node), static (vma, call, id) => vma.Migrate(call.page, call.node, id));

    // queue_pages_range and migrate_pages: pages off the policy's nodes are moved there, or counted as misplaced.
    private async Flow<bool> LeavesMisplaced(MbindCall call, MappedRange range)
    {
        var misplaced = false;
        foreach (var pte in (await View(range.Vma, range.Start, range.End)).Ptes)
        {
            var allowed = call.Nodes == 0 || (call.Nodes & (1L << Pfn.Node(pte.Pfn))) != 0;
            if (!allowed)
            {
                var target = new MemoryPolicy(call.Mode, call.Nodes).Choose(Current.LocalNode, Current.MemsAllowed, pte.Page - range.Start);
                misplaced |= !call.Move || await Migrate(range, pte.Page, target.PreferredNode) < 0;
            }
        }

        return misplaced;
    }

    private async Flow<Errno> UffdRegister(long address, long length)
    {
        if (Flows.Profile.UffdHugetlb != Errno.None)
        {
            return Flows.Profile.UffdHugetlb;
        }

        var (first, end) = (address / Units.PageBytes, (address + length) / Units.PageBytes);
        // userfaultfd_register: something must be mapped in the range; holes in it are left alone.
        if (length <= 0 || address % Units.PageBytes != 0 || length % Units.PageBytes != 0 || Mm.Within(first, end).Count == 0)
        {
            return Errno.EINVAL;
        }

        if ((await Describe(address, length)).Areas.Any(area => !area.MayWrite))
        {
            return Errno.EPERM;
        }

        foreach (var range in Mm.Within(first, end))
        {
            await OfVma(range, (range.Start, range.End), static (vma, part, id) => vma.RegisterUffd(part.Start, part.End, id));
        }

        return Errno.None;
    }

    private Flow<Errno> UffdCopy(long address, int content)
    {
        var page = address / Units.PageBytes;
        return address % Units.PageBytes != 0 || Flows.Profile.UffdHugetlb != Errno.None
            ? new(Errno.EINVAL)
            : Mm.Find(page) is { } range
                ? OfVma(range, (Current, page, content), static (vma, copy, id) => vma.UffdCopy(copy.Current, copy.page, copy.content, id))
                : new(Errno.ENOENT);
    }

    /// <inheritdoc/>
    public ValueTask<Errno> UffdZero(long address) =>
        Flows.Profile.UffdHugetlb != Errno.None ? new(Errno.EINVAL) :
        Mm.Find(address / Units.PageBytes) is { } range ? UffdZero(range.Vma, address / Units.PageBytes) : new(Errno.ENOENT);

    private Flow<Errno> UffdZero(long vma, long page) => Calls.Repeated.Ask(Vma(vma), page, static (vma, page) => vma.UffdZero(page));

    private Flow<VmaView> View(long vma, long start, long end) =>
        Calls.Repeated.Ask(Vma(vma), (start, end), static (vma, range) => vma.Describe(range.start, range.end));

    private async Flow<Errno> InjectFailures(long address, InjectedFailures failures)
    {
        if (_mm.Find(address / Units.PageBytes) is not { } range)
        {
            return Errno.EFAULT;
        }

        await OfVma(range, failures, static (vma, failures, id) => vma.InjectFailures(failures, id));
        foreach (var (inode, life) in await HoldFiles(range.Start, range.End))
        {
            await OfInode(inode, life, failures, static (inode, failures, id) => inode.InjectFailures(failures, id));
            await CloseInode(inode, life);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public async ValueTask<RangeView> Describe(long address, long length)
    {
        var areas = new List<AreaImage>();
        var ptes = new List<PteImage>();
        var (first, end) = (address / Units.PageBytes, RoundUp(address + length, Units.PageBytes) / Units.PageBytes);
        foreach (var range in Mm.Within(first, end))
        {
            var view = await View(range.Vma, range.Start, range.End);
            areas.AddRange(view.Areas);
            ptes.AddRange(view.Ptes);
        }

        var frames = await Flows.Frames.Load([.. ptes.Select(pte => pte.Pfn)]);
        return new RangeView(
            [.. areas.Distinct().OrderBy(a => a.Start)],
            [.. ptes.Select((pte, i) => new PageView(pte.Page, pte.Pfn, frames[i].MapCount))]);
    }

    /// <inheritdoc/>
    public async ValueTask<long> MappedPages()
    {
        var pages = 0L;
        foreach (var range in Mm.Ranges.ToArray())
        {
            pages += (await View(range.Vma, range.Start, range.End)).Ptes.Length;
        }

        return pages;
    }

    private async Flow<MmapAnswer> MapAt(MmapCall call, OpenFile? file, bool reserveAtMap)
    {
        var pages = RoundUp(call.Length, Units.PageBytes) / Units.PageBytes;
        var start = call.Address / Units.PageBytes;
        var old = new List<(string Inode, long Life)>();
        if (call.Fixed)
        {
            old.AddRange(await HoldFiles(start, start + pages));
            await UnmapRange(start, start + pages);
        }
        else
        {
            start = Mm.FindFree(start, pages);
        }

        try
        {
            var mapped = await MapNew(call, file, reserveAtMap, start, pages);
            if (mapped.Error == Errno.None && call.Populate)
            {
                // mm_populate ignores errors: what could not be faulted in now is a matter of the first access.
                await Populate(start, pages, AccessKind.Populate);
            }

            return mapped;
        }
        finally
        {
            foreach (var (inode, life) in old)
            {
                await CloseInode(inode, life);
            }
        }
    }

    // fput does its work at the end of the system call: a file whose last mapping is replaced keeps pages and reservations until then.
    private async Flow<List<(string Inode, long Life)>> HoldFiles(long start, long end)
    {
        var inodes = new List<(string Inode, long Life)>();
        foreach (var range in Mm.Within(start, end))
        {
            var areas = (await View(range.Vma, range.Start, range.End)).Areas;
            inodes.AddRange(areas.Where(area => area.Shared || !area.Inode.EndsWith(AnonymousFile, StringComparison.Ordinal)).Select(area => (area.Inode, area.InodeLife)));
        }

        foreach (var (inode, life) in inodes)
        {
            await OpenInode(inode, life);
        }

        return inodes;
    }

    private async Flow<MmapAnswer> MapNew(MmapCall call, OpenFile? file, bool reserveAtMap, long start, long pages)
    {
        // hugetlbfs_file_mmap looks at the offset's alignment when whatever was there before is gone (mmap_region unmaps first).
        if (call.Offset % Units.PageBytes != 0)
        {
            return new MmapAnswer(Errno.EINVAL, 0, 0);
        }

        var number = _nextVma++;
        var vma = Keys.Vma(Key, number);
        var mapping = new MapVma(
            Machine, Current, start, start + pages, call.Offset / Units.PageBytes, file?.Inode ?? vma + AnonymousFile, file?.Subpool,
            file is null, call.Shared, call.NoReserve, reserveAtMap, call.Read, call.Write, !(call.Shared && file is { ReadOnly: true }), file?.InodeLife ?? 0);
        var begun = await Lane.Once(Vma(number), mapping, static (vma, map, id) => vma.Map(map, id));
        if (begun.Error != Errno.None)
        {
            await Vma(number).Forget();
            return new MmapAnswer(begun.Error, 0, 0);
        }

        Mm.Add(new MappedRange(start, start + pages, number, begun.Life));
        return new MmapAnswer(Errno.None, start * Units.PageBytes, pages * Units.PageBytes);
    }

    // unmap_region and remove_vma: all pages of the range go first, then they are freed, then each area gives back what it had reserved.
    private async ValueTask UnmapRange(long start, long end)
    {
        var ranges = Mm.Within(start, end);
        var freed = new List<FreedPage>();
        foreach (var range in ranges)
        {
            freed.AddRange(await Zap(range));
        }

        await Flows.Free([.. freed]);
        foreach (var range in ranges)
        {
            var closed = await CloseVma(range);
            if (closed.Empty)
            {
                Segments.Remove(range.Vma);
                await EndMount(closed.Mount);
            }
        }

        Mm.Remove(start, end);
    }

    private Flow<FreedPage[]> Zap(MappedRange range) => OfVma(range, range, static (vma, range, id) => vma.Zap(range.Start, range.End, id));

    // A part of what a call names, and whether the call's borders are inside of huge pages.
    private static CutRange Cut(MappedRange range, long address, long end) => new(
        range.Start, range.End,
        CutsFirst: range.Start == address / Units.PageBytes && address % Units.PageBytes != 0,
        CutsLast: range.End == RoundUp(end, Units.PageBytes) / Units.PageBytes && end % Units.PageBytes != 0);

    // A border inside a huge page that is mapped: may_split refuses.
    private bool CutsPage(long address) => address % Units.PageBytes != 0 && Mm.Find(address / Units.PageBytes) is not null;

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
