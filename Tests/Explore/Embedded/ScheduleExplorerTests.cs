using Hugesim.Explore;
using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class ScheduleExplorerTests
{
    private const string Race = """
        pool 3
        proc p
        proc q
        parallel
        p mmap m 2 private
        q mmap n 2 private
        p w m 0..1
        q w n 0..1
        p munmap m
        end
        """;

    // Kernels up to 6.12 fill the reserve of min_size with pages that nobody took when mmap fails: bug B5.
    private const string FailingMmap = """
        # A comment.
        pool 4
        mount A min_size=2
        proc p
        proc q
        p open f A/x
        parallel
        p mmap m 2 shared fd=f
        p w m 0
        p r m 1
        q mmap n 3 private
        p mmap k 5 shared fd=f off=2
        end
        p munmap m
        """;

    private static readonly ExplorationMachine s_machine = new(KernelProfiles.Newest.Repaired().Name);

    [Fact]
    public void Race_UnderEverySchedule_KeepsItsPromises()
    {
        var result = Explore(Program(Race), new ExplorationPlan(s_machine) { Strategy = StrategyKind.Exhaustive, Schedules = 1000 });
        result.Finding.ShouldBeNull();
        result.IsComplete.ShouldBeTrue();
        result.Outcomes.ShouldBe(3, "p alone, q alone, or both, one after the other");
    }

    [Fact]
    public void Race_UnderRandomSchedules_HasTheResultsOfTheExhaustiveSearch()
    {
        var all = Explore(Program(Race), new ExplorationPlan(s_machine) { Strategy = StrategyKind.Exhaustive, Schedules = 1000 });
        foreach (var strategy in new[] { StrategyKind.Random, StrategyKind.Pct })
        {
            Explore(Program(Race), new ExplorationPlan(s_machine) { Strategy = strategy, Schedules = 2000 })
                .Outcomes.ShouldBeInRange(2, all.Outcomes);
        }
    }

    [Theory]
    [InlineData(StrategyKind.Random)]
    [InlineData(StrategyKind.Pct)]
    [InlineData(StrategyKind.Exhaustive)]
    public void Explore_AKernelWithABug_FindsAndShortensIt(StrategyKind strategy)
    {
        var machine = new ExplorationMachine("6.12");
        var program = Program(FailingMmap);
        var found = Explore(program, new ExplorationPlan(machine) { Strategy = strategy, Schedules = 1000 }).Finding.ShouldNotBeNull();
        found.Failure.Kind.ShouldBe(FailureKind.Audit);
        found.Trace.Length.ShouldBeLessThanOrEqualTo(found.Found.Length);
        found.Program.Lines.Count.ShouldBeLessThan(program.Lines.Count);
        ScheduleExplorer.Replay(program, machine, found.Trace).Outcome.Failure.ShouldBe(found.Failure);
        ScheduleExplorer.Replay(found.Program, machine, found.ProgramTrace).Outcome.Failure.ShouldNotBeNull().IsLike(found.Failure).ShouldBeTrue();
    }

    [Fact]
    public void Explore_TheSamePlan_ComesToTheSameResult()
    {
        var plan = new ExplorationPlan(new ExplorationMachine("6.12", 1, 2)) { Strategy = StrategyKind.Pct, Seed = 4, Schedules = 1000 };
        var (one, other) = (Explore(Program(FailingMmap), plan), Explore(Program(FailingMmap), plan));
        other.Finding!.Schedule.ShouldBe(one.Finding!.Schedule);
        other.Finding.Found.ToString().ShouldBe(one.Finding.Found.ToString());
        other.Finding.ProgramTrace.ToString().ShouldBe(one.Finding.ProgramTrace.ToString());
        other.Finding.Program.Lines.ShouldBe(one.Finding.Program.Lines);
        other.Deliveries.ShouldBe(one.Deliveries);
    }

    [Fact]
    public void Replay_TellsWhatHappens()
    {
        var (outcome, story) = ScheduleExplorer.Replay(Program(Race), s_machine, ScheduleTrace.Parse("3:1"));
        outcome.Failure.ShouldBeNull();
        outcome.Trace.ToString().ShouldBe("3:1");
        story.Answers.Select(answer => answer.Line).Order().ShouldBe([1, 2, 3, 5, 6, 7, 8, 9]);
        story.Deliveries.Count(delivery => delivery.IsSwitch).ShouldBe(1);
        var reserve = story.Deliveries.First(delivery => delivery.Method.EndsWith(".Reserve", StringComparison.Ordinal));
        (reserve.Thread, reserve.Counters).ShouldBe(("q", "nr=3 free=3 resv=2 surp=0"));
    }

    private static ExplorationResult Explore(ScenarioProgram program, ExplorationPlan plan) =>
        ScheduleExplorer.Explore(program, plan, cancellationToken: TestContext.Current.CancellationToken);

    private static ScenarioProgram Program(string text)
    {
        var (program, errors) = ScenarioProgram.Parse("test.txt", text.Split('\n'));
        errors.ShouldBeEmpty();
        return program!;
    }
}
