using Hugesim.Explore;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

/// <summary>Races while messages are late, lost and doubled and a silo crashes, all in one schedule: it ends, and who is told a number is told the right one.</summary>
public sealed class FaultedRaceTests
{
    private const FaultKinds All = FaultKinds.Delay | FaultKinds.Loss | FaultKinds.Duplicate | FaultKinds.Crash;

    /// <summary>For what a fork shares, a file, a subpool, a truncate.</summary>
    public static TheoryData<string> Races =>
    [
        "pool 3;proc p;p mmap m 2 private;p w m 0..1;parallel;p fork c;c w m 0;p w m 0..1;c exit;end",
        "pool 4;mount A;proc p;proc q;p open f A/x;q open f A/x;p mmap m 2 shared fd=f noreserve;parallel;p w m 0..1;q mmap n 2 shared fd=f;q w n 0;end",
        "pool 2;proc p;p mmap m 2 private;p w m 0..1 5;p fork c;c catch;parallel;p w m 0..1 6;c w m 0..1 7;end;p r m 0..1",
        "pool 2;mount A;proc p;proc q;p open f A/x;q open f A/x;p mmap m 2 private fd=f;p w m 0;parallel;p fork c;p w m 0;q trunc f 0;end",
        "pool 2;overcommit 2;mount A min_size=1 size=4;proc p;proc q;p open f A/x;parallel;p mmap m 4 shared fd=f;q mmap n 2 private;q w n 0;p w m 0;q munmap n;end;p munmap m",
    ];

    [Theory]
    [MemberData(nameof(Races))]
    public void Race_UnderAllFaultsTogether_EndsAndBreaksNoRule(string race)
    {
        var program = ScenarioProgram.Parse("test.txt", race.Split(';')).Program.ShouldNotBeNull();
        foreach (var strategy in new[] { StrategyKind.Random, StrategyKind.Pct })
        {
            var plan = new ExplorationPlan(new ExplorationMachine("7.3+repair", Silos: 2)) { Strategy = strategy, Schedules = 200, Faults = All, Shortens = false };
            var result = ScheduleExplorer.Explore(program, plan, cancellationToken: TestContext.Current.CancellationToken);
            result.Finding.ShouldBeNull($"{result.Finding?.Failure} {result.Finding?.Found}");
            result.Schedules.ShouldBe(plan.Schedules);
        }
    }
}
