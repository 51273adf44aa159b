using System.Diagnostics;
using Hugesim.Embedded;

namespace Hugesim.Benchmarks.Engine;

/// <summary>Schedules per second of the deterministic scheduler.</summary>
internal static partial class QuickEngine
{
    /// <summary>Four grains race for a fifth: 16 calls, each way a choice; the cluster starts anew each time.</summary>
    static partial void MeasureSchedules()
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
}
