using Hugesim.Bench;
using Hugesim.Explore;

namespace Hugesim.Benchmarks.Engine;

/// <summary>Schedules of a whole machine a second: every schedule boots it and races four processes; each state that they come to is audited and torn down once.</summary>
internal static class QuickExplore
{
    private const int Rounds = 5;
    private const int Schedules = 10_000;

    internal static Task RunAsync()
    {
        foreach (var strategy in Enum.GetValues<StrategyKind>())
        {
            var (best, deliveries, allocated) = (0.0, 0L, 0L);
            for (var round = 0; round < Rounds; round++)
            {
                var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread());
                var result = ScheduleBench.Explore(strategy, Schedules);
                best = Math.Max(best, result.Schedules / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
                (deliveries, allocated) = (result.Deliveries / result.Schedules, (GC.GetAllocatedBytesForCurrentThread() - bytes) / result.Schedules);
            }

            Console.WriteLine(
                $"{strategy,-12} {best,10:N0} schedules per second of processor time, {deliveries} deliveries in the block of each, {allocated / 1024:N0} KiB allocated "
                + $"(best of {Rounds})");
        }

        return Task.CompletedTask;
    }
}
