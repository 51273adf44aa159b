using FsCheck;
using FsCheck.Fluent;
using Hugesim.Explore;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class ExhaustiveStrategyTests
{
    [Theory]
    [InlineData(1, 5, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(2, 3, 20)]
    [InlineData(2, 5, 252)]
    [InlineData(3, 2, 90)]
    [InlineData(3, 3, 1680)]
    [InlineData(4, 2, 2520)]
    public void WithoutReduction_NThreadsOfKSteps_HasTheMultinomialNumberOfSchedules(int threads, int steps, long expected)
    {
        // (n k)! / (k!)^n
        var apart = Enumerable.Range(0, threads).Select(t => Enumerable.Repeat(t, steps).ToArray()).ToArray();
        new ToyProgram(apart).RunAll(new ExhaustiveStrategy(reduces: false)).Schedules.ShouldBe(expected);
    }

    [Theory]
    [InlineData(2, 5, 252)]
    [InlineData(3, 3, 1680)]
    [InlineData(4, 2, 2520)]
    public void WithReduction_AllStepsAtOnePlace_LeavesNothingOut(int threads, int steps, long expected)
    {
        var together = Enumerable.Range(0, threads).Select(_ => Enumerable.Repeat(0, steps).ToArray()).ToArray();
        var (schedules, results) = new ToyProgram(together).RunAll(new ExhaustiveStrategy());
        schedules.ShouldBe(expected);
        results.Count.ShouldBe((int)expected);
    }

    [Fact]
    public void WithReduction_NoTwoStepsAtOnePlace_IsOneSchedule()
    {
        var strategy = new ExhaustiveStrategy();
        new ToyProgram([0, 1, 2], [3, 4, 5], [6, 7], [8]).RunAll(strategy).Schedules.ShouldBe(1);
        strategy.IsComplete.ShouldBeTrue();
        strategy.Abandoned.ShouldBe(0);
    }

    [Fact]
    public void WithReduction_AnyProgram_ReachesEveryResultOnce() => Properties.Check(Programs, 200, program =>
    {
        var toy = new ToyProgram(program);
        var all = toy.RunAll(new ExhaustiveStrategy(reduces: false));
        var reduced = toy.RunAll(new ExhaustiveStrategy());
        reduced.Results.Order().ShouldBe(all.Results.Order());

        // What the places note is the class of a schedule: no class may be run twice.
        reduced.Schedules.ShouldBe(all.Results.Count);
    });

    [Fact]
    public void AProgramThatChanges_IsReported()
    {
        var strategy = new ExhaustiveStrategy();
        strategy.TryBegin();
        new ToyProgram([0, 0], [0]).Run(strategy);
        strategy.TryBegin();
        Should.Throw<InvalidOperationException>(() => new ToyProgram([0], [1], [2]).Run(strategy)).Message.ShouldContain("left its path");
    }

    // Up to three threads of up to three steps at three places.
    private static Arbitrary<int[][]> Programs => Properties.Sequences(Gen.Choose(0, 2).ArrayOf().Select(places => places.Take(3).ToArray()), 3);
}
