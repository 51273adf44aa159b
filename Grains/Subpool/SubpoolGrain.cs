using System.Diagnostics;
using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>The subpool of a mount.</summary>
[KeepAlive]
public sealed class SubpoolGrain : Grain, ISubpoolGrain
{
    private Model.Subpool? _subpool;
    private KernelProfile _profile = KernelProfiles.Newest;
    private string _hstate = "";

    private Model.Subpool Pool => _subpool ?? throw new InvalidOperationException($"subpool {this.GetPrimaryKeyString()} was used before its mount");

    /// <inheritdoc/>
    public async ValueTask<Errno> Create(MachineContext machine, TaskContext task, long maxPages, long minPages)
    {
        _profile = KernelProfiles.Get(machine.Profile);
        _hstate = Keys.Hstate(machine.Machine);
        if (minPages > 0)
        {
            var error = await GrainFactory.GetGrain<IHstateGrain>(_hstate).Reserve(new ReserveRequest(task, minPages, 0));
            if (error != Errno.None)
            {
                return error;
            }
        }

        _subpool = new Model.Subpool(maxPages, minPages);
        return Errno.None;
    }

    /// <inheritdoc/>
    public ValueTask<long> GetPages(long pages)
    {
        using var span = KernelTracing.Routine("hugepage_subpool_get_pages").With(KernelTracing.Tags.Chg, pages);
        var answer = Pool.GetPages(pages);
        Describe(span, answer);
        if (answer < 0)
        {
            span.Fail("ENOMEM", $"{pages} pages over the size of the mount: used {Pool.State.UsedHpages} of {Pool.State.MaxHpages}");
        }

        return new(answer);
    }

    /// <inheritdoc/>
    public async ValueTask<long> PutPages(long pages)
    {
        using var span = KernelTracing.Routine("hugepage_subpool_put_pages").With(KernelTracing.Tags.Chg, pages);
        var answer = Pool.PutPages(pages);
        Describe(span, answer);
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask<long[]> PutFreedPages(int count)
    {
        using var span = KernelTracing.Routine("hugepage_subpool_put_pages").With(KernelTracing.Tags.Chg, count);
        var answers = new long[count];
        for (var i = 0; i < count; i++)
        {
            answers[i] = Pool.PutPages(1);
        }

        Describe(span, answers.Sum());
        await ReleaseIfFree();
        return answers;
    }

    /// <inheritdoc/>
    public async ValueTask<long> UndoGetPages(long chg, long globalPages)
    {
        var answer = FailedReserve.Undo(Pool, _profile.FailedReserve, chg, globalPages);
        await ReleaseIfFree();
        return answer;
    }

    /// <inheritdoc/>
    public async ValueTask PutSubpool()
    {
        Pool.PutSubpool();
        await ReleaseIfFree();
    }

    /// <inheritdoc/>
    public ValueTask<MountBlocks> Statfs()
    {
        var (blocks, free) = Pool.Statfs();
        return new(new MountBlocks(blocks, free));
    }

    /// <inheritdoc/>
    public ValueTask<SubpoolAudit?> Audit()
    {
        if (_subpool is { State: var state })
        {
            return new(new SubpoolAudit(state.MaxHpages, state.MinHpages, state.UsedHpages, state.RsvHpages, state.Released));
        }

        DeactivateOnIdle();
        return default;
    }

    private void Describe(Activity? span, long answer)
    {
        if (span is not null)
        {
            var state = Pool.State;
            span.With(KernelTracing.Tags.Answer, answer).With("hugesim.used_pages", state.UsedHpages).With("hugesim.rsv_pages", state.RsvHpages);
        }
    }

    // unlock_or_release_subpool: after umount, the last page to come back ends the subpool and its min_size reservation.
    private async ValueTask ReleaseIfFree()
    {
        var pages = Pool.ReleaseIfFree();
        if (pages > 0)
        {
            await GrainFactory.GetGrain<IHstateGrain>(_hstate).Unreserve(new UnreserveRequest(pages, []));
        }
    }
}
