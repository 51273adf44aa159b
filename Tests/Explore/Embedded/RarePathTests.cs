using Hugesim.Explore;
using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

/// <summary>
/// "Sometimes" assertions: an exploration must take every rare path, in scenarios that break no rule under any schedule that is tried.
/// </summary>
public sealed class RarePathTests
{
    private static readonly (string[] Lines, InjectedFailures Injected)[] s_suite =
    [
        (["pool 6", "mount A size=5 min_size=2", "proc p", "proc q", "p open f A/x", "q open f A/x", "p mmap m 2 shared fd=f noreserve", "parallel",
            "p w m 0..1", "q mmap n 3 shared fd=f", "q w n 0", "end", "q r n 0..1"], InjectedFailures.None),
        (["pool 6", "mount A size=5 min_size=2", "proc p", "proc q", "proc r", "p open f A/x", "q open f A/x", "r open f A/x", "p mmap m 3 shared fd=f", "p catch", "q catch",
            "parallel", "p w m 0..2", "q mmap n 3 shared fd=f", "q w n 0..2", "r trunc f 1", "r falloc f 0 3", "r punch f 1 1", "end"], InjectedFailures.None),
        (["pool 2", "proc p", "p mmap m 2 private", "p w m 0..1 5", "p fork c", "c catch", "parallel", "p w m 0..1 6", "c w m 0..1 7", "end", "p r m 0..1"], InjectedFailures.None),
        (["pool 2", "overcommit 2", "mount A min_size=1 size=4", "proc p", "proc q", "p open f A/x", "parallel", "p mmap m 4 shared fd=f", "q mmap n 2 private", "q w n 0", "p w m 0",
            "q munmap n", "p mmap k 4 shared fd=f off=4", "end", "p munmap m"], InjectedFailures.None),
        (["pool 4", "mount A", "proc p", "proc q", "p open f A/x", "p mmap m 2 shared fd=f", "p uffd m 0 2", "parallel", "p uffdcopy m 0", "p uffdcopy m 1", "q mmap n 2 private", "q w n 0", "end"],
            InjectedFailures.FailUsercopy),
        (["pool 4", "proc p", "proc q", "p mmap m 2 private", "p uffd m 0 2", "parallel", "p uffdcopy m 0", "q mmap n 2 private", "q w n 0", "end"],
            InjectedFailures.FailUsercopy | InjectedFailures.Failslab),
    ];

    [Fact]
    public void Exploration_TakesEveryRarePath_AndBreaksNoRule()
    {
        var taken = new HashSet<Rare>();
        foreach (var (lines, injected) in s_suite)
        {
            var program = ScenarioProgram.Parse("suite", lines).Program.ShouldNotBeNull();
            foreach (var strategy in new[] { StrategyKind.Random, StrategyKind.Pct })
            {
                var plan = new ExplorationPlan(new ExplorationMachine("7.3+repair", Injected: injected)) { Strategy = strategy, Schedules = 300, Shortens = false };
                var result = ScheduleExplorer.Explore(program, plan, cancellationToken: TestContext.Current.CancellationToken);
                result.Finding.ShouldBeNull($"{string.Join("; ", lines)}: {result.Finding?.Failure} {result.Finding?.Found}");
                taken.UnionWith(result.RarePaths);
            }
        }

        Enum.GetValues<Rare>().Except(taken).ShouldBeEmpty("rare paths that no schedule has taken");
    }

    [Fact]
    public void NeedsCommitRace_UnderEverySchedule_IsCompensated()
    {
        // Row R17 of the reservation document.
        var file = Path.Combine(Scenarios.RecordingFiles.Root, "..", "..", "..", "Client", "Examples", "needs-commit-race.txt");
        var program = ScenarioProgram.Parse(file, File.ReadAllLines(file)).Program.ShouldNotBeNull();
        var machine = new ExplorationMachine("7.3+repair");
        var all = ScheduleExplorer.Explore(
            program, new ExplorationPlan(machine) { Strategy = StrategyKind.Exhaustive }, cancellationToken: TestContext.Current.CancellationToken);
        all.IsComplete.ShouldBeTrue();
        all.Finding.ShouldBeNull();
        all.RarePaths.ShouldBe([Rare.NeedsCommitRace, Rare.ReserveOvertakenByFault]);
    }

    [Fact]
    public void RarePath_WithoutAListener_TellsNobody()
    {
        var heard = new List<Rare>();
        RarePath.Reached(Rare.UnmappedSet);
        RarePath.Listen(heard.Add, () => RarePath.Reached(Rare.NeedsCommitRace));
        RarePath.Reached(Rare.UnmappedSet);
        heard.ShouldBe([Rare.NeedsCommitRace]);
    }
}
