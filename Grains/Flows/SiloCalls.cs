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

/// <summary>What all grains of a silo share for their calls: the machines that they are of, and the last operations of grains that have ended.</summary>
internal sealed class SiloCalls
{
    private const int FewMachines = 64;

    // A silo's grain factory is its identity here: the services of an activation are its own.
    private static readonly ConditionalWeakTable<IGrainFactory, SiloCalls> s_all = [];

    // A machine is remembered as long as a grain here has its flows: a silo sees very many machines in its life.
    private readonly ConcurrentDictionary<string, WeakReference<MachineLinks>> _machines = new(StringComparer.Ordinal);
    private readonly bool _combines;
    private int _sweepAt = FewMachines;

    private SiloCalls(IGrainFactory grains, TimeProvider clock, bool combines)
    {
        (Grains, Ended, _combines) = (grains, new EndedOperations(clock), combines);
        Repeated = new RepeatedCalls(clock);
    }

    public IGrainFactory Grains { get; }

    /// <summary>Calls to all grains but hstates, frames and subpools.</summary>
    public RepeatedCalls Repeated { get; }

    public EndedOperations Ended { get; }

    /// <summary>Machines that are remembered.</summary>
    public int Machines => _machines.Count;

    public static SiloCalls Of(IGrainFactory grains, IServiceProvider services) =>
        s_all.TryGetValue(grains, out var known)
            ? known
            : s_all.GetValue(grains, factory => new SiloCalls(
                factory, services.GetRequiredService<TimeProvider>(), services.GetService<HstateCombining>() is not null));

    /// <summary>What the grains of a machine share here; to be kept by whoever needs it again.</summary>
    public MachineLinks Machine(string machine)
    {
        if (_machines.TryGetValue(machine, out var known) && known.TryGetTarget(out var links))
        {
            return links;
        }

        lock (_machines)
        {
            if (_machines.TryGetValue(machine, out known) && known.TryGetTarget(out links))
            {
                return links;
            }

            links = new MachineLinks(this, machine, _combines);
            _machines[machine] = new WeakReference<MachineLinks>(links);
            Sweep();
            return links;
        }
    }

    /// <summary>The flows of a machine's grains that allocate through a subpool, or through none.</summary>
    public HugePageFlows Flows(MachineContext machine, string? subpool) => Machine(machine.Machine).Flows(machine, subpool);

    /// <summary>Drops a reference to an inode; one that is evicted by it need not remember that any more.</summary>
    /// <returns>The mount to end if it was detached, or null.</returns>
    public async Flow<string?> Release<TCall>(IInodeGrain inode, TCall call, Func<IInodeGrain, TCall, Operation, ValueTask<InodeReleased>> body, long life)
    {
        var released = await Repeated.Once(inode, call, body, life);
        if (released.Evicted)
        {
            await inode.Forget();
        }

        return released.Mount;
    }

    // Each time that there are twice as many as were left the last time: an entry costs the same whenever it goes.
    private void Sweep()
    {
        if (_machines.Count < _sweepAt)
        {
            return;
        }

        foreach (var (machine, links) in _machines)
        {
            if (!links.TryGetTarget(out _))
            {
                _machines.TryRemove(machine, out _);
            }
        }

        _sweepAt = Math.Max(FewMachines, 2 * _machines.Count);
    }
}
