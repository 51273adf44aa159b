using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Bench;

/// <summary>The simulated machine's side: a process that maps, faults and unmaps, and callers of its hstate.</summary>
internal sealed class EngineBench
{
    /// <summary>Huge pages of the mapping whose faults are measured, here and on the real kernel.</summary>
    public const long MappingPages = 100;

    /// <summary>Callers of one grain at the same time.</summary>
    public const int Callers = 100;

    private readonly IProcessGrain _process;
    private readonly IHstateGrain _hstate;

    private EngineBench(ClusterMachine machine, IProcessGrain process, IHstateGrain hstate) => (Machine, _process, _hstate) = (machine, process, hstate);

    /// <summary>The machine, which whoever booted it switches off.</summary>
    public ClusterMachine Machine { get; }

    /// <summary>Boots a machine.</summary>
    public static async ValueTask<EngineBench> StartAsync(IGrainFactory grains)
    {
        var name = $"bench-{Guid.NewGuid():N}";
        var machine = grains.GetGrain<IMachineGrain>(name);
        var hstate = grains.GetGrain<IHstateGrain>(Keys.Hstate(name));
        var context = await machine.Boot(new BootMachine(KernelProfiles.Newest.Name, 1, ScenarioLimits.PoolPages)).ConfigureAwait(false);
        await hstate.SetMaxHugePages(new SetPoolRequest(MappingPages + Callers, -1, ~0L)).ConfigureAwait(false);
        var process = grains.GetGrain<IProcessGrain>(Keys.Process(name, await machine.NextPid().ConfigureAwait(false)));
        await process.Spawn(context, TaskContext.Default).ConfigureAwait(false);
        return new EngineBench(new ClusterMachine(name, context.Profile, 1), process, hstate);
    }

    /// <summary>Reserved private write faults, one call a page.</summary>
    public BenchSide Faults => new($"simulated ({GrainHost.EngineName})", async operations =>
    {
        for (var done = 0L; done < operations; done += MappingPages)
        {
            var mapped = await MapAsync(MappingPages).ConfigureAwait(false);
            for (var page = 0L; page < MappingPages; page++)
            {
                await _process.Touch(mapped.Address + (page * Units.PageBytes), 1, write: true, 1).ConfigureAwait(false);
            }

            await _process.Munmap(mapped.Address, mapped.Length).ConfigureAwait(false);
        }
    });

    /// <summary>mmap and munmap of one page.</summary>
    public BenchSide Mappings => new($"simulated ({GrainHost.EngineName})", async operations =>
    {
        for (var done = 0L; done < operations; done++)
        {
            var mapped = await MapAsync(1).ConfigureAwait(false);
            await _process.Munmap(mapped.Address, mapped.Length).ConfigureAwait(false);
        }
    });

    /// <summary>A reservation taken and given back at one hstate, by many callers.</summary>
    public BenchSide HotPath => new("reserve + unreserve at one hstate", operations => ByCallersAsync(operations, async () =>
    {
        await _hstate.Reserve(new ReserveRequest(TaskContext.Default, 1, 0), default).ConfigureAwait(false);
        await _hstate.Unreserve(new UnreserveRequest(1, []), default).ConfigureAwait(false);
    }));

    /// <summary>The cheapest call there is of one grain, by as many callers.</summary>
    public BenchSide BareCall => new("bare call of one grain", operations => ByCallersAsync(operations, async () =>
        await _process.GetTask().ConfigureAwait(false)));

    private async ValueTask<MmapAnswer> MapAsync(long pages)
    {
        var answer = await _process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false)).ConfigureAwait(false);
        return answer.Error == Errno.None ? answer : throw new InvalidOperationException($"mmap of {pages} pages failed with {answer.Error}");
    }

    private static async ValueTask ByCallersAsync(long operations, Func<ValueTask> call) =>
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            for (var done = 0L; done < operations; done += Callers)
            {
                await call().ConfigureAwait(false);
            }
        }))).ConfigureAwait(false);
}
