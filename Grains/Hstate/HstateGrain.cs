using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>The hstate of a machine. Every method is synchronous: one message is one critical section of hugetlb_lock.</summary>
[KeepAlive]
public sealed class HstateGrain : Grain, IHstateGrain
{
    private readonly HugetlbCgroups _cgroups = new();
    private HugePagePool? _pool;
    private KernelProfile _profile = KernelProfiles.Newest;

    private HugePagePool Pool => _pool ?? throw new InvalidOperationException($"hstate {this.GetPrimaryKeyString()} was used before its machine booted");

    /// <inheritdoc/>
    public ValueTask Boot(HstateBoot boot)
    {
        _profile = KernelProfiles.Get(boot.Profile);
        _pool = new HugePagePool(_profile, boot.Nodes, boot.CapacityPagesPerNode);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Errno> Reserve(ReserveRequest request)
    {
        using var span = PoolSpan.Begin("hugetlb_acct_memory", Pool, KernelTracing.Tags.Chg, request.Pages);
        if (request.ChargeRsvdPages > 0 && !_cgroups.TryChargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages))
        {
            span.RefuseByCgroup(_cgroups, request.Task.Cgroup, "rsvd", request.ChargeRsvdPages);
            return new(Errno.ENOMEM);
        }

        var error = Pool.AcctMemory(request.Pages, request.Task.ChooseForReservation(_profile), request.Task.ChooseForSurplus(_profile));
        if (error != Errno.None)
        {
            span.RefuseByPool("reservation", request.Pages);
        }

        if (error != Errno.None && request.ChargeRsvdPages > 0)
        {
            _cgroups.UnchargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages);
        }

        return new(error);
    }

    /// <inheritdoc/>
    public ValueTask Unreserve(UnreserveRequest request)
    {
        using var span = PoolSpan.Begin("hugetlb_acct_memory", Pool, KernelTracing.Tags.Chg, -request.Pages);
        foreach (var uncharge in request.Uncharges)
        {
            _cgroups.UnchargeRsvd(uncharge.Cgroup, uncharge.Pages);
        }

        Pool.AcctMemory(-request.Pages, NodeChoice.Any);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<AllocAnswer> AllocHugePage(AllocRequest request)
    {
        using var span = PoolSpan.Begin("dequeue_hugetlb_folio", Pool, "hugesim.uses_reservation_pages", request.UseReservation ? 1 : 0);
        if (request.ChargeRsvd && !_cgroups.TryChargeRsvd(request.Cgroup, 1))
        {
            span.RefuseByCgroup(_cgroups, request.Cgroup, "rsvd", 1);
            return new(new AllocAnswer(Pfn.None));
        }

        var pfn = Pfn.None;
        if (_cgroups.TryCharge(request.Cgroup, 1))
        {
            var choice = new NodeChoice(request.PreferredNode, request.AllowedNodes, request.FallbackNodes);
            pfn = Pool.AllocHugePage(choice, request.UseReservation);
            if (pfn == Pfn.None)
            {
                span.RefuseByPool("allocation", 1);
                _cgroups.Uncharge(request.Cgroup, 1);
            }
        }
        else
        {
            span.RefuseByCgroup(_cgroups, request.Cgroup, "usage", 1);
        }

        if (pfn == Pfn.None && request.ChargeRsvd)
        {
            _cgroups.UnchargeRsvd(request.Cgroup, 1);
        }

        span.Answer(KernelTracing.Tags.Pfn, pfn);
        return new(new AllocAnswer(pfn));
    }

    /// <inheritdoc/>
    public ValueTask FreeHugePages(FreedPage[] pages)
    {
        using var span = PoolSpan.Begin("free_huge_folio", Pool, "hugesim.freed_pages", pages.Length);
        span.Answer("hugesim.restored_reserve_pages", pages.Count(page => page.RestoreReserve));
        foreach (var page in pages)
        {
            if (page.Cgroup >= 0)
            {
                _cgroups.Uncharge(page.Cgroup, 1);
            }

            if (page.RsvdCgroup >= 0)
            {
                _cgroups.UnchargeRsvd(page.RsvdCgroup, 1);
            }

            Pool.FreeHugePage(page.Pfn, page.RestoreReserve);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<AllocAnswer> Migrate(long oldPfn, int toNode) => new(new AllocAnswer(Pool.Migrate(oldPfn, toNode)));

    /// <inheritdoc/>
    public ValueTask<Errno> SetMaxHugePages(SetPoolRequest request)
    {
        if (request.Node >= Pool.Nodes.Count)
        {
            return new(Errno.ENOENT);
        }

        using var span = PoolSpan.Begin("set_max_huge_pages", Pool, "hugesim.count_pages", request.Pages);
        Pool.SetMaxHugePages(request.Pages, request.Node, request.NodesAllowed);
        return new(Errno.None);
    }

    /// <inheritdoc/>
    public ValueTask SetOvercommit(long pages)
    {
        Pool.OvercommitPages = pages;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<int> CreateCgroup(string name, int parent) => new(_cgroups.Create(name, parent));

    /// <inheritdoc/>
    public ValueTask RemoveCgroup(int cgroup)
    {
        _cgroups.Remove(cgroup);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Errno> SetCgroupLimit(int cgroup, bool rsvd, long pages) =>
        new(_cgroups.Groups[cgroup].TrySetLimit(rsvd, pages) ? Errno.None : Errno.EBUSY);

    /// <inheritdoc/>
    public ValueTask<HstateCounters> ReadCounters()
    {
        var nodes = Pool.Nodes.Select(n => new NodeCount(n.NrPages, n.FreePages, n.SurplusPages)).ToArray();
        var cgroups = _cgroups.Groups
            .Select((g, i) => new CgroupCount(i, g.Name, g.UsagePages, g.RsvdPages, g.MaxPages, g.RsvdMaxPages, g.MaxEvents, g.MaxEventsLocal))
            .Where(g => !_cgroups.Groups[g.Cgroup].Removed)
            .ToArray();
        return new(new HstateCounters(
            Pool.NrPages, Pool.FreePages, Pool.ResvPages, Pool.SurplusPages, Pool.OvercommitPages, nodes, cgroups));
    }

    /// <inheritdoc/>
    public async ValueTask<HstateAudit> Audit() => new(
        await ReadCounters(),
        [.. Pool.Nodes.Select(n => n.FreeList.ToArray())],
        [.. _cgroups.Groups.Select(g => new CgroupAudit(g.Parent, g.Removed, g.UsagePages, g.RsvdPages))]);
}
