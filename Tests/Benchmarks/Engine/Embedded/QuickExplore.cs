using Hugesim.Explore;

namespace Hugesim.Benchmarks.Engine;

/// <summary>Schedules of a whole machine a second: every schedule boots it, races four processes, audits it and tears it down.</summary>
internal static class QuickExplore
{
    private const int Rounds = 5;
    private const int Schedules = 10_000;

    private static readonly string[] s_race =
    [
        "pool 3", "proc p", "proc q", "proc r", "proc s",
        "parallel",
        "p mmap m 1 private", "q mmap m 1 private", "r mmap m 1 private", "s mmap m 1 private",
        "p w m 0", "q w m 0", "r w m 0", "s w m 0",
        "end",
    ];

    internal static Task RunAsync()
    {
        var program = ScenarioProgram.Parse("race", s_race).Program!;
        foreach (var strategy in Enum.GetValues<StrategyKind>())
        {
            var (best, deliveries, allocated) = (0.0, 0L, 0L);
            for (var round = 0; round < Rounds; round++)
            {
                var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread());
                var plan = new ExplorationPlan(new ExplorationMachine("7.3+repair")) { Strategy = strategy, Schedules = Schedules };
                var result = ScheduleExplorer.Explore(program, plan);
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
