using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <content>Taking pages out of the page table, and the calls that change areas.</content>
public sealed partial class VmaGrain
{
    private Flow<FreedPage[]> Zap(long first, long end) => UnderLock(() => DropPages(Mapping.Zap(first, end)));

    private ValueTask UnmapFile(long firstIndex, long endIndex)
    {
        if (_isExpected)
        {
            (_unmappedBeforeAdoption ??= []).Add(new IndexRange(firstIndex, endIndex));
            return ValueTask.CompletedTask;
        }

        return UnmapFileAreas(firstIndex, endIndex);
    }

    // The inode knows whether this mapping should be there, and says so if it should.
    private void RequireHere()
    {
        if (_machine is null || HasEnded)
        {
            throw NotHere();
        }
    }

    // hugetlb_vmdelete_list: each area's pages are freed before those of the next one are looked at. All of it under the lock: who asks again must not be answered
    // while the first one still frees.
    private async ValueTask UnmapFileAreas(long firstIndex, long endIndex)
    {
        RequireHere();
        for (var next = 0L; Mapping.Areas.Any(a => a.Start >= next);)
        {
            next = await UnderLock(async () =>
            {
                // Areas are looked for, and faults are overtaken, when it is this call's turn: until then both can change.
                if (Mapping.Areas.FirstOrDefault(a => a.Start >= next) is not { } area)
                {
                    return long.MaxValue;
                }

                OvertakeFault(area, firstIndex, endIndex);
                await Flows.Free(await DropPages(Mapping.ZapFile(area, firstIndex, endIndex)));
                return area.End;
            });
        }
    }

    private void OvertakeFault(VmArea area, long firstIndex, long endIndex)
    {
        if (_faultingPage >= area.Start && _faultingPage < area.End && area.IndexOf(_faultingPage) is var index && index >= firstIndex && index < endIndex)
        {
            RarePath.Reached(Rare.FaultOvertakenByUnmap);
            _overtaken = true;
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> BorrowerOffset(long index)
    {
        RequireHere();
        return new(Mapping.FindBorrower(index)?.PgOff ?? -1);
    }

    private async Flow<bool> TakeReference(TakenPage taken)
    {
        RequireHere();
        return await UnderLock(async () =>
        {
            if (await ZapReference(taken.Page, taken.Pfn) is not { } freed)
            {
                return false;
            }

            await Flows.Free(freed);
            if (taken.Index >= 0)
            {
                Mapping.MarkUnmapped(taken.Index);
            }

            return true;
        });
    }

    private async Flow<FreedPage[]?> ZapReference(long page, long pfn)
    {
        using var span = KernelTracing.Routine("__unmap_hugepage_range").With(KernelTracing.Tags.Pfn, pfn);
        span.With(KernelTracing.Tags.Page, Mapping.Find(page)?.IndexOf(page) ?? -1);
        if (!Mapping.ZapReference(page, pfn))
        {
            return null;
        }

        _overtaken |= page == _faultingPage;
        return await Flows.Frames.Put([pfn], mapped: true, []);
    }

    private ValueTask MarkUnmapped(long index)
    {
        RequireHere();
        Mapping.MarkUnmapped(index);
        return ValueTask.CompletedTask;
    }

    private Flow<Errno> Protect(CutRange range, bool read, bool write)
    {
        if (write && Mapping.Areas.Any(a => a.Start < range.End && range.First < a.End && !a.MayWrite))
        {
            return new(Errno.EACCES);
        }

        return new(Change(range, area => (area.Read, area.Write) == (read, write), area =>
        {
            (area.Read, area.Write) = (read, write);
            if (!write)
            {
                // hugetlb_change_protection.
                Mapping.WriteProtect(area);
            }
        }));
    }

    private ValueTask Split(long page)
    {
        Mapping.Isolate(page, page);
        return ValueTask.CompletedTask;
    }

    private Flow<Errno> SetPolicy(CutRange range, PolicyMode mode, long nodes)
    {
        var policy = new MemoryPolicy(mode, nodes);
        return new(Change(range, area => area.Policy == policy, area => area.Policy = policy));
    }

    private Flow<Errno> SetAdvice(CutRange range, int advice)
    {
        const int Dontfork = 10;
        const int Dofork = 11;
        const int Hugepage = 14;
        if (advice is Dontfork or Dofork)
        {
            return new(Change(range, area => area.DontCopy == (advice == Dontfork), area => area.DontCopy = advice == Dontfork));
        }

        var thp = advice == Hugepage ? ThpAdvice.Huge : ThpAdvice.NoHuge;
        return new(Change(range, area => area.Thp == thp, area => area.Thp = thp));
    }

    // vma_modify: an area that is so already is not even split; one that cannot be split ends the call.
    private Errno Change(CutRange range, Func<VmArea, bool> isSo, Action<VmArea> change)
    {
        foreach (var whole in Mapping.Areas.Where(a => a.Start < range.End && range.First < a.End && !isSo(a)).ToArray())
        {
            var (start, end) = (Math.Max(whole.Start, range.First), Math.Min(whole.End, range.End));
            if (range.CutsFirst && start == range.First)
            {
                return Errno.EINVAL;
            }

            if (range.CutsLast && end == range.End)
            {
                // The split at the start was done before and stays.
                Mapping.Isolate(start, start);
                return Errno.EINVAL;
            }

            foreach (var area in Mapping.Isolate(start, end))
            {
                change(area);
            }
        }

        return Errno.None;
    }

    private ValueTask RegisterUffd(long first, long end)
    {
        Change(new CutRange(first, end, CutsFirst: false, CutsLast: false), area => area.UffdMissing, area => area.UffdMissing = true);
        return ValueTask.CompletedTask;
    }

    private async Flow<Errno> Move(long first, long end, long to)
    {
        if (_failures.HasFlag(InjectedFailures.Failslab))
        {
            return await FailMove(first, end);
        }

        // move_vma clears the reservations of the area that it moves from, all of it: what stays behind loses its map (bug B4). The moved
        // part keeps map and marks. Repaired, both do: the map tells the pieces apart by their place in the file.
        if (!Flows.Profile.Has(KernelBug.B4))
        {
            Mapping.Move(first, end, to);
            return Errno.None;
        }

        var torn = Mapping.Areas.Where(a => a.Start < end && first < a.End && (a.Start < first || a.End > end))
            .Select(a => (a.Start, a.End)).ToArray();
        Mapping.Move(first, end, to);
        foreach (var (start, stop) in torn)
        {
            foreach (var area in Mapping.Areas.Where(a => a.Start >= start && a.End <= stop))
            {
                Mapping.ClearReservations(area);
            }
        }

        return Errno.None;
    }

    // copy_vma: the new area has no place to go, and ends without the reserve map that it shares with the old one.
    private async Flow<Errno> FailMove(long first, long end)
    {
        if (Flows.Profile.Has(KernelBug.FailedMremapCloses))
        {
            foreach (var closed in Mapping.OutstandingIn(first, end))
            {
                await GiveBack(closed);
            }
        }

        return Errno.ENOMEM;
    }

    private Flow<int> Migrate(long page, int node) => UnderLock(async () =>
    {
        if (!Mapping.TryGetPte(page, out var old))
        {
            return PageMigration.Absent;
        }

        if (PageMigration.IsThere(old.Pfn, node))
        {
            return node;
        }

        return old.Anon ? await MigrateAnon(page, old, node) : await MigrateCached(page, old, node);
    });

    private async Flow<int> MigrateAnon(long page, Pte old, int node)
    {
        if (PageMigration.IsShared((await Flows.Frames.Load([old.Pfn]))[0].MapCount))
        {
            return PageMigration.Shared;
        }

        var moved = await Flows.Migrate(old.Pfn, node);
        if (moved != Pfn.None)
        {
            Mapping.SetPte(page, old with { Pfn = moved });
        }

        return PageMigration.StatusOf(moved, node);
    }

    // A page of the file is moved by the inode. Until it answers no entry names the frame, as with a migration entry, and its reference is this mapping's; if the page is cut off meanwhile,
    // the reference goes when the answer comes.
    private async Flow<int> MigrateCached(long page, Pte old, int node)
    {
        var index = Mapping.Find(page)!.IndexOf(page);
        Mapping.ClearPte(page);
        if (await AskInode(page, () => MigratePage(index, old.Pfn, node)) is not { } answer)
        {
            return PageMigration.Absent;
        }

        Mapping.SetPte(page, old with { Pfn = answer.Pfn });
        return answer.Result switch
        {
            InodePageResult.Shared => PageMigration.Shared,
            InodePageResult.NoPage => PageMigration.StatusOf(Pfn.None, node),
            _ => PageMigration.StatusOf(answer.Pfn, node),
        };
    }

    private async Flow<T> UnderLock<T>(Func<Flow<T>> call)
    {
        await _lock.Enter();
        try
        {
            return await call();
        }
        finally
        {
            _lock.Exit();
        }
    }

    // __unmap_hugepage_range after the page table: reservations that come back, then references.
    private async Flow<FreedPage[]> DropPages(List<ZappedPage> zapped)
    {
        if (zapped.Count == 0)
        {
            return [];
        }

        using var span = KernelTracing.Routine("__unmap_hugepage_range").With("hugesim.unmapped_pages", zapped.Count);
        var rule = Flows.Profile.UnmapRestore;
        var restores = rule != UnmapRestoreRule.Never && zapped.Exists(z => z.RestoresReserve) && !await Flows.HasSurplus();
        var pfns = zapped.Select(z => z.Pfn).ToArray();
        var restorable = restores ? zapped.Where(z => z.RestoresReserve).ToDictionary(z => z.Pfn, z => z.Index) : [];
        if (rule == UnmapRestoreRule.EvenWhenShared)
        {
            foreach (var index in restorable.Values)
            {
                RestoreReservation(index);
            }

            return await Flows.Frames.Put(pfns, mapped: true, [.. restorable.Keys]);
        }

        if (restorable.Count > 0 && Flows.Profile.Has(KernelBug.StickyRestore))
        {
            // The first page set adjust_reservation, and nothing clears it for those that follow.
            foreach (var later in zapped.SkipWhile(z => !z.RestoresReserve).Where(z => !z.RestoresReserve))
            {
                RestoreReservation(later.Index);
            }
        }

        var freed = await Flows.Frames.Put(pfns, mapped: true, []);
        for (var i = 0; i < freed.Length; i++)
        {
            if (restorable.TryGetValue(freed[i].Pfn, out var index))
            {
                RestoreReservation(index);
                freed[i] = freed[i] with { RestoreReserve = true };
            }
        }

        return freed;
    }

    // The map says again that the page is reserved; freeing the page raises the count to match.
    private void RestoreReservation(long index)
    {
        using var span = KernelTracing.Routine("vma_add_reservation").With(KernelTracing.Tags.Page, index);
        var needs = VmaReservations.Needs(Mapping.ResvMap, shared: false, index);
        if (needs > 0)
        {
            VmaReservations.Add(Mapping.ResvMap, shared: false, index);
        }
        else if (needs == 0)
        {
            VmaReservations.End(Mapping.ResvMap, index);
        }
    }
}
