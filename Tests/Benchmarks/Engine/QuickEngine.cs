using System.Diagnostics;
using Hugesim.Silo;
using Orleans;

namespace Hugesim.Benchmarks.Engine;

/// <summary>Calls per second and bytes per call of the engine.</summary>
internal static partial class QuickEngine
{
    private const int Rounds = 5;

    // A call of Orleans costs more: the same seconds, with fewer calls.
    private const int Unit = GrainHost.IsCheap ? 500_000 : 50_000;

    internal static async Task RunAsync()
    {
        await using var host = await GrainHost.StartAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            var grain = grains.GetGrain<IPinger>("hot");
            await MeasureAsync("100 callers, one grain", 6 * Unit, calls => Callers(grain, 100, calls));
            await MeasureAsync("1 caller, one grain", Unit, calls => Callers(grain, 1, calls));
            await MeasureAsync("1 grain calls another", 2 * Unit, calls => grain.CallOther("cold", calls).AsTask());
            await MeasureAsync("2 pairs of grains", 4 * Unit, calls => Pairs(grains, calls));
            return true;
        });
        MeasureSchedules();
    }

    /// <summary>What only the embedded engine can do.</summary>
    static partial void MeasureSchedules();

    internal static Task Callers(IPinger grain, int callers, int calls) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < calls / callers; i++)
            {
                await grain.Ping(i);
            }
        })));

    private static Task Pairs(IGrainFactory grains, int calls) => Task.WhenAll(
        grains.GetGrain<IPinger>("a").CallOther("b", calls / 2).AsTask(),
        grains.GetGrain<IPinger>("c").CallOther("d", calls / 2).AsTask());

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
