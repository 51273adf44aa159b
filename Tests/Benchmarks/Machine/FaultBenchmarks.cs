using BenchmarkDotNet.Attributes;

namespace Hugesim.Benchmarks.Machine;

/// <summary>The kernel's hot paths through the grains: a reserved private write fault, and mmap with munmap.</summary>
[MemoryDiagnoser]
public class FaultBenchmarks
{
    private const int Pages = 1000;

    private FaultWorkload? _workload;

    /// <summary>Processes at work side by side.</summary>
    [Params(1, 16)]
    public int Processes { get; set; }

    /// <summary>Boots the machine.</summary>
    [GlobalSetup]
    public async Task Setup() => _workload = await FaultWorkload.StartAsync(Processes, Pages);

    /// <summary>Ends it.</summary>
    [GlobalCleanup]
    public async Task Cleanup() => await _workload!.DisposeAsync();

    /// <summary>One reserved private write fault of each process: three grain calls after the client's own.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public async Task<int> ReservedPrivateFault() => await _workload!.ReservedFaultsAsync();

    /// <summary>mmap and munmap of one page by each process.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public async Task<int> MmapMunmapPair() => await _workload!.MapAndUnmapAsync();
}
