using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Hugesim.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Grains;

/// <summary>The highest epoch of one grain that this silo has seen.</summary>
internal sealed class EpochCell
{
    private long _highest;

    public long Highest => Volatile.Read(ref _highest);

    /// <summary>Notes the epoch of an answer.</summary>
    /// <returns>False if a higher one was seen before.</returns>
    public bool Saw(long epoch)
    {
        var highest = Highest;
        while (epoch > highest)
        {
            var seen = Interlocked.CompareExchange(ref _highest, epoch, highest);
            if (seen == highest)
            {
                return true;
            }

            highest = seen;
        }

        return epoch == highest;
    }
}

/// <summary>A slot of this process's session: whoever holds it numbers one operation at a time with it.</summary>
internal sealed class OperationSlot(int number)
{
    private static readonly long s_session = Random.Shared.NextInt64(1, long.MaxValue);
    private static readonly Stack<OperationSlot> s_free = new();
    private static int s_count;

    // Most operations end on the thread that began them, or on one that is about to begin another.
    [ThreadStatic]
    private static OperationSlot? t_kept;

    private long _sequence;

    /// <summary>Takes a slot that nobody holds.</summary>
    public static OperationSlot Rent()
    {
        if (t_kept is { } kept)
        {
            t_kept = null;
            return kept;
        }

        lock (s_free)
        {
            return s_free.TryPop(out var slot) ? slot : new OperationSlot(s_count++);
        }
    }

    /// <summary>Begins the next operation.</summary>
    public long Next() => ++_sequence;

    /// <summary>The name of the operation that was begun last.</summary>
    public Operation Name(long epoch) => new(s_session, number, _sequence, epoch);

    /// <summary>Gives the slot back: its operation was answered, or nobody waits for it any more.</summary>
    public void Return()
    {
        if (t_kept is null)
        {
            t_kept = this;
            return;
        }

        lock (s_free)
        {
            s_free.Push(this);
        }
    }
}

/// <summary>What all grains of a silo share for their calls: the epochs that were seen, and the clock.</summary>
internal sealed class SiloCalls
{
    // A silo's grain factory is its identity here: the services of an activation are its own.
    private static readonly ConditionalWeakTable<IGrainFactory, SiloCalls> s_all = [];
    private readonly ConcurrentDictionary<string, EpochCell> _epochs = new();

    // Null where each call is a message of its own.
    private readonly ConcurrentDictionary<string, HstateCombiner>? _combiners;

    private SiloCalls(IGrainFactory grains, TimeProvider clock, bool combines)
    {
        (Grains, Clock) = (grains, clock);
        _combiners = combines ? new() : null;
    }

    public IGrainFactory Grains { get; }

    public TimeProvider Clock { get; }

    public static SiloCalls Of(IGrainFactory grains, IServiceProvider services) =>
        s_all.TryGetValue(grains, out var known)
            ? known
            : s_all.GetValue(grains, factory => new SiloCalls(
                factory, services.GetRequiredService<TimeProvider>(), services.GetService<HstateCombining>() is not null));

    /// <summary>What is known of the epochs of a grain; the key says which grain it is.</summary>
    public EpochCell Epoch(string key) => _epochs.GetOrAdd(key, static _ => new EpochCell());

    public GrainCalls<IHstateGrain> Hstate(string machine)
    {
        var key = Keys.Hstate(machine);
        return new(Grains.GetGrain<IHstateGrain>(key), "hstate", key, Epoch(key), Clock);
    }

    /// <summary>The combiner of a machine's hstate, or null where each call is a message of its own.</summary>
    public HstateCombiner? Combiner(string machine) => _combiners?.GetOrAdd(
        machine, static (machine, grains) => new HstateCombiner(grains.GetGrain<IHstateGrain>(Keys.Hstate(machine))), Grains);

    public GrainCalls<IFramesGrain> Frames(string machine, int node)
    {
        var key = Keys.Frames(machine, node);
        return new(Grains.GetGrain<IFramesGrain>(key), "frames", key, Epoch(key), Clock);
    }

    public GrainCalls<ISubpoolGrain> Subpool(string key) => new(Grains.GetGrain<ISubpoolGrain>(key), "subpool", key, Epoch(key), Clock);
}
