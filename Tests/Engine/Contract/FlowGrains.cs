using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>What goes with a call: the request context, cancellation; and what a grain does without one: timers.</summary>
public interface IFlow : IGrainWithStringKey
{
    ValueTask<string?> Context(string name);

    ValueTask<string?> ContextThrough(IFlow other, string name);

    ValueTask<string?> ContextOfOther(IFlow other, string name, string value);

    Task WaitForCancellation(string gate, CancellationToken cancellationToken);

    ValueTask Pass(string gate);

    ValueTask<int> Started(CancellationToken cancellationToken);

    [AlwaysInterleave]
    ValueTask<int> Starts();

    ValueTask Tick(string gate, int ticks);

    /// <summary>A timer that is due while this request is in progress; the answer is how often it ticked meanwhile.</summary>
    ValueTask<int> TickWhileBusy(string gate);

    [AlwaysInterleave]
    ValueTask<int> Ticks();

    ValueTask StopTimer();
}

public sealed class FlowGrain : Grain, IFlow
{
    private int _starts;
    private int _ticks;
    private IGrainTimer? _timer;

    public ValueTask<string?> Context(string name) => new(RequestContext.Get(name) as string);

    public ValueTask<string?> ContextThrough(IFlow other, string name) => other.Context(name);

    public async ValueTask<string?> ContextOfOther(IFlow other, string name, string value)
    {
        RequestContext.Set(name, value);
        await Task.Yield();
        return await other.Context(name);
    }

    public async Task WaitForCancellation(string gate, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.Register(() => Gate.Open(gate + ".canceled"));
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".canceled");
    }

    public async ValueTask Pass(string gate)
    {
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".go");
    }

    public ValueTask<int> Started(CancellationToken cancellationToken) => new(++_starts);

    public ValueTask<int> Starts() => new(_starts);

    public ValueTask Tick(string gate, int ticks)
    {
        _timer = this.RegisterGrainTimer(
            () =>
            {
                if (++_ticks == ticks)
                {
                    Gate.Open(gate);
                }

                return Task.CompletedTask;
            },
            TimeSpan.FromMilliseconds(1),
            TimeSpan.FromMilliseconds(1));
        return default;
    }

    public async ValueTask<int> TickWhileBusy(string gate)
    {
        using var interleaving = this.RegisterGrainTimer(
            () =>
            {
                Gate.Open(gate);
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(20), Timeout.InfiniteTimeSpan) { Interleave = true });
        await Tick(gate + ".ticked", 1);
        await Gate.Opened(gate);
        return _ticks;
    }

    public ValueTask<int> Ticks() => new(_ticks);

    public ValueTask StopTimer()
    {
        _timer?.Dispose();
        return default;
    }
}
