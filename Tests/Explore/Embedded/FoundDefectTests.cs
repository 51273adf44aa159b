using Hugesim.Explore;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

/// <summary>What exploration has found in the grains: the scenario, the schedule that showed it, and all other schedules of it.</summary>
public sealed class FoundDefectTests
{
    [Fact]
    public void Truncate_OfAFileWhoseMappingCloses_WaitsForNobodyWhoWaitsForIt() =>
        Clean("20:2", "pool 1", "mount A", "proc p", "proc q", "p open f A/x", "q open f A/x", "p mmap m 1 private fd=f", "p fork c",
            "parallel", "c exit", "q trunc f 0", "p munmap m", "end");

    [Fact]
    public void Shmat_OfASegmentThatIsBeingRemoved_MapsItOrFindsNone() =>
        Clean("6:1", "pool 2", "proc p", "proc q", "p shmget s 1", "parallel", "q shmat m s", "p shmrm s", "q w m 0", "end");

    [Fact]
    public void Open_WhileTheMountGoes_OpensTheFileOrFindsNone() =>
        Clean("7:1", "pool 2", "mount A min_size=1", "proc p", "parallel", "p open f A/x", "umount A", "p mmap m 1 shared fd=f", "p w m 0", "end");

    [Fact]
    public void Open_WhileTheNameGoes_OpensTheFileOrMakesANewOne() =>
        Clean("0:1,5:0", "pool 2", "mount A", "proc p", "proc q", "p open f A/x", "p close f", "parallel", "p unlink A/x", "q open g A/x", "q mmap n 1 shared fd=g", "q w n 0", "end");

    [Fact]
    public void OwnersCow_WithoutAPage_SeesTheTruncateThatWaitedForIt()
    {
        string[] lines =
        [
            "pool 2", "mount A", "proc p", "proc q", "p open f A/x", "q open f A/x", "p mmap m 2 private fd=f", "p w m 0",
            "parallel", "p fork c", "p w m 0", "q trunc f 0", "end",
        ];
        Clean("20:2", lines);
        Clean("19:1", lines);
    }

    private static void Clean(string schedule, params string[] lines)
    {
        var program = ScenarioProgram.Parse("test.txt", lines).Program.ShouldNotBeNull();
        var machine = new ExplorationMachine("7.3+repair");
        ScheduleExplorer.Replay(program, machine, ScheduleTrace.Parse(schedule)).Outcome.Failure.ShouldBeNull();
        var plan = new ExplorationPlan(machine) { Strategy = StrategyKind.Exhaustive, Schedules = 3000, Shortens = false };
        var result = ScheduleExplorer.Explore(program, plan, cancellationToken: TestContext.Current.CancellationToken);
        result.Finding.ShouldBeNull($"{result.Finding?.Failure.Message} {result.Finding?.Found}");
    }
}
