using System.Diagnostics;
using Hugesim.Embedded;

namespace Hugesim.Benchmarks.Engine;

/// <summary>Calls per second and bytes per call of the embedded engine.</summary>
internal static class QuickEngine
{
    private const int Rounds = 5;

    internal static async Task RunAsync()
    {
        await using var cluster = EmbeddedCluster.Start();
        var grain = cluster.GrainFactory.GetGrain<IPinger>("hot");
        await MeasureAsync("100 callers, one grain", 3_000_000, calls => Callers(grain, 100, calls));
        await MeasureAsync("1 caller, one grain", 500_000, calls => Callers(grain, 1, calls));
        await MeasureAsync("1 grain calls another", 1_000_000, calls => grain.CallOther("cold", calls).AsTask());
        await MeasureAsync("2 pairs of grains", 2_000_000, calls => Pairs(cluster, calls));
        MeasureSchedules();
    }

    /// <summary>Four grains race for a fifth: 16 calls, each way a choice; the cluster starts anew each time.</summary>
    private static void MeasureSchedules()
    {
        using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Scheduler = SchedulerKind.Deterministic, Silos = 2 });
        const int Schedules = 20_000;
        var best = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            for (var seed = 0; seed < Schedules; seed++)
            {
                cluster.Reset(seed);
                cluster.Run(grains => Task.WhenAll(Enumerable.Range(0, 4).Select(n => grains.GetGrain<IPinger>("p" + n).CallOther("hot", 3).AsTask())));
            }

            best = Math.Max(best, Schedules / clock.Elapsed.TotalSeconds);
        }

        Console.WriteLine($"{"deterministic scheduler",-26} {best,14:N0} schedules/s, {cluster.Steps} deliveries each (best of {Rounds})");
    }

    internal static Task Callers(IPinger grain, int callers, int calls) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < calls / callers; i++)
            {
                await grain.Ping(i);
            }
        })));

    private static Task Pairs(EmbeddedCluster cluster, int calls) => Task.WhenAll(
        cluster.GrainFactory.GetGrain<IPinger>("a").CallOther("b", calls / 2).AsTask(),
        cluster.GrainFactory.GetGrain<IPinger>("c").CallOther("d", calls / 2).AsTask());

    private static async Task MeasureAsync(string what, int calls, Func<int, Task> run)
    {
        await run(calls / 10);
        var best = 0.0;
        var bytes = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var clock = Stopwatch.StartNew();
            await run(calls);
            best = Math.Max(best, calls / clock.Elapsed.TotalSeconds);
            bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)calls;
        }

        Console.WriteLine($"{what,-26} {best,14:N0} calls/s {1e9 / best,10:N0} ns/call {bytes,8:N1} bytes/call (best of {Rounds})");
    }
}
