using System.Collections.Concurrent;
using Orleans;
using Orleans.Concurrency;

namespace Hugesim.Tests.Engine;

/// <summary>Methods that stop at gates, so that a test decides what overlaps.</summary>
public interface IScheduledCalls
{
    /// <summary>Opens "name.in", waits for "name.go".</summary>
    ValueTask Pass(string name);

    [ReadOnly]
    ValueTask Read(string name);

    [AlwaysInterleave]
    ValueTask Interleave(string name);

    /// <summary>Notes the number, in the order of the calls.</summary>
    ValueTask Note(int number);

    [AlwaysInterleave]
    ValueTask<List<int>> Notes();

    /// <summary>Adds to a counter with awaits between reading and writing.</summary>
    ValueTask AddSlowly(int times);

    [AlwaysInterleave]
    ValueTask<bool> AddTogether(int times);

    [AlwaysInterleave]
    ValueTask<int> Sum();
}

/// <summary>The calls on an ordinary class.</summary>
public interface IScheduled : IGrainWithStringKey, IScheduledCalls;

/// <summary>The calls on a class whose requests all interleave.</summary>
public interface IScheduledReentrant : IGrainWithStringKey, IScheduledCalls;

public abstract class ScheduledBase : Grain
{
    private readonly List<int> _notes = [];
    private int _sum;
    private int _inside;

    public async ValueTask Pass(string name)
    {
        Gate.Open(name + ".in");
        await Gate.Opened(name + ".go");
    }

    public ValueTask Read(string name) => Pass(name);

    public ValueTask Interleave(string name) => Pass(name);

    public ValueTask Note(int number)
    {
        _notes.Add(number);
        return default;
    }

    public ValueTask<List<int>> Notes() => new([.. _notes]);

    public async ValueTask AddSlowly(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var before = _sum;
            await Task.Yield();
            _sum = before + 1;
        }
    }

    /// <summary>False if ever two threads were in the grain at once.</summary>
    public async ValueTask<bool> AddTogether(int times)
    {
        var alone = true;
        for (var i = 0; i < times; i++)
        {
            alone &= Interlocked.Increment(ref _inside) == 1;
            _sum++;
            alone &= Interlocked.Decrement(ref _inside) == 0;
            await Task.Yield();
        }

        return alone;
    }

    public ValueTask<int> Sum() => new(_sum);
}

public sealed class ScheduledGrain : ScheduledBase, IScheduled;

[Reentrant]
public sealed class ScheduledReentrantGrain : ScheduledBase, IScheduledReentrant;

/// <summary>Stateless: each key has several activations on a silo.</summary>
public interface IWorker : IGrainWithStringKey
{
    /// <summary>Opens "name.n" as the n-th that is inside, and waits for "name.go".</summary>
    ValueTask Join(string name);
}

[StatelessWorker(3)]
public sealed class WorkerGrain : Grain, IWorker
{
    private static readonly ConcurrentDictionary<string, int> Inside = new();

    public async ValueTask Join(string name)
    {
        Gate.Open($"{name}.{Inside.AddOrUpdate(name, 1, (_, count) => count + 1)}");
        await Gate.Opened(name + ".go");
    }
}
