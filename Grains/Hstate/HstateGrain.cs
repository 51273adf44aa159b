using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Grains;

/// <summary>
/// The hstate of a machine. Every method is synchronous: one message is one critical section of hugetlb_lock. Reentrancy changes nothing of
/// that; it lets others in where a bug of <c>HstateGrain.Unlocked.cs</c> drops the lock.
/// </summary>
[KeepAlive, Immovable, HashBasedPlacement, Reentrant]
public sealed partial class HstateGrain : StatefulGrain<HstateState>, IHstateGrain, ILookedInto<HstateAudit>
{
    private HugetlbCgroups _cgroups = new();
    private HugePagePool? _pool;
    private KernelProfile _profile = KernelProfiles.Newest;
    private StateLoss? _loss;

    /// <inheritdoc/>
    protected override string Kind => "hstate";

    // The pool of a machine of which nothing is lost.
    private HugePagePool Pool => _loss is null ? _pool ?? throw Lost() : throw ErrorOf(_loss);

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Boot(HstateBoot boot, Operation operation)
    {
        if (_pool is not null && Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        _profile = KernelProfiles.Get(boot.Profile);
        _pool = new HugePagePool(_profile, boot.Nodes, boot.CapacityPagesPerNode);
        _cgroups = new HugetlbCgroups();
        _loss = null;
        Begin();
        Watch(_pool);
        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask Break(StateLoss loss)
    {
        _loss ??= _pool is null ? null : loss;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Reserve(ReserveRequest request, Operation operation)
    {
        var pool = Pool;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        using var span = PoolSpan.Begin("hugetlb_acct_memory", pool, KernelTracing.Tags.Chg, request.Pages);
        if (request.ChargeRsvdPages > 0 && !_cgroups.TryChargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages))
        {
            span.RefuseByCgroup(_cgroups, request.Task.Cgroup, "rsvd", request.ChargeRsvdPages);
            return new(Done(operation, Errno.ENOMEM));
        }

        var error = pool.AcctMemory(request.Pages, request.Task.ChooseForReservation(_profile), request.Task.ChooseForSurplus(_profile));
        if (error != Errno.None)
        {
            span.RefuseByPool("reservation", request.Pages);
        }

        if (error != Errno.None && request.ChargeRsvdPages > 0)
        {
            _cgroups.UnchargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages);
        }

        return new(Done(operation, error));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Unreserve(UnreserveRequest request, Operation operation)
    {
        var pool = Pool;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        if (_profile.Has(UnlockedUnreserve))
        {
            return UnreserveUnlocked(request, operation);
        }

        using var span = PoolSpan.Begin("hugetlb_acct_memory", pool, KernelTracing.Tags.Chg, -request.Pages);
        foreach (var uncharge in request.Uncharges)
        {
            _cgroups.UnchargeRsvd(uncharge.Cgroup, uncharge.Pages);
        }

        pool.AcctMemory(-request.Pages, NodeChoice.Any);
        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<long>> AllocHugePage(AllocRequest request, Operation operation)
    {
        _ = Pool;
        return Repeats(operation, out var known) ? new(AgainNumber(known))
            : _profile.Has(KernelBug.ResvUnlocked) ? AllocUnlocked(request, operation)
            : new(Done(operation, Alloc(request)));
    }

    private long Alloc(AllocRequest request)
    {
        var pool = Pool;
        using var span = PoolSpan.Begin("dequeue_hugetlb_folio", pool, "hugesim.uses_reservation_pages", request.UseReservation ? 1 : 0);
        if (request.ChargeRsvd && !_cgroups.TryChargeRsvd(request.Cgroup, 1))
        {
            span.RefuseByCgroup(_cgroups, request.Cgroup, "rsvd", 1);
            return Pfn.None;
        }

        var pfn = Pfn.None;
        if (_cgroups.TryCharge(request.Cgroup, 1))
        {
            var choice = new NodeChoice(request.PreferredNode, request.AllowedNodes, request.FallbackNodes);
            pfn = pool.AllocHugePage(choice, request.UseReservation);
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
        return pfn;
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> FreeHugePages(FreedPage[] pages, Operation operation)
    {
        var pool = Pool;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        using var span = PoolSpan.Begin("free_huge_folio", pool, "hugesim.freed_pages", pages.Length);
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

            pool.FreeHugePage(page.Pfn, page.RestoreReserve);
        }

        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<long>> Migrate(MigratePage request, Operation operation)
    {
        var pool = Pool;
        return new(Repeats(operation, out var known) ? AgainNumber(known) : Done(operation, pool.Migrate(request.Pfn, request.ToNode)));
    }

    /// <inheritdoc/>
    public ValueTask<Errno> SetMaxHugePages(SetPoolRequest request, Operation operation = default)
    {
        var pool = Pool;
        if (Repeats(operation, out var known))
        {
            return new(Again(known).Value);
        }

        if (request.Node >= pool.Nodes.Count)
        {
            return new(Errno.ENOENT);
        }

        using var span = PoolSpan.Begin("set_max_huge_pages", pool, "hugesim.count_pages", request.Pages);
        pool.SetMaxHugePages(request.Pages, request.Node, request.NodesAllowed);
        return new(Done(operation).Value);
    }

    /// <inheritdoc/>
    public ValueTask SetOvercommit(long pages, Operation operation = default)
    {
        var pool = Pool;
        if (!Repeats(operation, out _))
        {
            pool.OvercommitPages = pages;
            Done(operation);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<int> CreateCgroup(string name, int parent, Operation operation = default)
    {
        _ = Pool;
        return new((int)(Repeats(operation, out var known) ? AgainNumber(known) : Done(operation, (long)_cgroups.Create(name, parent))).Value);
    }

    /// <inheritdoc/>
    public ValueTask RemoveCgroup(int cgroup, Operation operation = default)
    {
        _ = Pool;
        if (!Repeats(operation, out _))
        {
            _cgroups.Remove(cgroup);
            Done(operation);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Errno> SetCgroupLimit(int cgroup, bool rsvd, long pages, Operation operation = default)
    {
        _ = Pool;
        return new((Repeats(operation, out var known)
            ? Again(known)
            : Done(operation, _cgroups.Groups[cgroup].TrySetLimit(rsvd, pages) ? Errno.None : Errno.EBUSY)).Value);
    }

    /// <inheritdoc/>
    public ValueTask<HstateCounters> ReadCounters() => new(Describe(Pool));

    /// <inheritdoc/>
    public ValueTask<HstateAudit?> Audit() => new(Look() ?? Absent<HstateAudit>());

    /// <inheritdoc/>
    public ValueTask PowerOff()
    {
        Unwatch();
        _pool = null;
        DeactivateOnIdle();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public HstateAudit? Look() => _pool is { } pool
        ? new HstateAudit(
            Describe(pool),
            [.. pool.Nodes.Select(n => n.FreeList.ToArray())],
            [.. _cgroups.Groups.Select(g => new CgroupAudit(g.Parent, g.Removed, g.UsagePages, g.RsvdPages))])
        : null;

    /// <inheritdoc/>
    protected override HstateState? Capture() => _pool is null ? null : new(_profile.Name, _pool.Capture(), _cgroups.Capture(), _loss);

    /// <inheritdoc/>
    protected override void Restore(HstateState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_profile, _loss) = (KernelProfiles.Get(state.Profile), state.Loss);
        _pool = new HugePagePool(_profile, state.Pool);
        _cgroups = new HugetlbCgroups(state.Cgroups);
        Watch(_pool);
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Unwatch();
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    private void Unwatch()
    {
        if (_pool is not null)
        {
            ServiceProvider.GetService<PoolRegistry>()?.Remove(MachineName, _pool);
        }
    }

    private void Watch(HugePagePool pool) =>
        ServiceProvider.GetService<PoolRegistry>()?.Add(new WatchedPool(MachineName, Units.PageBytes / 1024, RuntimeIdentity, pool));

    private HstateCounters Describe(HugePagePool pool)
    {
        var nodes = pool.Nodes.Select(n => new NodeCount(n.NrPages, n.FreePages, n.SurplusPages)).ToArray();
        var cgroups = _cgroups.Groups
            .Select((g, i) => new CgroupCount(i, g.Name, g.UsagePages, g.RsvdPages, g.MaxPages, g.RsvdMaxPages, g.MaxEvents, g.MaxEventsLocal))
            .Where(g => !_cgroups.Groups[g.Cgroup].Removed)
            .ToArray();
        return new HstateCounters(pool.NrPages, pool.FreePages, pool.ResvPages, pool.SurplusPages, pool.OvercommitPages, nodes, cgroups);
    }
}
