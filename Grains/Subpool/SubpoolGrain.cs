using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>All of a subpool grain as plain data.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="Pool">The subpool.</param>
public sealed record SubpoolGrainState(MachineContext Machine, SubpoolState Pool);

/// <summary>The subpool of a mount.</summary>
[KeepAlive, Immovable, PreferLocalPlacement]
public sealed class SubpoolGrain : StatefulGrain<SubpoolGrainState>, ISubpoolGrain, ILookedInto<SubpoolAudit>
{
    private Model.Subpool? _subpool;
    private MachineLinks? _links;
    private MachineContext? _machine;
    private KernelProfile _profile = KernelProfiles.Newest;

    /// <inheritdoc/>
    protected override string Kind => "subpool";

    private Model.Subpool Pool => _subpool ?? throw Lost();

    private GrainCalls<IHstateGrain> Hstate => (_links ??= Calls.Machine(MachineName)).Hstate;

    /// <inheritdoc/>
    public async ValueTask<Answer<Errno>> Create(CreateSubpool request, Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return Again(known);
        }

        if (request.MinPages > 0)
        {
            var error = await Hstate.Once(new ReserveRequest(request.Task, request.MinPages, 0), static (hstate, reserve, id) => hstate.Reserve(reserve, id));
            if (error != Errno.None)
            {
                return Done(operation, error);
            }
        }

        (_machine, _profile) = (request.Machine, KernelProfiles.Get(request.Machine.Profile));
        _subpool = new Model.Subpool(request.MaxPages, request.MinPages);
        Begin();
        return Done(operation);
    }

    /// <inheritdoc/>
    public ValueTask<Answer<long>> GetPages(long pages, Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return new(AgainNumber(known));
        }

        var pool = Pool;
        using var span = KernelTracing.Routine("hugepage_subpool_get_pages").With(KernelTracing.Tags.Chg, pages);
        var answer = pool.GetPages(pages);
        Describe(span, answer);
        if (answer < 0)
        {
            span.Fail("ENOMEM", $"{pages} pages over the size of the mount: used {pool.State.UsedHpages} of {pool.State.MaxHpages}");
        }

        return new(Done(operation, answer));
    }

    /// <inheritdoc/>
    public async ValueTask<Answer<long>> PutPages(long pages, Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return AgainNumber(known);
        }

        var pool = Pool;
        using var span = KernelTracing.Routine("hugepage_subpool_put_pages").With(KernelTracing.Tags.Chg, pages);
        var answer = Done(operation, pool.PutPages(pages));
        Describe(span, answer.Value);
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask<Answer<long[]>> PutFreedPages(int count, Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return Again<long[]>(known);
        }

        var pool = Pool;
        using var span = KernelTracing.Routine("hugepage_subpool_put_pages").With(KernelTracing.Tags.Chg, count);
        var answers = new long[count];
        for (var i = 0; i < count; i++)
        {
            answers[i] = pool.PutPages(1);
        }

        Describe(span, answers.Sum());
        var answer = Done(operation, answers);
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask<Answer<long>> UndoGetPages(RefusedPages request, Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return AgainNumber(known);
        }

        var pool = Pool;
        var answer = Done(operation, FailedReserve.Undo(pool, _profile.FailedReserve, request.Chg, request.GlobalPages));
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask<Answer<bool>> PutSubpool(Operation operation)
    {
        if (WasDone(operation, out var known))
        {
            return AgainTruth(known);
        }

        var pool = Pool;
        pool.PutSubpool();
        var answer = Done(operation, pool.IsFree);
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public ValueTask Forget() => ForgetEnded();

    /// <inheritdoc/>
    public ValueTask<MountBlocks> Statfs()
    {
        var (blocks, free) = Pool.Statfs();
        return new(new MountBlocks(blocks, free));
    }

    /// <inheritdoc/>
    public ValueTask<SubpoolAudit?> Audit() => new(Look() ?? Absent<SubpoolAudit>());

    /// <inheritdoc/>
    public SubpoolAudit? Look() => _subpool is { State: var state }
        ? new SubpoolAudit(state.MaxHpages, state.MinHpages, state.UsedHpages, state.RsvHpages, state.Released)
        : null;

    // Without a state there is no epoch to compare, but the end of the subpool may be remembered.
    private bool WasDone(Operation operation, out OperationAnswer known) => Repeats(_subpool is null ? operation with { Epoch = 0 } : operation, out known);

    private void Describe(FlowSpan span, long answer)
    {
        if (span.IsRecorded)
        {
            var state = Pool.State;
            span.With(KernelTracing.Tags.Answer, answer).With("hugesim.used_pages", state.UsedHpages).With("hugesim.rsv_pages", state.RsvHpages);
        }
    }

    /// <inheritdoc/>
    protected override SubpoolGrainState? Capture() => _subpool is null ? null : new(_machine!, _subpool.State with { });

    /// <inheritdoc/>
    protected override void Restore(SubpoolGrainState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_machine, _profile) = (state.Machine, KernelProfiles.Get(state.Machine.Profile));
        _subpool = new Model.Subpool(state.Pool with { });
    }

    // unlock_or_release_subpool: after umount, the last page to come back ends the subpool and its min_size reservation.
    private async ValueTask ReleaseIfFree()
    {
        var pages = Pool.ReleaseIfFree();
        if (pages >= 0)
        {
            EndLife();
        }

        if (pages > 0)
        {
            await Hstate.Once(new UnreserveRequest(pages, []), static (hstate, unreserve, id) => hstate.Unreserve(unreserve, id));
        }
    }
}
