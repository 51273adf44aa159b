using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>A page asked for by a fault, a copy or fallocate: the arguments of <c>alloc_hugetlb_folio</c>.</summary>
/// <param name="Task">The task that is charged.</param>
/// <param name="Nodes">Where the page may come from.</param>
/// <param name="Map">Reserve map that counts, or null.</param>
/// <param name="Shared">The map is an inode's.</param>
/// <param name="Index">Index into the map.</param>
/// <param name="MayUseReserves">Kernels before 6.18: <c>vma_has_reserves</c> of the area, apart from chg.</param>
/// <param name="CowFromOwner">The owner copies a page that used its reservation already (avoid_reserve).</param>
/// <param name="Anon">The page becomes anonymous.</param>
/// <param name="Mapped">A page table entry will name it.</param>
/// <param name="Content">What it contains.</param>
internal readonly record struct PageRequest(
    TaskContext Task, NodeChoice Nodes, ReserveMap? Map, bool Shared, long Index, bool MayUseReserves, bool CowFromOwner, bool Anon, bool Mapped,
    int Content);

/// <summary>A page that <c>alloc_hugetlb_folio</c> handed out.</summary>
/// <param name="Pfn">The frame, or <see cref="Model.Pfn.None"/>.</param>
/// <param name="ConsumedReserve">Its allocation consumed a reservation: the restore-reserve flag between allocation and instantiation.</param>
/// <param name="Result">Allocated, or why not.</param>
internal readonly record struct AllocatedPage(long Pfn, bool ConsumedReserve, InodePageResult Result)
{
    public bool Failed => Pfn == Model.Pfn.None;

    public static AllocatedPage Refused(InodePageResult why) => new(Model.Pfn.None, false, why);
}

/// <summary>
/// The flows over subpool, hstate and frames that several grains share: taking a page, freeing pages, reserving and returning. Each undoes
/// what it took, in reverse order, when a later step fails.
/// </summary>
internal sealed class HugePageFlows
{
    private readonly string? _subpoolKey;
    private readonly GrainCalls<IHstateGrain> _hstate;
    private readonly HstateCombiner? _combiner;
    private readonly GrainCalls<ISubpoolGrain>? _subpool;

    // Held here, so that they last as long as somebody has these flows.
    private readonly MachineLinks _links;

    public HugePageFlows(MachineLinks links, MachineContext machine, string? subpool)
    {
        _links = links;
        _subpoolKey = subpool;
        Profile = KernelProfiles.Get(machine.Profile);
        Frames = new FrameCalls(links);
        _hstate = links.Hstate;
        _combiner = links.Combiner;
        _subpool = subpool is null ? null : links.Subpool(subpool);
    }

    /// <summary>The machine's kernel.</summary>
    public KernelProfile Profile { get; }

    /// <summary>The machine's frames.</summary>
    public FrameCalls Frames { get; }

    /// <summary>
    /// alloc_hugetlb_folio: consumes a reservation if there is one, else takes from subpool and pool; the map records the page.
    /// </summary>
    /// <returns>The frame, in use; or <see cref="Pfn.None"/> with everything as before.</returns>
    public async Flow<AllocatedPage> Alloc(PageRequest request)
    {
        using var span = KernelTracing.Routine("alloc_hugetlb_folio").With(KernelTracing.Tags.Page, request.Index);
        // MAP_CHG_ENFORCED from 6.18; before, the map was asked even though its answer was overridden.
        var ignoresMap = request.CowFromOwner && Profile.ReserveByGlobalChange;
        var needs = ignoresMap ? 1 : NeedsReservation(request);
        if (needs < 0)
        {
            return AllocatedPage.Refused(InodePageResult.NoMemory);
        }

        var needsOwnPage = needs > 0 || request.CowFromOwner;
        var fromSubpool = needsOwnPage ? await GetFromSubpool(1) : 0;
        if (fromSubpool < 0)
        {
            EndReservation(request, ignoresMap);
            span.Fail("ENOSPC", "the mount's size allows no more pages");
            return AllocatedPage.Refused(InodePageResult.OverQuota);
        }

        var useReservation = UsesReservation(request, fromSubpool);
        var pfn = await TakePage(request, needsOwnPage, useReservation);
        if (pfn == Pfn.None)
        {
            await ReturnToSubpool(needsOwnPage, fromSubpool);
            EndReservation(request, ignoresMap);
            span.Fail("ENOSPC", useReservation ? "no free page, though one was reserved" : "no page that nobody has reserved");
            return AllocatedPage.Refused(InodePageResult.NoPage);
        }

        // hugetlb_reserve_pages may have added the page to the map since it was asked: then it was reserved twice (row R17).
        var raced = !ignoresMap && CommitReservation(request) == 0 && needs > 0;
        span.With(KernelTracing.Tags.Pfn, pfn).With("hugesim.consumed_reserve_pages", useReservation ? 1 : 0).With("hugesim.raced_pages", raced ? 1 : 0);
        var rsvdCgroup = needsOwnPage && !raced ? request.Task.Cgroup : -1;
        var remembersSubpool = !request.Anon || !Profile.Has(KernelBug.QuotaNeverCredited);
        await Frames.Take(new TakeFrame(
            pfn, remembersSubpool ? _subpoolKey : null, request.Task.Cgroup, rsvdCgroup, request.Anon, request.Mapped, request.Content));
        if (raced && !Profile.Has(KernelBug.UncompensatedCommit))
        {
            RarePath.Reached(Rare.NeedsCommitRace);
            await Unreserve(1, [new RsvdUncharge(request.Task.Cgroup, 1)]);
        }

        return new AllocatedPage(pfn, useReservation, InodePageResult.Allocated);
    }

    /// <summary>free_huge_folio for pages whose last reference is gone: subpools first, then cgroups and pool.</summary>
    public async ValueTask Free(FreedPage[] pages)
    {
        if (pages.Length == 0)
        {
            return;
        }

        var settled = Array.Exists(pages, IsPutToSubpool) ? await PutToSubpools(pages) : pages;
        await (_combiner is { } combiner
            ? _hstate.Once((combiner, settled), static (_, freed, id) => freed.combiner.FreeHugePages(freed.settled, id))
            : _hstate.Once(settled, static (hstate, freed, id) => hstate.FreeHugePages(freed, id)));
    }

    /// <summary>Takes a reservation of <paramref name="chg"/> pages: the middle of <c>hugetlb_reserve_pages</c>, with its error path.</summary>
    public async Flow<Errno> Reserve(TaskContext task, long chg)
    {
        if (chg == 0)
        {
            return Errno.None;
        }

        if (_subpool is null)
        {
            return await ReserveInPool(new ReserveRequest(task, chg, chg));
        }

        if (await ReserveInPool(new ReserveRequest(task, 0, chg)) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        var globalPages = await GetFromSubpool(chg);
        if (globalPages >= 0 && await ReserveInPool(new ReserveRequest(task, globalPages, 0)) == Errno.None)
        {
            return Errno.None;
        }

        var refused = globalPages < 0 ? 0 : await UndoGetPages(new RefusedPages(chg, globalPages));
        await UnreserveInPool(new UnreserveRequest(refused, [new RsvdUncharge(task.Cgroup, chg)]));
        return Errno.ENOMEM;
    }

    /// <summary>Returns reservations through the subpool, and ends cgroup charges.</summary>
    public async ValueTask Unreserve(long pages, RsvdUncharge[] uncharges)
    {
        var globalPages = pages > 0 && _subpool is not null ? await PutToSubpool(pages) : pages;
        if (globalPages != 0 || uncharges.Length > 0)
        {
            await UnreserveInPool(new UnreserveRequest(globalPages, uncharges));
        }
    }

    /// <summary>hugetlb_fix_reserve_counts: an entry could not be deleted from a map, so the counters follow the map.</summary>
    public async ValueTask FixReserveCounts(TaskContext task)
    {
        using var span = KernelTracing.Routine("hugetlb_fix_reserve_counts");
        if (VmaReservations.FixRaisesGlobal(Profile, await GetFromSubpool(1)))
        {
            // Its own failure is nobody's to handle: the kernel warns and goes on.
            await ReserveInPool(new ReserveRequest(task, 1, 0));
        }
    }

    /// <summary>Are there surplus pages? __unmap_hugepage_range restores no reservation then.</summary>
    public async ValueTask<bool> HasSurplus() => (await _hstate.Ask(0, static (hstate, _) => hstate.ReadCounters())).Surplus != 0;

    /// <summary>Are so many pages free, reserved or not? All that mmap asked before there were reservations.</summary>
    public async ValueTask<bool> HasFree(long pages) => (await _hstate.Ask(0, static (hstate, _) => hstate.ReadCounters())).Free >= pages;

    /// <summary>Moves a page in use to a frame of another node; all that it is and was charged goes with it.</summary>
    /// <returns>The new frame, or <see cref="Pfn.None"/>.</returns>
    public async Flow<long> Migrate(long pfn, int node)
    {
        var target = await _hstate.Once(new MigratePage(pfn, node), static (hstate, page, id) => hstate.Migrate(page, id));
        if (target != Pfn.None)
        {
            await Frames.Move(pfn, target, losesSubpool: Profile.Has(KernelBug.MigrationLosesSubpool));
        }

        return target;
    }

    private Flow<Errno> ReserveInPool(ReserveRequest request) => _combiner is { } combiner
        ? _hstate.Once((combiner, request), static (_, reserve, id) => reserve.combiner.Reserve(reserve.request, id))
        : _hstate.Once(request, static (hstate, reserve, id) => hstate.Reserve(reserve, id));

    private Flow<Errno> UnreserveInPool(UnreserveRequest request) => _combiner is { } combiner
        ? _hstate.Once((combiner, request), static (_, unreserve, id) => unreserve.combiner.Unreserve(unreserve.request, id))
        : _hstate.Once(request, static (hstate, unreserve, id) => hstate.Unreserve(unreserve, id));

    private Flow<long> GetFromSubpool(long pages) =>
        _subpool is null ? new(pages) : _subpool.Once(pages, static (subpool, asked, id) => subpool.GetPages(asked, id));

    private Flow<long> PutToSubpool(long pages) => _subpool!.Once(pages, static (subpool, put, id) => subpool.PutPages(put, id));

    private Flow<long> UndoGetPages(RefusedPages refused) => _subpool!.Once(refused, static (subpool, pages, id) => subpool.UndoGetPages(pages, id));

    // Up to 6.12 avoid_reserve and vma_has_reserves refused what the subpool had handed out already.
    private bool UsesReservation(PageRequest request, long fromSubpool) =>
        fromSubpool == 0
        && !(request.CowFromOwner && Profile.Has(KernelBug.OwnerCowLeavesResv))
        && (request.MayUseReserves || !Profile.Has(KernelBug.B6));

    private Flow<long> TakePage(PageRequest request, bool chargeRsvd, bool useReservation)
    {
        var nodes = request.Nodes;
        var alloc = new AllocRequest(
            request.Task.Cgroup, chargeRsvd, useReservation, nodes.PreferredNode, nodes.AllowedNodes, nodes.FallbackNodes);
        return _combiner is { } combiner
            ? _hstate.Once((combiner, alloc), static (_, page, id) => page.combiner.AllocHugePage(page.alloc, id))
            : _hstate.Once(alloc, static (hstate, page, id) => hstate.AllocHugePage(page, id));
    }

    // The error path of alloc_hugetlb_folio. Up to 6.12 the page goes back to the subpool and its answer is ignored (part of bug B5); from 6.18
    // only a page that the subpool had reserved goes back, so that the quota of any other stays used (bug B3). Repaired, the subpool is as before.
    private async ValueTask ReturnToSubpool(bool needsOwnPage, long fromSubpool)
    {
        if (_subpool is null || !needsOwnPage)
        {
            return;
        }

        if (Profile.Has(KernelBug.B5))
        {
            await PutToSubpool(1);
        }
        else if (fromSubpool == 0)
        {
            await Unreserve(1, []);
        }
        else if (!Profile.Has(KernelBug.B3))
        {
            await UndoGetPages(new RefusedPages(1, fromSubpool));
        }
    }

    private long NeedsReservation(PageRequest request)
    {
        using var span = KernelTracing.Routine("vma_needs_reservation").With(KernelTracing.Tags.Page, request.Index);
        var needs = VmaReservations.Needs(request.Map, request.Shared, request.Index, Profile.Bugs);
        span.With(KernelTracing.Tags.Answer, needs);
        return needs;
    }

    private static long CommitReservation(PageRequest request)
    {
        using var span = KernelTracing.Routine("vma_commit_reservation").With(KernelTracing.Tags.Page, request.Index);
        var answer = VmaReservations.Commit(request.Map, request.Shared, request.Index);
        span.With(KernelTracing.Tags.Answer, answer);
        return answer;
    }

    private static void EndReservation(PageRequest request, bool ignoresMap)
    {
        if (!ignoresMap)
        {
            VmaReservations.End(request.Map, request.Index);
        }
    }

    // A page whose reservation is restored goes on counting for its subpool.
    private bool IsPutToSubpool(FreedPage page) =>
        page.Subpool is not null && (!page.RestoreReserve || Profile.Has(KernelBug.RestorePutsSubpool));

    private async Flow<FreedPage[]> PutToSubpools(FreedPage[] pages)
    {
        var settled = (FreedPage[])pages.Clone();
        foreach (var group in pages.Select((page, i) => (page, i)).Where(p => IsPutToSubpool(p.page)).GroupBy(p => p.page.Subpool!))
        {
            var members = group.ToArray();
            var answers = await _links.Subpool(group.Key).Once(members.Length, static (subpool, count, id) => subpool.PutFreedPages(count, id));
            for (var i = 0; i < members.Length; i++)
            {
                // 0: the subpool would be under its minimum without the page's reservation (row R19).
                var page = members[i].page;
                settled[members[i].i] = page with { RestoreReserve = page.RestoreReserve || answers[i] == 0 };
            }
        }

        return settled;
    }
}
