using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Bench;

/// <summary>The simulated machine's side: a process that maps, faults and unmaps, and callers of its hstate.</summary>
internal sealed class EngineBench
{
    /// <summary>Huge pages of the mapping whose faults are measured, here and on the real kernel.</summary>
    public const long MappingPages = 64;

    /// <summary>Processes at the same time.</summary>
    public const int Processes = 16;

    /// <summary>Callers of one grain at the same time.</summary>
    public const int Callers = 100;

    private readonly IProcessGrain[] _processes;
    private readonly IHstateGrain _hstate;

    private EngineBench(ClusterMachine machine, IProcessGrain[] processes, IHstateGrain hstate) => (Machine, _processes, _hstate) = (machine, processes, hstate);

    /// <summary>The machine, which whoever booted it switches off.</summary>
    public ClusterMachine Machine { get; }

    /// <summary>Boots a machine.</summary>
    public static async ValueTask<EngineBench> StartAsync(IGrainFactory grains)
    {
        var (machine, hstate, spawn) = await BootAsync(grains, (Processes * MappingPages) + Callers).ConfigureAwait(false);
        var processes = new IProcessGrain[Processes];
        for (var i = 0; i < processes.Length; i++)
        {
            processes[i] = await spawn().ConfigureAwait(false);
        }

        return new EngineBench(machine, processes, hstate);
    }

    /// <summary>Reserved private write faults, one call a page.</summary>
    /// <param name="processes">Processes that do so at the same time.</param>
    public BenchSide Faults(int processes) => new(NameOf(processes), operations => ByProcessesAsync(processes, operations / MappingPages, async process =>
    {
        var mapped = await MapAsync(process, MappingPages).ConfigureAwait(false);
        for (var page = 0L; page < MappingPages; page++)
        {
            await process.Touch(mapped.Address + (page * Units.PageBytes), 1, write: true, 1).ConfigureAwait(false);
        }

        await process.Munmap(mapped.Address, mapped.Length).ConfigureAwait(false);
    }));

    /// <summary>mmap and munmap of one page.</summary>
    /// <param name="processes">Processes that do so at the same time.</param>
    public BenchSide Mappings(int processes) => new(NameOf(processes), operations => ByProcessesAsync(processes, operations, async process =>
    {
        var mapped = await MapAsync(process, 1).ConfigureAwait(false);
        await process.Munmap(mapped.Address, mapped.Length).ConfigureAwait(false);
    }));

    /// <summary>Starts processes that have one mapping each and do nothing, and tells what each of them takes.</summary>
    public static async ValueTask<BenchSize> IdleProcessesAsync(IGrainFactory grains, int count)
    {
        const long GoalBytes = (24L << 30) / 1_000_000;
        var (_, _, spawn) = await BootAsync(grains, count).ConfigureAwait(false);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < count; i++)
        {
            await MapAsync(await spawn().ConfigureAwait(false), 1).ConfigureAwait(false);
        }

        return new BenchSize("an idle process with a mapping", (GC.GetTotalMemory(forceFullCollection: true) - before) / count, GoalBytes);
    }

    /// <summary>A reservation taken and given back at one hstate, by many callers.</summary>
    public BenchSide HotPath => new("reserve + unreserve, one by one", operations => ByCallersAsync(operations, async times =>
    {
        for (var i = 0L; i < times; i++)
        {
            await _hstate.Reserve(new ReserveRequest(TaskContext.Default, 1, 0), default).ConfigureAwait(false);
            await _hstate.Unreserve(new UnreserveRequest(1, []), default).ConfigureAwait(false);
        }
    }));

    /// <summary>The same through a combiner.</summary>
    public BenchSide CombinedHotPath
    {
        get
        {
            var combiner = new HstateCombiner(_hstate);
            return new("reserve + unreserve, combined", operations => ByCallersAsync(operations, async times =>
            {
                for (var i = 0L; i < times; i++)
                {
                    await combiner.Reserve(new ReserveRequest(TaskContext.Default, 1, 0), default).ConfigureAwait(false);
                    await combiner.Unreserve(new UnreserveRequest(1, []), default).ConfigureAwait(false);
                }
            }));
        }
    }

    /// <summary>The cheapest call there is of one grain, by as many callers.</summary>
    public BenchSide BareCall => new("bare call of one grain", operations => ByCallersAsync(operations, async times =>
    {
        for (var i = 0L; i < times; i++)
        {
            await _processes[0].GetTask().ConfigureAwait(false);
        }
    }));

    private static string NameOf(int processes) => $"simulated, {processes} process{(processes == 1 ? "" : "es")}";

    private static async ValueTask<(ClusterMachine Machine, IHstateGrain Hstate, Func<ValueTask<IProcessGrain>> Spawn)> BootAsync(IGrainFactory grains, long poolPages)
    {
        var name = $"bench-{Guid.NewGuid():N}";
        var machine = grains.GetGrain<IMachineGrain>(name);
        var hstate = grains.GetGrain<IHstateGrain>(Keys.Hstate(name));
        var context = await machine.Boot(new BootMachine(KernelProfiles.Newest.Name, 1, ScenarioLimits.PoolPages)).ConfigureAwait(false);
        await hstate.SetMaxHugePages(new SetPoolRequest(poolPages, -1, ~0L)).ConfigureAwait(false);
        return (new ClusterMachine(name, context.Profile, 1), hstate, SpawnAsync);

        async ValueTask<IProcessGrain> SpawnAsync()
        {
            var process = grains.GetGrain<IProcessGrain>(Keys.Process(name, await machine.NextPid().ConfigureAwait(false)));
            await process.Spawn(context, TaskContext.Default).ConfigureAwait(false);
            return process;
        }
    }

    private static async ValueTask<MmapAnswer> MapAsync(IProcessGrain process, long pages)
    {
        var answer = await process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false)).ConfigureAwait(false);
        return answer.Error == Errno.None ? answer : throw new InvalidOperationException($"mmap of {pages} pages failed with {answer.Error}");
    }

    private async ValueTask ByProcessesAsync(int processes, long times, Func<IProcessGrain, ValueTask> work) =>
        await Task.WhenAll(_processes.Take(processes).Select(process => Task.Run(async () =>
        {
            for (var done = 0L; done < times; done += processes)
            {
                await work(process).ConfigureAwait(false);
            }
        }))).ConfigureAwait(false);

    // A caller makes its calls by itself: a delegate for each would cost more than some of them.
    private static async ValueTask ByCallersAsync(long operations, Func<long, Task> calls) =>
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => calls((operations + Callers - 1) / Callers)))).ConfigureAwait(false);
}
