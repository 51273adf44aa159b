using Hugesim.Explore;
using Hugesim.Museum;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

/// <summary>A schedule that comes to a state that was looked at before is not looked at again, and what is said of it is the same.</summary>
public sealed class EndStatesTests
{
    private const int Schedules = 120;

    private const string Race = """
        pool 4
        overcommit 1
        mount A size=3 min_size=1
        cgnew c
        proc p
        proc q
        p open f A/x
        q open g A/x
        parallel
        p mmap m 2 shared fd=f
        q mmap n 2 private
        p w m 0..1
        p fork r
        r w m 0
        q w n 0
        q trunc g 0
        end
        p munmap m
        """;

    /// <summary>Kernels with a bug that only some schedules show.</summary>
    public static TheoryData<string> Bugs => [.. Exhibits.All.Where(exhibit => exhibit.IsRace).Select(exhibit => exhibit.Name)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Run_OnAKernelWithABug_SaysTheSameOfEachScheduleAsALookAtEach(string name)
    {
        var exhibit = Exhibits.Find(name)!;
        Compare(Read(exhibit.Lines), new ExplorationMachine(exhibit.MutantProfile, exhibit.Nodes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_OnASoundKernel_SaysTheSameOfEachScheduleAsALookAtEach(int silos) =>
        Compare(Read(Race.Split('\n')), new ExplorationMachine("7.3+repair", 2, silos)).ShouldBeGreaterThan(0, "some schedules come to the same state");

    private static long Compare(ScenarioProgram program, ExplorationMachine machine)
    {
        using var runner = new EmbeddedScheduleRunner(program, machine, ScheduleNotes.None);
        using var thorough = new EmbeddedScheduleRunner(program, machine, ScheduleNotes.Story);
        var (one, other) = (new RandomStrategy(5), new RandomStrategy(5));
        for (var i = 0; i < Schedules; i++)
        {
            one.TryBegin();
            other.TryBegin();
            var (outcome, expected) = (runner.Run(one), thorough.Run(other));
            outcome.Failure.ShouldBe(expected.Failure);
            outcome.Result.ShouldBe(expected.Result);
            outcome.Trace.ToString().ShouldBe(expected.Trace.ToString());
            outcome.RarePaths.ShouldBe(expected.RarePaths, ignoreOrder: true);
        }

        thorough.KnownEnds.ShouldBe(0);
        return runner.KnownEnds;
    }

    private static ScenarioProgram Read(IReadOnlyList<string> lines)
    {
        var (program, errors) = ScenarioProgram.Parse("test.txt", lines);
        errors.ShouldBeEmpty();
        return program!;
    }
}
