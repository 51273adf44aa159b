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
    public Operation Name(long epoch, long life = 0) => new(s_session, number, _sequence, epoch, life);

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

/// <summary>What all grains of a silo share for their calls: the epochs that were seen, references, and the last operations of grains that have ended.</summary>
internal sealed class SiloCalls
{
    // A silo's grain factory is its identity here: the services of an activation are its own.
    private static readonly ConditionalWeakTable<IGrainFactory, SiloCalls> s_all = [];
    private readonly ConcurrentDictionary<string, GrainCalls<IHstateGrain>> _hstates = new();
    private readonly ConcurrentDictionary<(string Machine, int Node), GrainCalls<IFramesGrain>> _frames = new();
    private readonly ConcurrentDictionary<string, GrainCalls<ISubpoolGrain>> _subpools = new();
    private readonly ConcurrentDictionary<(MachineContext Machine, string? Subpool), HugePageFlows> _flows = new();

    // Null where each call is a message of its own.
    private readonly ConcurrentDictionary<string, HstateCombiner>? _combiners;

    private SiloCalls(IGrainFactory grains, TimeProvider clock, bool combines)
    {
        (Grains, Ended) = (grains, new EndedOperations(clock));
        Repeated = new RepeatedCalls(clock);
        _combiners = combines ? new() : null;
    }

    public IGrainFactory Grains { get; }

    /// <summary>Calls to all grains but hstates, frames and subpools.</summary>
    public RepeatedCalls Repeated { get; }

    public EndedOperations Ended { get; }

    public static SiloCalls Of(IGrainFactory grains, IServiceProvider services) =>
        s_all.TryGetValue(grains, out var known)
            ? known
            : s_all.GetValue(grains, factory => new SiloCalls(
                factory, services.GetRequiredService<TimeProvider>(), services.GetService<HstateCombining>() is not null));

    public GrainCalls<IHstateGrain> Hstate(string machine) => _hstates.GetOrAdd(
        machine, static (machine, calls) => calls.To<IHstateGrain>("hstate", Keys.Hstate(machine)), this);

    public GrainCalls<IFramesGrain> Frames(string machine, int node) => _frames.GetOrAdd(
        (machine, node), static (frames, calls) => calls.To<IFramesGrain>("frames", Keys.Frames(frames.Machine, frames.Node)), this);

    public GrainCalls<ISubpoolGrain> Subpool(string key) => _subpools.GetOrAdd(
        key, static (key, calls) => calls.To<ISubpoolGrain>("subpool", key), this);

    /// <summary>The flows of a machine's grains that allocate through a subpool, or through none.</summary>
    public HugePageFlows Flows(MachineContext machine, string? subpool) => _flows.GetOrAdd(
        (machine, subpool), static (key, calls) => new HugePageFlows(calls, key.Machine, key.Subpool), this);

    /// <summary>Drops a reference to an inode; one that is evicted by it need not remember that any more.</summary>
    /// <returns>The mount to end if it was detached, or null.</returns>
    public async ValueTask<string?> Release<TCall>(IInodeGrain inode, TCall call, Func<IInodeGrain, TCall, Operation, ValueTask<InodeReleased>> body, long life)
    {
        var released = await Repeated.Once(inode, call, body, life);
        if (released.Evicted)
        {
            await inode.Forget();
        }

        return released.Mount;
    }

    /// <summary>The combiner of a machine's hstate, or null where each call is a message of its own.</summary>
    public HstateCombiner? Combiner(string machine) => _combiners?.GetOrAdd(
        machine, static (machine, grains) => new HstateCombiner(grains.GetGrain<IHstateGrain>(Keys.Hstate(machine))), Grains);

    private GrainCalls<TGrain> To<TGrain>(string kind, string key)
        where TGrain : IGrainWithStringKey =>
        new(Grains.GetGrain<TGrain>(key), kind, key, new EpochCell(), Repeated);
}
