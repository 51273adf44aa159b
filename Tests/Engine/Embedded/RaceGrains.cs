using System.Threading.Tasks.Sources;
using Orleans;
using Orleans.Concurrency;

namespace Hugesim.Tests.Engine;

/// <summary>A register without any protection, and grains that race for it.</summary>
public interface IRegister : IGrainWithStringKey
{
    ValueTask<int> Get();

    ValueTask Set(int value);

    ValueTask<int> AddOne();

    ValueTask<string> Log(string entry);

    [OneWay]
    ValueTask AddOneLater();
}

public interface IRacer : IGrainWithStringKey
{
    /// <summary>Reads, then writes one more: two racers can lose an update.</summary>
    ValueTask Increment(string register);

    ValueTask WriteLog(string register, int entries);

    /// <summary>Two grains that call each other wait for ever.</summary>
    ValueTask Embrace(string other);

    ValueTask Nothing();

    ValueTask<TimeSpan> Sleep(TimeSpan time);

    ValueTask<int> TicksWithin(TimeSpan period, TimeSpan time);

    ValueTask<int> Escape();

    ValueTask<int> Add(string register, CancellationToken cancellationToken);
}

public sealed class RegisterGrain : Grain, IRegister
{
    private int _value;
    private string _log = "";

    public ValueTask<int> Get() => new(_value);

    public ValueTask Set(int value)
    {
        _value = value;
        return default;
    }

    public ValueTask<int> AddOne() => new(++_value);

    public ValueTask<string> Log(string entry) => new(_log += entry);

    public async ValueTask AddOneLater()
    {
        await Task.Yield();
        _value++;
    }
}

public sealed class RacerGrain(TimeProvider clock) : Grain, IRacer
{
    public async ValueTask Increment(string register)
    {
        var grain = GrainFactory.GetGrain<IRegister>(register);
        await grain.Set(await grain.Get() + 1);
    }

    public async ValueTask WriteLog(string register, int entries)
    {
        var grain = GrainFactory.GetGrain<IRegister>(register);
        var calls = Enumerable.Range(0, entries).Select(entry => grain.Log($"{this.GetPrimaryKeyString()}{entry} ").AsTask());
        await Task.WhenAll(calls);
    }

    public async ValueTask Embrace(string other)
    {
        await Task.Yield();
        await GrainFactory.GetGrain<IRacer>(other).Embrace(this.GetPrimaryKeyString());
    }

    public ValueTask Nothing() => default;

    public async ValueTask<TimeSpan> Sleep(TimeSpan time)
    {
        var start = clock.GetTimestamp();
        await Task.Delay(time, clock);
        return clock.GetElapsedTime(start);
    }

    public async ValueTask<int> TicksWithin(TimeSpan period, TimeSpan time)
    {
        var ticks = 0;
        using var timer = this.RegisterGrainTimer(
            () => Task.FromResult(++ticks), new() { DueTime = period, Period = period, Interleave = true });
        await Task.Delay(time, clock);
        return ticks;
    }

    public ValueTask<int> Add(string register, CancellationToken cancellationToken) => GrainFactory.GetGrain<IRegister>(register).AddOne();

    public async ValueTask<int> Escape() => await new ValueTask<int>(new OtherThread(), 0);

    /// <summary>Completes on another thread, and never before it is awaited: a task could be done so early that nobody has to wait for it.</summary>
    private sealed class OtherThread : IValueTaskSource<int>
    {
        private ManualResetValueTaskSourceCore<int> _core;

        public int GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
            _core.OnCompleted(continuation, state, token, flags);
            ThreadPool.QueueUserWorkItem(_ => _core.SetResult(1));
        }
    }
}
