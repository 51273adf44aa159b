using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Silo;

namespace Hugesim.Benchmarks.Machine;

/// <summary>Processes of one emulated machine that map, fault and unmap.</summary>
internal sealed class FaultWorkload : IAsyncDisposable
{
    private readonly IGrainHost _host;
    private readonly IProcessGrain[] _processes;
    private readonly long _pages;

    private FaultWorkload(IGrainHost host, IProcessGrain[] processes, long pages) => (_host, _processes, _pages) = (host, processes, pages);

    /// <summary>Boots a machine with a pool that holds all mappings at once.</summary>
    /// <param name="processes">Processes at work side by side.</param>
    /// <param name="pages">Huge pages of each mapping.</param>
    public static async Task<FaultWorkload> StartAsync(int processes, long pages)
    {
        var host = await GrainHost.StartAsync(new GrainHostOptions());
        var grains = await host.RunAsync(async grains =>
        {
            var machine = grains.GetGrain<IMachineGrain>("bench");
            var context = await machine.Boot(new BootMachine(KernelProfiles.Newest.Name, 1, 1L << 24));
            await grains.GetGrain<IHstateGrain>(Keys.Hstate("bench")).SetMaxHugePages(new SetPoolRequest(processes * pages, -1, ~0L));
            var spawned = new IProcessGrain[processes];
            for (var i = 0; i < processes; i++)
            {
                spawned[i] = grains.GetGrain<IProcessGrain>(Keys.Process("bench", await machine.NextPid()));
                await spawned[i].Spawn(context, TaskContext.Default);
            }

            return spawned;
        });
        return new FaultWorkload(host, grains, pages);
    }

    /// <summary>Each process maps privately, writes every page once, one call a page, and unmaps.</summary>
    public ValueTask<int> ReservedFaultsAsync() => EachProcess(async process =>
    {
        var mapped = await MapAsync(process, _pages);
        for (var page = 0L; page < _pages; page++)
        {
            await process.Touch(mapped.Address + page * Units.PageBytes, 1, write: true, 1);
        }

        await process.Munmap(mapped.Address, mapped.Length);
    });

    /// <summary>The same at a fixed rate; the mappings are made before and go after.</summary>
    /// <param name="flowsPerSecond">Faults of all processes in a second.</param>
    /// <param name="evenly">One by one, not in bursts.</param>
    /// <param name="isAlone">Only the first process makes them.</param>
    public ValueTask<PacedRun> PacedFaultsAsync(int flowsPerSecond, bool evenly = false, bool isAlone = false) => _host.RunAsync(async _ =>
    {
        var mapped = new MmapAnswer[isAlone ? 1 : _processes.Length];
        var next = new long[mapped.Length];
        for (var i = 0; i < mapped.Length; i++)
        {
            mapped[i] = await MapAsync(_processes[i], _pages);
        }

        Func<int, ValueTask> fault = async process => await _processes[process].Touch(mapped[process].Address + next[process]++ * Units.PageBytes, 1, write: true, 1);
        var faults = (int)(mapped.Length * _pages);
        var run = evenly
            ? await PacedFaults.EvenlyAsync(fault, mapped.Length, flowsPerSecond, faults)
            : await PacedFaults.InBurstsAsync(fault, mapped.Length, flowsPerSecond, faults);
        for (var i = 0; i < mapped.Length; i++)
        {
            await _processes[i].Munmap(mapped[i].Address, mapped[i].Length);
        }

        return run;
    });

    /// <summary>Each process maps one page and unmaps it, as often as it has pages.</summary>
    public ValueTask<int> MapAndUnmapAsync() => EachProcess(async process =>
    {
        for (var i = 0L; i < _pages; i++)
        {
            var mapped = await MapAsync(process, 1);
            await process.Munmap(mapped.Address, mapped.Length);
        }
    });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private ValueTask<int> EachProcess(Func<IProcessGrain, Task> work) => _host.RunAsync(async _ =>
    {
        await Task.WhenAll(_processes.Select(work));
        return _processes.Length;
    });

    private static async ValueTask<MmapAnswer> MapAsync(IProcessGrain process, long pages)
    {
        var answer = await process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false));
        return answer.Error == Errno.None ? answer : throw new InvalidOperationException($"mmap of {pages} pages failed with {answer.Error}");
    }
}
