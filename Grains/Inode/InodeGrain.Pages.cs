using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <content>The page cache: faults of shared mappings, truncate, hole punch, fallocate.</content>
public sealed partial class InodeGrain
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private long SizePages => Alive(_sizeBytes) / Units.PageBytes;

    private async Flow<InodePage> FaultShared(InodeFault fault)
    {
        if (Cache.TryGetValue(fault.Index, out var cached))
        {
            await Flows.Frames.Share([cached]);
            return new InodePage(InodePageResult.Cached, cached);
        }

        return fault.Index >= SizePages ? new InodePage(InodePageResult.BeyondEnd, Pfn.None) : await Allocate(fault, mapped: true);
    }

    private async Flow<InodePage> InstallShared(InodeFault fault)
    {
        if (!Cache.TryGetValue(fault.Index, out var cached))
        {
            var why = _failures.HasFlag(InjectedFailures.FailUsercopy) ? InodePageResult.CopyFailed : InodePageResult.BeyondEnd;
            return why == InodePageResult.BeyondEnd && fault.Index < SizePages
                ? await Allocate(fault, mapped: true)
                : await UnderInodeLock(() => AllocateInVain(fault, why));
        }

        if (Flows.Profile.Has(KernelBug.UffdErrorDropsEntry))
        {
            // The entry of a cached page says that it was reserved; that it consumed nothing now is no reason to delete it.
            VmaReservations.RestoreOnError(ResvMap, shared: true, fault.Index, consumedReserve: false);
        }

        return Flows.Profile.Has(KernelBug.UffdCopyOverCached)
            ? await AllocateInVain(fault, InodePageResult.Cached)
            : new InodePage(InodePageResult.Cached, cached);
    }

    // hugetlb_mfill_atomic_pte fills the page and looks at the file's size only when it has the page, and then gives it back.
    private async Flow<InodePage> AllocateInVain(InodeFault fault, InodePageResult why)
    {
        var page = await TakePage(fault, mapped: false);
        if (page.Failed)
        {
            return new InodePage(page.Result, Pfn.None);
        }

        if (why == InodePageResult.CopyFailed && Flows.Profile.Has(KernelBug.UffdCopyKeepsPage))
        {
            // The caller copies into the page without the fault mutex, and comes back with it.
            return new InodePage(why, page.Pfn);
        }

        var restores = why == InodePageResult.CopyFailed
            ? VmaReservations.FlagAfterFailedCopy(Flows.Profile, ResvMap, shared: true, fault.Index, page.ConsumedReserve)
            : VmaReservations.RestoreOnError(ResvMap, shared: true, fault.Index, page.ConsumedReserve, Flows.Profile.RestoreCoversAllStates);
        await Flows.Free(await Flows.Frames.Put([page.Pfn], mapped: false, restores ? [page.Pfn] : []));
        return new InodePage(why, Pfn.None);
    }

    private async Flow<InodePage> FindPage(long index)
    {
        if (Cache.TryGetValue(index, out var pfn))
        {
            await Flows.Frames.Share([pfn]);
            return new InodePage(InodePageResult.Cached, pfn);
        }

        return new InodePage(index >= SizePages ? InodePageResult.BeyondEnd : InodePageResult.Missing, Pfn.None);
    }

    private async Flow<InodePage> MigratePage(long index, long pfn, int node)
    {
        if (!Cache.TryGetValue(index, out var cached) || cached != pfn)
        {
            // Cut off meanwhile: the mapping's is the last reference.
            return new InodePage(InodePageResult.Cached, pfn);
        }

        if (PageMigration.IsShared((await Flows.Frames.Load([pfn]))[0].MapCount))
        {
            return new InodePage(InodePageResult.Shared, pfn);
        }

        var moved = await Flows.Migrate(pfn, node);
        if (moved == Pfn.None)
        {
            return new InodePage(InodePageResult.NoPage, pfn);
        }

        Cache[index] = moved;
        return new InodePage(InodePageResult.Cached, moved);
    }

    private async Flow<bool> UnmapRefPrivate(string owner, long page, long index, long pfn)
    {
        using var span = KernelTracing.Routine("unmap_ref_private").With(KernelTracing.Tags.Pfn, pfn);
        var others = new List<(long Offset, string Key)>();
        foreach (var key in Mappings.Keys.Where(key => key != owner).ToArray())
        {
            var (inTime, offset) = await OfVma(key, index, static (vma, index, _) => vma.BorrowerOffset(index), -1);
            if (!inTime)
            {
                return false;
            }

            others.Add((offset, key));
        }

        // vma_interval_tree_foreach: by the place in the file, the older one first.
        foreach (var (_, key) in others.Where(other => other.Offset >= 0).OrderBy(other => other.Offset).ThenBy(other => Keys.VmaNumber(other.Key)))
        {
            // Only the owner's mapping and its copies in children can map the frame at that address. A walk that minds whose address it is (B8)
            // looks at no other one.
            var holder = Keys.VmaBeside(key, owner);
            if ((holder == key || Flows.Profile.Has(KernelBug.B8)) && Mappings.ContainsKey(holder) && !await TakeReference(holder, key, page, index, pfn))
            {
                return false;
            }
        }

        return true;
    }

    // False: not answered in time. Whose page is taken is marked in the same step, but where a page is taken from one and another is marked.
    private async Flow<bool> TakeReference(string holder, string marked, long page, long index, long pfn)
    {
        var taken = new TakenPage(page, pfn, holder == marked ? index : -1);
        var (inTime, wasMapped) = await OfVma(holder, taken, static (vma, taken, id) => vma.TakeReference(taken, id), false);
        return inTime && (!wasMapped || holder == marked
            || (await OfVma(marked, index, static (vma, index, id) => RepeatedCalls.Nothing(vma.MarkUnmapped(index, id)), true)).InTime);
    }

    private Flow<Errno> Truncate(long bytes) => UnderInodeLock(() => TruncateLocked(bytes));

    private async Flow<Errno> TruncateLocked(long bytes)
    {
        // hugetlbfs_setattr: sizes are whole huge pages.
        if (bytes < 0 || bytes % Units.PageBytes != 0)
        {
            return Errno.EINVAL;
        }

        // hugetlb_vmtruncate does the same whether the file shrinks or grows: map entries can lie behind the end of a file.
        using var span = KernelTracing.Routine("hugetlb_vmtruncate").With(KernelTracing.Tags.From, bytes / Units.PageBytes);
        _sizeBytes = Alive(bytes);
        if (!await UnmapMappings(bytes / Units.PageBytes, long.MaxValue))
        {
            return Errno.ERESTARTSYS;
        }

        await RemovePages(bytes / Units.PageBytes, long.MaxValue);
        return Errno.None;
    }

    private Flow<Errno> PunchHole(long offsetBytes, long lengthBytes) => UnderInodeLock(() => PunchHoleLocked(offsetBytes, lengthBytes));

    private async Flow<Errno> PunchHoleLocked(long offsetBytes, long lengthBytes)
    {
        if (offsetBytes < 0 || lengthBytes <= 0)
        {
            return Errno.EINVAL;
        }

        using var span = KernelTracing.Routine("hugetlbfs_punch_hole").With("hugesim.offset_bytes", offsetBytes).With("hugesim.length_bytes", lengthBytes);
        var endBytes = Math.Min(offsetBytes + lengthBytes, long.MaxValue - Units.PageBytes);
        var first = (offsetBytes + Units.PageBytes - 1) / Units.PageBytes;
        var end = endBytes / Units.PageBytes;
        if (first < end && !await UnmapMappings(first, end))
        {
            return Errno.ERESTARTSYS;
        }

        await ZeroTail(offsetBytes, endBytes, end);
        if (first < end)
        {
            await RemovePages(first, end);
        }

        return Errno.None;
    }

    private Flow<Errno> Fallocate(TaskContext task, long offsetBytes, long lengthBytes, bool keepSize) =>
        UnderInodeLock(() => FallocateLocked(task, offsetBytes, lengthBytes, keepSize));

    private async Flow<Errno> FallocateLocked(TaskContext task, long offsetBytes, long lengthBytes, bool keepSize)
    {
        if (offsetBytes < 0 || lengthBytes <= 0)
        {
            return Errno.EINVAL;
        }

        var end = (offsetBytes + lengthBytes + Units.PageBytes - 1) / Units.PageBytes;
        for (var index = offsetBytes / Units.PageBytes; index < end; index++)
        {
            var fault = new InodeFault(index, task, false, PolicyMode.Default, 0, 0);
            if (Cache.ContainsKey(index))
            {
                continue;
            }

            var error = (await Allocate(fault, mapped: false)).Result switch
            {
                InodePageResult.Allocated => Errno.None,
                InodePageResult.NoMemory => Errno.ENOMEM,
                _ => Errno.ENOSPC,
            };
            if (error != Errno.None)
            {
                return error;
            }
        }

        if (!keepSize)
        {
            _sizeBytes = Math.Max(_sizeBytes, offsetBytes + lengthBytes);
        }

        return Errno.None;
    }

    // hugetlb_no_page / hugetlbfs_fallocate: a new page enters the cache.
    private async Flow<InodePage> Allocate(InodeFault fault, bool mapped)
    {
        var page = await TakePage(fault, mapped);
        if (page.Failed)
        {
            return new InodePage(page.Result, Pfn.None);
        }

        Cache.Add(fault.Index, page.Pfn);
        return new InodePage(InodePageResult.Allocated, page.Pfn);
    }

    private Flow<AllocatedPage> TakePage(InodeFault fault, bool mapped)
    {
        var nodes = fault.Task.Choose(new MemoryPolicy(fault.PolicyMode, fault.PolicyNodes), fault.Index);
        return Flows.Alloc(new PageRequest(
            fault.Task, nodes, ResvMap, Shared: true, fault.Index, MayUseReserves: true, CowFromOwner: false, Anon: false, mapped, fault.Content));
    }

    // hugetlb_vmdelete_list: all mappings let go of the pages, which end there if they were private copies. False: one did not answer in time.
    private async Flow<bool> UnmapMappings(long firstIndex, long endIndex)
    {
        foreach (var key in Mappings.Keys.ToArray())
        {
            var (inTime, _) = await OfVma(
                key, (firstIndex, endIndex), static (vma, range, id) => RepeatedCalls.Nothing(vma.UnmapFile(range.firstIndex, range.endIndex, id)), true);
            if (!inTime)
            {
                return false;
            }
        }

        return true;
    }

    // A mapping that is about to move takes no message before its fault has ended, and the fault may wait for this inode: so the inode waits for some time only. A
    // mapping that has left the inode meanwhile answers nothing that counts.
    private async Flow<(bool InTime, T? Answer)> OfVma<TCall, T>(
        string key, TCall call, Func<IVmaGrain, TCall, Operation, ValueTask<T>> body, T ofNone)
    {
        var vma = GrainFactory.GetGrain<IVmaGrain>(key);
        var life = Mappings.GetValueOrDefault(key);
        try
        {
            return Flows.Profile.Has(KernelBug.CowHoldsLock)
                ? (true, await Lane.Once(vma, call, body, life))
                : await Lane.OnceWithin(s_patience, vma, call, body, life);
        }
        catch (StateLostException lost)
        {
            if (!Mappings.ContainsKey(key))
            {
                return (true, ofNone);
            }

            Report(new StateLoss(lost.Grain, lost.Message));
            throw;
        }
    }

    // remove_inode_hugepages and hugetlb_unreserve_pages. A truncate drops all map entries behind the new end; a hole punch only those of
    // pages that were there, one by one.
    private async ValueTask RemovePages(long first, long end)
    {
        using var span = KernelTracing.Routine("remove_inode_hugepages").WithRange(first, end);
        var truncates = end == long.MaxValue;
        var pages = Cache.Where(p => p.Key >= first && p.Key < end).ToArray();
        if (!truncates && Flows.Profile.Has(KernelBug.PunchBehindHole))
        {
            pages = [.. Cache.Where(p => p.Key >= first).Take((int)(end - first))];
        }

        span.With("hugesim.freed_pages", pages.Length);
        foreach (var (index, pfn) in pages)
        {
            Cache.Remove(index);
            await Flows.Free(await Flows.Frames.Put([pfn], mapped: false, []));
            if (!truncates)
            {
                await Unreserve(index, index + 1, freed: 1);
            }
        }

        if (truncates)
        {
            await Unreserve(first, end, pages.Length);
        }
    }

    private async ValueTask Unreserve(long from, long to, long freed)
    {
        using var span = KernelTracing.Routine("hugetlb_unreserve_pages").WithRange(from, to).With("hugesim.freed_pages", freed);
        var uncharges = new List<Uncharge>();
        var chg = RegionDel(from, to, uncharges);
        if (chg < 0)
        {
            await Flows.FixReserveCounts(TaskContext.Default);
            return;
        }

        await Flows.Unreserve(chg - freed, [.. uncharges.Select(u => new RsvdUncharge(u.Cgroup, u.Pages))]);
    }

    private long RegionDel(long from, long to, List<Uncharge> uncharges)
    {
        using var span = KernelTracing.Routine("region_del").WithRange(from, to);
        var chg = ResvMap.RegionDel(from, to, uncharges);
        span.With(KernelTracing.Tags.Answer, chg);
        return chg;
    }

    // hugetlbfs_zero_partial_page: the number of a page stands at its beginning, so only a hole that begins before it and ends in it zeroes it.
    private async ValueTask ZeroTail(long offsetBytes, long endBytes, long index)
    {
        if (endBytes % Units.PageBytes != 0 && offsetBytes <= index * Units.PageBytes && Cache.TryGetValue(index, out var pfn))
        {
            await Flows.Frames.Store([pfn], 0);
        }
    }
}
