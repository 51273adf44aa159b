using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Explore;

/// <summary>A call of a grain and its answer.</summary>
/// <param name="Method">The method, without its interface.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Answer">The answer; null for a method without one, or if none came.</param>
/// <param name="IsAnswered">Whether an answer came.</param>
public sealed record GrainCall(string Method, object?[] Arguments, object? Answer, bool IsAnswered)
{
    /// <summary>The argument of a type; what else a message carries does not matter here.</summary>
    public T Argument<T>() => Arguments.OfType<T>().First();

    /// <summary>Whether the answer is this one; one that never came could be any.</summary>
    public bool Answered<T>(T expected) => !IsAnswered || Equals(Answer is Answer<T> answer ? answer.Value : Answer, expected);
}

/// <summary>The hstate as the sequential Model: pool and cgroups.</summary>
public sealed class SequentialPool : ISequentialObject<GrainCall>
{
    private readonly List<GrainCall> _calls = [];
    private readonly HugetlbCgroups _cgroups = new();
    private KernelProfile _profile = KernelProfiles.Newest;
    private HugePagePool _pool = new(KernelProfiles.Newest, 1, 0);

    /// <summary>All of its state, as plain data.</summary>
    public object State => (_profile.Name, _pool.Capture(), _cgroups.Capture());

    /// <inheritdoc/>
    public string Digest
    {
        get
        {
            var nodes = _pool.Nodes.Select(node => $"{node.NrPages}/{node.SurplusPages}/{string.Join(' ', node.FreeList)}");
            var groups = _cgroups.Groups.Select(group => $"{group.UsagePages}/{group.RsvdPages}");
            return string.Create(CultureInfo.InvariantCulture, $"{_pool.ResvPages} {_pool.OvercommitPages} | {string.Join(',', nodes)} | {string.Join(',', groups)}");
        }
    }

    /// <inheritdoc/>
    public ISequentialObject<GrainCall> Copy()
    {
        var copy = new SequentialPool();
        foreach (var call in _calls)
        {
            copy.Accepts(call);
        }

        return copy;
    }

    /// <inheritdoc/>
    public bool Accepts(GrainCall call)
    {
        _calls.Add(call);
        switch (call.Method)
        {
            case nameof(IHstateGrain.Boot):
                var boot = call.Argument<HstateBoot>();
                _profile = KernelProfiles.Get(boot.Profile);
                _pool = new HugePagePool(_profile, boot.Nodes, boot.CapacityPagesPerNode);
                return true;
            case nameof(IHstateGrain.Reserve):
                return call.Answered(Reserve(call.Argument<ReserveRequest>()));
            case nameof(IHstateGrain.Unreserve):
                var unreserve = call.Argument<UnreserveRequest>();
                Array.ForEach(unreserve.Uncharges, u => _cgroups.UnchargeRsvd(u.Cgroup, u.Pages));
                _pool.AcctMemory(-unreserve.Pages, NodeChoice.Any);
                return true;
            case nameof(IHstateGrain.AllocHugePage):
                return call.Answered(Alloc(call.Argument<AllocRequest>()));
            case nameof(IHstateGrain.FreeHugePages):
                Array.ForEach(call.Argument<FreedPage[]>(), Free);
                return true;
            default:
                return AcceptsSetting(call);
        }
    }

    private bool AcceptsSetting(GrainCall call)
    {
        switch (call.Method)
        {
            case nameof(IHstateGrain.Migrate):
                return call.Argument<MigratePage>() is var migrate && call.Answered(_pool.Migrate(migrate.Pfn, migrate.ToNode));
            case nameof(IHstateGrain.SetMaxHugePages):
                var set = call.Argument<SetPoolRequest>();
                if (set.Node >= _pool.Nodes.Count)
                {
                    return call.Answered(Errno.ENOENT);
                }

                _pool.SetMaxHugePages(set.Pages, set.Node, set.NodesAllowed);
                return call.Answered(Errno.None);
            case nameof(IHstateGrain.SetOvercommit):
                _pool.OvercommitPages = call.Argument<long>();
                return true;
            case nameof(IHstateGrain.CreateCgroup):
                return call.Answered(_cgroups.Create(call.Argument<string>(), call.Argument<int>()));
            case nameof(IHstateGrain.RemoveCgroup):
                _cgroups.Remove(call.Argument<int>());
                return true;
            case nameof(IHstateGrain.SetCgroupLimit):
                var group = _cgroups.Groups[call.Argument<int>()];
                return call.Answered(group.TrySetLimit(call.Argument<bool>(), call.Argument<long>()) ? Errno.None : Errno.EBUSY);
            case nameof(IHstateGrain.ReadCounters):
                return call.Answer is not HstateCounters counters
                    || (counters.Nr, counters.Free, counters.Resv, counters.Surplus) == (_pool.NrPages, _pool.FreePages, _pool.ResvPages, _pool.SurplusPages);
            default:
                return true;
        }
    }

    private Errno Reserve(ReserveRequest request)
    {
        var charges = request.ChargeRsvdPages > 0;
        if (charges && !_cgroups.TryChargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages))
        {
            return Errno.ENOMEM;
        }

        var error = _pool.AcctMemory(request.Pages, request.Task.ChooseForReservation(_profile));
        if (error != Errno.None && charges)
        {
            _cgroups.UnchargeRsvd(request.Task.Cgroup, request.ChargeRsvdPages);
        }

        return error;
    }

    private long Alloc(AllocRequest request)
    {
        if (request.ChargeRsvd && !_cgroups.TryChargeRsvd(request.Cgroup, 1))
        {
            return Pfn.None;
        }

        var pfn = Pfn.None;
        if (_cgroups.TryCharge(request.Cgroup, 1))
        {
            pfn = _pool.AllocHugePage(new NodeChoice(request.PreferredNode, request.AllowedNodes, request.FallbackNodes), request.UseReservation);
            if (pfn == Pfn.None)
            {
                _cgroups.Uncharge(request.Cgroup, 1);
            }
        }

        if (pfn == Pfn.None && request.ChargeRsvd)
        {
            _cgroups.UnchargeRsvd(request.Cgroup, 1);
        }

        return pfn;
    }

    private void Free(FreedPage page)
    {
        if (page.Cgroup >= 0)
        {
            _cgroups.Uncharge(page.Cgroup, 1);
        }

        if (page.RsvdCgroup >= 0)
        {
            _cgroups.UnchargeRsvd(page.RsvdCgroup, 1);
        }

        _pool.FreeHugePage(page.Pfn, page.RestoreReserve);
    }
}

/// <summary>A subpool as the sequential Model.</summary>
/// <param name="profile">The kernel.</param>
public sealed class SequentialSubpool(KernelProfile profile) : ISequentialObject<GrainCall>
{
    private Subpool? _subpool;

    /// <summary>All of its state, as plain data; null while there is no subpool.</summary>
    public object? State => _subpool?.State;

    /// <inheritdoc/>
    public string Digest => _subpool?.State.ToString() ?? "";

    /// <inheritdoc/>
    public ISequentialObject<GrainCall> Copy() => new SequentialSubpool(profile) { _subpool = _subpool is null ? null : new Subpool(_subpool.State with { }) };

    /// <inheritdoc/>
    public bool Accepts(GrainCall call)
    {
        if (call.Method == nameof(ISubpoolGrain.Create))
        {
            // The pool may refuse the minimum; then there is no subpool.
            var create = call.Argument<CreateSubpool>();
            _subpool = call.Answered(Errno.None) ? new Subpool(create.MaxPages, create.MinPages) : null;
            return true;
        }

        return _subpool is not { } subpool || (subpool.State.Released ? !call.IsAnswered : AcceptsUse(subpool, call));
    }

    private bool AcceptsUse(Subpool subpool, GrainCall call)
    {
        var accepted = call.Method switch
        {
            nameof(ISubpoolGrain.GetPages) => call.Answered(subpool.GetPages(call.Argument<long>())),
            nameof(ISubpoolGrain.PutPages) => call.Answered(subpool.PutPages(call.Argument<long>())),
            nameof(ISubpoolGrain.PutFreedPages) => AcceptsFreed(subpool, call),
            nameof(ISubpoolGrain.UndoGetPages) when call.Argument<RefusedPages>() is var (chg, global) =>
                call.Answered(FailedReserve.Undo(subpool, profile.FailedReserve, chg, global)),
            nameof(ISubpoolGrain.PutSubpool) => Put(subpool, call),
            nameof(ISubpoolGrain.Statfs) => call.Answered(Blocks(subpool)),
            _ => true,
        };
        if (call.Method is not (nameof(ISubpoolGrain.GetPages) or nameof(ISubpoolGrain.Statfs) or nameof(ISubpoolGrain.Audit)))
        {
            subpool.ReleaseIfFree();
        }

        return accepted;
    }

    private static MountBlocks Blocks(Subpool subpool)
    {
        var (blocks, free) = subpool.Statfs();
        return new MountBlocks(blocks, free);
    }

    private static bool AcceptsFreed(Subpool subpool, GrainCall call)
    {
        var answers = Enumerable.Range(0, call.Argument<int>()).Select(_ => subpool.PutPages(1)).ToArray();
        return call.Answer is not Answer<long[]> given || given.Value.SequenceEqual(answers);
    }

    private static bool Put(Subpool subpool, GrainCall call)
    {
        subpool.PutSubpool();
        return call.Answered(subpool.IsFree);
    }
}
