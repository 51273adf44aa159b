using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <content>State as plain data, and what happens when a part of the machine is lost.</content>
public sealed partial class MachineGrain
{
    /// <inheritdoc/>
    public async ValueTask ReportLoss(StateLoss loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (_machine is null)
        {
            // Not even the machine is left; or it never booted, and then there is no pool to break.
            await Break(loss, 0);
            return;
        }

        if (_loss is null && !IsGone(loss.Grain))
        {
            _loss = loss;
            await Break(loss, _nodes);
        }
    }

    // A process that has exited and the subpool of a mount that has ended are no loss, whoever calls them late.
    private bool IsGone(string grain) => grain.Split(' ', 2) switch
    {
        ["process", var key] => !_processes.Contains(key),
        ["subpool", var key] => !_mounts.Exists(mount => mount.Key == key) && !_detached.Contains(key),
        _ => false,
    };

    /// <inheritdoc/>
    public ValueTask PowerOff()
    {
        _machine = null;
        DeactivateOnIdle();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override MachineState? Capture() => _machine is null ? null : new(
        _machine, _nodes, _nextMount, _nextPid, _nextSegment, [.. _mounts.Select(m => KeyValuePair.Create(m.Name, m.Key))], [.. _detached],
        [.. _processes], [.. _segments.Select(s => new SegmentState(s.Key, s.Value.Inode, s.Value.LengthBytes, s.Value.Removed, s.Value.Life))], _loss);

    /// <inheritdoc/>
    protected override void Restore(MachineState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_machine, _nodes, _nextMount, _nextPid, _nextSegment, _loss) =
            (state.Machine, state.Nodes, state.NextMount, state.NextPid, state.NextSegment, state.Loss);
        _mounts.AddRange(state.Mounts.Select(m => (m.Key, m.Value)));
        _detached.AddRange(state.Detached);
        _processes.UnionWith(state.Processes);
        foreach (var segment in state.Segments)
        {
            _segments.Add(segment.Id, (segment.Inode, segment.LengthBytes, segment.IsRemoved, segment.Life));
        }
    }

    /// <inheritdoc/>
    private protected override void Report(StateLoss loss) => _ = Break(loss, 0).AsTask();

    // Whoever asks the pool or the memory of this machine from now on is told what is lost.
    private async ValueTask Break(StateLoss loss, int nodes)
    {
        await Calls.Repeated.Once(GrainFactory.GetGrain<IHstateGrain>(Keys.Hstate(Key)), loss, static (hstate, loss, _) => hstate.Break(loss));
        for (var node = 0; node < nodes; node++)
        {
            await Calls.Repeated.Once(GrainFactory.GetGrain<IFramesGrain>(Keys.Frames(Key, node)), loss, static (frames, loss, _) => frames.Break(loss));
        }
    }
}
