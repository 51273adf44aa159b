using System.Collections.Concurrent;
using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>A place that a process keeps for its successors, so that others can be forked from whoever sits there.</summary>
internal sealed class Seat
{
    private EmulatedProcess? _process;

    /// <summary>The process that lives there and has started; null between two.</summary>
    public EmulatedProcess? Process
    {
        get => Volatile.Read(ref _process);
        set => Volatile.Write(ref _process, value);
    }
}

/// <summary>An emulated machine under load.</summary>
internal sealed class LoadMachine
{
    private readonly IGrainFactory _grains;
    private readonly MachineCalls _calls;
    private readonly ConcurrentDictionary<long, bool> _segments = new();
    private readonly Seat[][] _seats;

    private LoadMachine(
        IGrainFactory grains, MachineCalls calls, string name, int index, MachineContext context, WorkloadProfile profile, long[] population)
    {
        (_grains, _calls, Name, Index, Context, Profile, PopulationByKind) = (grains, calls, name, index, context, profile, population);
        _seats = [.. profile.Kinds.Select(kind => profile.Kinds.Any(child => child.From == kind && population[child.Index] > 0)
            ? Enumerable.Range(0, (int)population[kind.Index]).Select(_ => new Seat()).ToArray()
            : [])];
    }

    public string Name { get; }

    public int Index { get; }

    public MachineContext Context { get; }

    public WorkloadProfile Profile { get; }

    public long[] PopulationByKind { get; }

    /// <summary>Boots a machine with its pool and its mounts.</summary>
    /// <exception cref="LoadSetupException">Pool or mounts cannot be had.</exception>
    public static async ValueTask<LoadMachine> BootAsync(IGrainFactory grains, RepeatedCalls calls, LoadOptions options, int index, long[] population)
    {
        var name = options.MachineName(index);
        var profile = options.Profile;
        var ofMachine = new MachineCalls(grains, name, calls);
        var context = await ofMachine.Boot(new BootMachine(options.Kernel, profile.Nodes, ScenarioLimits.PoolPages));
        var machine = new LoadMachine(grains, ofMachine, name, index, context, profile, population);
        var pools = options.PoolPages is { } pages
            ? [(pages, -1)]
            : profile.Pools.Select(pool => (Pages: pool.Pages.For(population), pool.Node)).ToArray();
        await ofMachine.SetOvercommit(profile.Overcommit.For(population));
        foreach (var (size, node) in pools)
        {
            if (size > ScenarioLimits.PoolPages || await ofMachine.SetMaxHugePages(new SetPoolRequest(size, node, ~0L)) is not Errno.None)
            {
                throw new LoadSetupException($"{profile.Name}: a machine cannot have a pool of {size} huge pages",
                    $"it can have at most {ScenarioLimits.PoolPages}: give fewer --processes, more --machines, or another --pool");
            }
        }

        foreach (var mount in profile.Mounts)
        {
            var (size, min) = (mount.Size?.For(population) ?? -1, mount.MinSize?.For(population) ?? -1);
            if (await ofMachine.Mount(TaskContext.Default, mount.Name, size, min, -1) is var error && error != Errno.None)
            {
                throw new LoadSetupException($"{profile.Name}: mount {mount.Name} with size {size} and min_size {min} fails with {error}",
                    "make the pool at least as large as all min_size together, and no min_size larger than its size");
            }
        }

        return machine;
    }

    /// <summary>The seat of a process, or null where no other is forked from it.</summary>
    public Seat? SeatOf(ProcessKind kind, long number) => number >= 0 && number < _seats[kind.Index].Length ? _seats[kind.Index][number] : null;

    /// <summary>The number of the process that a process of the population is forked from.</summary>
    public long ParentOf(ProcessKind kind, long number) => number % PopulationByKind[kind.From!.Index];

    /// <summary>The grain of a new process.</summary>
    public ValueTask<(long Pid, ProcessCalls Process)> NewProcess() => _calls.NewProcess();

    /// <summary>shmget.</summary>
    public async ValueTask<ShmAnswer> ShmGet(TaskContext task, long bytes)
    {
        var segment = await _calls.ShmGet(task, bytes, noReserve: false);
        if (segment.Error == Errno.None)
        {
            _segments[segment.Id] = true;
        }

        return segment;
    }

    /// <summary>shmctl(IPC_RMID).</summary>
    public ValueTask<Errno> ShmRemove(long id)
    {
        _segments.TryRemove(id, out _);
        return _calls.ShmRemove(id);
    }

    /// <summary>The counters of the pool.</summary>
    public async ValueTask<PoolCounters> ReadCounters()
    {
        var counters = await _calls.ReadCounters();
        return new PoolCounters(counters.Nr, counters.Free, counters.Resv, counters.Surplus);
    }

    /// <summary>What does not hold on the machine, which must be at rest.</summary>
    public async ValueTask<IReadOnlyList<string>> AuditAsync() =>
        [.. (await MachineAudit.RunAsync(_grains, Name)).Select(violation => $"{Name}: {violation}")];

    /// <summary>Removes what the processes have left, and says what is still in use then: nothing may be.</summary>
    public async ValueTask<IReadOnlyList<string>> EndAsync()
    {
        foreach (var id in _segments.Keys)
        {
            await ShmRemove(id);
        }

        foreach (var mount in Profile.Mounts.Reverse())
        {
            await _calls.Umount(mount.Name, lazy: true);
        }

        var left = await ReadCounters();
        return left.Nr == left.Free && left is { Resv: 0, Surplus: 0 }
            ? []
            : [$"{Name}: all processes have ended and nothing is mounted, but nr={left.Nr} free={left.Free} resv={left.Resv} surplus={left.Surplus}"];
    }
}
