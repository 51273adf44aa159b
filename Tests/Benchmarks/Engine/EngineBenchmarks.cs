using BenchmarkDotNet.Attributes;
using Hugesim.Embedded;

namespace Hugesim.Benchmarks.Engine;

/// <summary>A bare call of the embedded engine: everything a grain does comes on top of this.</summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    private const int Calls = 100_000;

    private EmbeddedCluster _cluster = null!;
    private IPinger _grain = null!;

    [GlobalSetup]
    public void Start()
    {
        _cluster = EmbeddedCluster.Start();
        _grain = _cluster.GrainFactory.GetGrain<IPinger>("hot");
    }

    [GlobalCleanup]
    public void Stop() => _cluster.Dispose();

    [Benchmark(OperationsPerInvoke = Calls)]
    [Arguments(1)]
    [Arguments(100)]
    public Task Callers(int callers) => QuickEngine.Callers(_grain, callers, Calls);

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task<int> GrainToGrain() => _grain.CallOther("cold", Calls).AsTask();
}
