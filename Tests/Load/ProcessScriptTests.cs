using Hugesim.Load;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

public sealed class ProcessScriptTests
{
    [Fact]
    public async Task Next_SameSeed_MakesTheSameChoices()
    {
        var kind = await Kind("life 50\n start\n mmap m 9 private\n repeat\n 5 w m any*2\n 3 r m any\n 1 mmap x 1..8 private ; munmap x");
        var (first, again, other) = (Run(kind, 1), Run(kind, 1), Run(kind, 2));
        again.ShouldBe(first);
        other.ShouldNotBe(first);
        first[^1].ShouldBe("ExitStep 0+0");
    }

    [Fact]
    public async Task Next_Weights_DecideHowOften()
    {
        var kind = await Kind("life 10000\n start\n mmap m 4 private\n repeat\n 9 w m any\n 1 r m any");
        var lines = Run(kind, 7).GroupBy(text => text[..6]).ToDictionary(group => group.Key, group => group.Count());
        lines["WriteS"].ShouldBeInRange(8700, 9300);
    }

    [Fact]
    public async Task Next_AnyPages_StayInTheMapping()
    {
        var kind = await Kind("life 2000\n start\n mmap m 5 private\n repeat\n w m any*3\n w m any*9");
        var calls = Run(kind, 3);
        calls.Where(text => text.EndsWith("+3")).Select(text => text.Split(' ')[1]).Distinct().Order().ShouldBe(["0+3", "1+3", "2+3"]);
        calls.ShouldContain("WriteStep 0+5");
    }

    [Fact]
    public async Task Next_NextPages_GoRound()
    {
        var kind = await Kind("life 4\n start\n mmap m 5 private\n repeat\n w m next*2");
        Run(kind, 3).ShouldBe(["MmapStep 0+5", "WriteStep 0+2", "WriteStep 2+2", "WriteStep 4+1", "WriteStep 0+2", "ExitStep 0+0"]);
    }

    [Fact]
    public async Task Next_NothingMapped_LeavesStepsOutAndEndsInTheEnd()
    {
        var kind = await Kind("start\n mmap m 5 private\n munmap m\n repeat\n w m any");
        Run(kind, 3).ShouldBe(["MmapStep 0+5", "MunmapStep 0+0", "ExitStep 0+0"]);
    }

    [Fact]
    public async Task Next_FailedStart_IsItsEnd()
    {
        var kind = await Kind("start\n mmap m 5 private\n w m all\n repeat\n exit");
        var script = new ProcessScript(kind, new SplitMix(1));
        script.Next().Step.ShouldBeOfType<MmapStep>();
        script.GiveUp();
        script.IsStarted.ShouldBeFalse();
        script.Next().Step.ShouldBeOfType<ExitStep>();
    }

    [Fact]
    public async Task Fork_Child_HasItsParentsMemory()
    {
        var profile = await Profile("process a 1\n start\n mmap m 5 private\n repeat\n fork b\nprocess b 0 from a\n start\n r m all");
        var parent = new ProcessScript(profile.Kinds[0], new SplitMix(1));
        parent.Next();
        parent.SetMapping(0, 4096, 5);
        var fork = parent.Next().Step.ShouldBeOfType<ForkStep>();
        var child = new ProcessScript(fork.Kind, parent.NewStream(), parent);
        parent.CountChild(1);
        child.Next().ShouldSatisfyAllConditions(call => call.Step.ShouldBeOfType<TouchStep>(), call => call.Count.ShouldBe(5));

        // While the child lives there is no other one, and nothing else to do.
        parent.Next().Step.ShouldBeOfType<ExitStep>();
        parent.CountChild(-1);
        parent.Next().Step.ShouldBeOfType<ForkStep>();
    }

    [Theory]
    [InlineData(10, new long[] { 2, 4, 4 })]
    [InlineData(3, new long[] { 2, 0, 1 })]
    public async Task Share_Percentages_AreOfWhatFixedNumbersLeave(long processes, long[] counts)
    {
        var profile = await Profile("process a 2\nprocess b 50%\nprocess c rest");
        Population.Share(profile, processes, out var found).ShouldBeNull();
        found.ShouldBe(counts);
    }

    [Fact]
    public async Task Share_TooFewProcesses_SaysHowManyAreNeeded()
    {
        var profile = await Profile("process a 2\nprocess b rest");
        Population.Share(profile, 2, out _)!.Hint.ShouldNotBeNull().ShouldContain("at least 3");
    }

    [Fact]
    public async Task Share_NobodyTakesTheRest_IsRefused()
    {
        var profile = await Profile("process a 2");
        Population.Share(profile, 5, out _).ShouldNotBeNull();
    }

    [Fact]
    public void SplitMix_Below_IsEven()
    {
        var random = new SplitMix(5);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[random.Below(7)]++;
        }

        counts.ShouldAllBe(count => count > 9500 && count < 10_500);
    }

    private static List<string> Run(ProcessKind kind, ulong seed)
    {
        var script = new ProcessScript(kind, new SplitMix(seed));
        var calls = new List<string>();
        while (true)
        {
            var call = script.Next();
            var name = call.Step is TouchStep touch ? (touch.Write ? "WriteStep" : "ReadStep") : call.Step.GetType().Name;
            calls.Add($"{name} {call.First}+{call.Count}");
            switch (call.Step)
            {
                case MmapStep mmap:
                    script.SetMapping(mmap.Mapping, 4096, call.Count);
                    break;
                case MunmapStep munmap:
                    script.SetMapping(munmap.Mapping, 0, 0);
                    break;
                case ExitStep:
                    return calls;
            }
        }
    }

    private static async Task<ProcessKind> Kind(string text) => (await Profile("process a 1\n" + text)).Kinds[0];

    private static async Task<WorkloadProfile> Profile(string text)
    {
        var (profile, errors) = await WorkloadParser.ReadAsync(RecordingFiles.ToStream(text), "p", CancellationToken.None);
        return profile ?? throw new InvalidOperationException(string.Join("; ", errors));
    }
}
