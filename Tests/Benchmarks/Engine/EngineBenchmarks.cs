using BenchmarkDotNet.Attributes;
using Hugesim.Silo;

namespace Hugesim.Benchmarks.Engine;

/// <summary>A bare call of the engine: everything a grain does comes on top of this.</summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    private const int Calls = 100_000;

    private IGrainHost _host = null!;
    private IPinger _grain = null!;

    [GlobalSetup]
    public async Task Start()
    {
        _host = await GrainHost.StartAsync(new GrainHostOptions());
        _grain = await _host.RunAsync(grains => new ValueTask<IPinger>(grains.GetGrain<IPinger>("hot")));
    }

    [GlobalCleanup]
    public Task Stop() => _host.DisposeAsync().AsTask();

    [Benchmark(OperationsPerInvoke = Calls)]
    [Arguments(1)]
    [Arguments(100)]
    public Task Callers(int callers) => QuickEngine.Callers(_grain, callers, Calls);

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task<int> GrainToGrain() => _grain.CallOther("cold", Calls).AsTask();
}
