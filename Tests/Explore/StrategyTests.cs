using Hugesim.Explore;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class StrategyTests
{
    private static readonly ToyProgram s_race = new([0, 0, 0], [0, 0, 0]);

    public static TheoryData<Func<long, IScheduleStrategy>> Strategies => new(
        seed => new RandomStrategy(seed),
        seed => new PctStrategy(seed, 3),
        seed => new FaultingStrategy(new RandomStrategy(seed), FaultKinds.Delay | FaultKinds.Crash, 2, seed));

    [Theory]
    [MemberData(nameof(Strategies), DisableDiscoveryEnumeration = true)]
    public void ASeed_GivesTheSameSchedulesAgain(Func<long, IScheduleStrategy> make)
    {
        Schedules(make(7), 50).ShouldBe(Schedules(make(7), 50));
        Schedules(make(7), 50).ShouldNotBe(Schedules(make(8), 50));
    }

    [Fact]
    public void RandomStrategy_OfASeed_IsTheSameOnEveryMachine()
    {
        // Numbers of SplitMix64, which no version of .NET changes, worked out by another program.
        Schedules(new RandomStrategy(0), 4).ShouldBe(["0=bbabaa", "0=aabbba", "0=babaab", "0=bababa"]);
    }

    [Fact]
    public void RandomStrategy_ManySchedules_ReachesEveryResult() =>
        Schedules(new RandomStrategy(1), 500).Distinct().Count().ShouldBe(20, "6! / (3! 3!)");

    [Fact]
    public void PctStrategy_OfDepthOne_NeverSwitchesInAThread() =>
        Schedules(new PctStrategy(1, 1), 100).Distinct().Order().ShouldBe(["0=aaabbb", "0=bbbaaa"]);

    [Fact]
    public void PctStrategy_OfDepthTwo_FindsEveryPlaceForOneSwitch() =>
        Schedules(new PctStrategy(1, 2), 500).Distinct().Order().ShouldBe(
            ["0=aaabbb", "0=aabbba", "0=abbbaa", "0=baaabb", "0=bbaaab", "0=bbbaaa"]);

    [Fact]
    public void AnySchedule_ReplayedFromItsTrace_ComesOutTheSame()
    {
        var random = new RandomStrategy(3);
        for (var i = 0; i < 100; i++)
        {
            random.TryBegin();
            var switches = new List<ContextSwitch>();
            var result = s_race.Run(random, switches);
            var trace = ScheduleTrace.Parse((ScheduleTrace.Empty with { Switches = switches }).ToString());
            trace.Switches.ShouldBe(switches);
            Replay(trace).ShouldBe(result);
        }
    }

    [Fact]
    public void Replay_OfASwitchThatCannotBe_GoesOnAsUsual() =>
        Replay(ScheduleTrace.Parse("1:9,4:1")).ShouldBe(Replay(ScheduleTrace.Empty));

    [Theory]
    [InlineData("usual", 0)]
    [InlineData("", 0)]
    [InlineData("3:1", 1)]
    [InlineData("3:1,7:0.2,m4:lose,m9:delay,m10:duplicate,s5:crash:1", 6)]
    public void Trace_ThatIsWellFormed_IsWrittenAsItWasRead(string text, int length)
    {
        var trace = ScheduleTrace.Parse(text);
        trace.Length.ShouldBe(length);
        trace.ToString().ShouldBe(text.Length == 0 ? "usual" : text);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("x:1")]
    [InlineData("m1:burn")]
    [InlineData("3:1 4:1")]
    [InlineData("99999999999:1")]
    public void Trace_ThatIsNot_SaysWhichWordIsWrong(string text) => Should.Throw<FormatException>(() => ScheduleTrace.Parse(text)).Message.ShouldContain(text);

    private static string Replay(ScheduleTrace trace)
    {
        var strategy = new ReplayStrategy(trace);
        strategy.TryBegin();
        var result = s_race.Run(strategy)!;
        strategy.TryBegin().ShouldBeFalse();
        return result;
    }

    private static List<string> Schedules(IScheduleStrategy strategy, int count) =>
        [.. Enumerable.Range(0, count).Where(_ => strategy.TryBegin()).Select(_ => s_race.Run(strategy)!)];
}
