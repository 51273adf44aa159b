using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>madvise, mlock, populate.</content>
public sealed partial class ProcessGrain
{
    private const int MadvWillneed = 3;
    private const int MadvDontneed = 4;
    private const int MadvRemove = 9;
    private const int MadvDontfork = 10;
    private const int MadvDofork = 11;
    private const int MadvMergeable = 12;
    private const int MadvHugepage = 14;
    private const int MadvNohugepage = 15;
    private const int MadvPopulateRead = 22;
    private const int MadvPopulateWrite = 23;
    private const int MadvDontneedLocked = 24;

    private async Flow<Errno> Madvise(long address, long length, int advice)
    {
        if (!IsKnown(advice) || address % Units.BasePageBytes != 0 || length < 0)
        {
            return Errno.EINVAL;
        }

        if (length == 0)
        {
            return Errno.None;
        }

        var end = address + RoundUp(length, Units.BasePageBytes);
        if (advice is MadvPopulateRead or MadvPopulateWrite)
        {
            return await MadvisePopulate(address, end, advice);
        }

        var error = await AdviseRanges(address, end, advice);
        var (first, last) = (address / Units.PageBytes, RoundUp(end, Units.PageBytes) / Units.PageBytes);
        return error == Errno.None && !Mm.Covers(first, last) ? Errno.ENOMEM : error;
    }

    private async Flow<Errno> Mlock(long address, long length)
    {
        var (first, end) = (address / Units.PageBytes, RoundUp(address + length, Units.PageBytes) / Units.PageBytes);
        if (await CheckMapped(address, length) is var error && error != Errno.None)
        {
            return error;
        }

        // __mlock_posix_error_return: a page that cannot be had is ENOMEM here.
        return await Populate(first, end - first, AccessKind.Populate) == AccessFault.None ? Errno.None : Errno.ENOMEM;
    }

    /// <inheritdoc/>
    public ValueTask<Errno> CheckMapped(long address, long length) => address < 0
        ? new(Errno.EINVAL)
        : new(Mm.Covers(address / Units.PageBytes, RoundUp(address + length, Units.PageBytes) / Units.PageBytes) ? Errno.None : Errno.ENOMEM);

    private bool IsKnown(int advice) => advice switch
    {
        MadvDontneedLocked => Flows.Profile.MadviseDontneed,
        MadvPopulateRead or MadvPopulateWrite => Flows.Profile.MadvisePopulate,
        MadvMergeable or MadvHugepage or MadvNohugepage => Flows.Profile.MadviseMergeableHugepage,
        _ => true,
    };

    // Free, cold, pageout, wipeonfork and collapse are refused by huge page areas, and so is dontneed by older kernels.
    private bool AppliesToHugePages(int advice) => advice switch
    {
        MadvDontneed => Flows.Profile.MadviseDontneed,
        MadvRemove => Flows.Profile.MadviseRemove,
        MadvDontneedLocked or MadvWillneed or MadvDontfork or MadvDofork or MadvMergeable or MadvHugepage or MadvNohugepage => true,
        _ => false,
    };

    private async Flow<Errno> MadvisePopulate(long address, long end, int advice)
    {
        var (first, last) = (address / Units.PageBytes, RoundUp(end, Units.PageBytes) / Units.PageBytes);
        var kind = advice == MadvPopulateWrite ? AccessKind.FaultWrite : AccessKind.FaultRead;
        return await Populate(first, last - first, kind) switch
        {
            AccessFault.None => Errno.None,
            AccessFault.NotMapped => Errno.ENOMEM,
            AccessFault.Forbidden => Errno.EINVAL,
            _ => Errno.EFAULT,
        };
    }

    // madvise_walk_vmas.
    private async Flow<Errno> AdviseRanges(long address, long end, int advice)
    {
        var first = address / Units.PageBytes;
        var last = RoundUp(end, Units.PageBytes) / Units.PageBytes;
        foreach (var range in Mm.Within(first, last))
        {
            if (!AppliesToHugePages(advice))
            {
                return Errno.EINVAL;
            }

            var cut = Cut(range, address, end);
            var error = advice switch
            {
                MadvDontneed or MadvDontneedLocked => await Drop(range, cut),
                MadvRemove => await Remove(range, address, end),
                MadvDontfork or MadvDofork or MadvHugepage or MadvNohugepage => await OfVma(range, (cut, advice), static (vma, call, id) => vma.SetAdvice(call.cut, call.advice, id)),
                _ => Errno.None,
            };
            if (error != Errno.None)
            {
                return error;
            }
        }

        return Errno.None;
    }

    // madvise_dontneed_free_valid_vma rounds the end down, so that no more is dropped than was named. Each area is done before the next one.
    private async Flow<Errno> Drop(MappedRange range, CutRange cut)
    {
        if (cut.CutsFirst)
        {
            return Errno.EINVAL;
        }

        var end = cut.End - (cut.CutsLast ? 1 : 0);
        foreach (var area in (await View(range.Vma, cut.First, end)).Areas)
        {
            var freeing = Flows.Free(await Zap(range with { Start = Math.Max(area.Start, cut.First), End = Math.Min(area.End, end) }));
            if (Flows.Profile.Has(KernelBug.DontneedFreesLate))
            {
                _ = freeing.AsTask();
                continue;
            }

            await freeing;
        }

        return Errno.None;
    }

    // madvise_remove: a hole punch through the mapping, which must be shared with a file that can be written to.
    private async Flow<Errno> Remove(MappedRange range, long address, long end)
    {
        foreach (var area in (await View(range.Vma, range.Start, range.End)).Areas)
        {
            if (!area.Shared || !area.MayWrite)
            {
                return Errno.EACCES;
            }

            var origin = (area.Start - area.PgOff) * Units.PageBytes;
            var start = Math.Max(Math.Max(area.Start, range.Start) * Units.PageBytes, address);
            var stop = Math.Min(Math.Min(area.End, range.End) * Units.PageBytes, end);
            await PunchHole(area.Inode, area.InodeLife, start - origin, stop - start);
        }

        return Errno.None;
    }

    // Where some pages were had before the one that failed, get_user_pages returns their number, and the next call meets the failure again.
    private async Flow<AccessFault> Populate(long first, long pages, AccessKind kind)
    {
        var (next, last) = (first, first + pages - 1);
        while (true)
        {
            var (fault, page) = await AccessRange(new AccessRequest(Current, next, last, kind, 0), []);
            var atStart = page == next || (kind == AccessKind.Populate && Mm.Find(page)?.Start == page);
            if (fault == AccessFault.None || atStart)
            {
                return fault;
            }

            next = page;
        }
    }
}
