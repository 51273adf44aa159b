using Hugesim.Explore;

namespace Hugesim.Bench;

/// <summary>Schedules of a whole machine: each boots it and races four processes for three pages; each state that they come to is audited and torn down once. On one thread.</summary>
internal static class ScheduleBench
{
    private static readonly string[] s_race =
    [
        "pool 3", "proc p", "proc q", "proc r", "proc s",
        "parallel",
        "p mmap m 1 private", "q mmap m 1 private", "r mmap m 1 private", "s mmap m 1 private",
        "p w m 0", "q w m 0", "r w m 0", "s w m 0",
        "end",
    ];

    /// <summary>Whether this build's engine can.</summary>
    public static bool IsSupported => ScheduleRunner.IsSupported;

    /// <summary>Runs schedules, each another one.</summary>
    public static BenchSide Side(StrategyKind strategy) => new($"{strategy} schedules, one core", operations =>
    {
        var result = Explore(strategy, operations);
        return result.Finding is null ? ValueTask.CompletedTask : throw new InvalidOperationException($"the race fails: {result.Finding.Failure.Message}");
    });

    /// <summary>Explores the race.</summary>
    public static ExplorationResult Explore(StrategyKind strategy, long schedules) => ScheduleExplorer.Explore(
        ScenarioProgram.Parse("race", s_race).Program!, new ExplorationPlan(new ExplorationMachine("7.3+repair")) { Strategy = strategy, Schedules = schedules });
}
