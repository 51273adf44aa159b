using Hugesim.Load;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

public sealed class MeasurementTests
{
    [Fact]
    public void Due_CallsOfARate_AreEvenlySpaced()
    {
        var schedule = new OpenLoopSchedule(1000);
        Enumerable.Range(0, 1000).Select(call => schedule.DueNanoseconds(call)).ShouldBe(Enumerable.Range(0, 1000).Select(i => i * 1_000_000L));
        schedule.DueBefore(1_000_000_000).ShouldBe(1000);
    }

    [Theory]
    [InlineData("30", 30e9)]
    [InlineData("30s", 30e9)]
    [InlineData("1.5m", 90e9)]
    [InlineData("250ms", 250e6)]
    [InlineData("40us", 40e3)]
    [InlineData("9ns", 9)]
    [InlineData("0", 0)]
    public void TimeText_Times_AreRead(string text, double nanoseconds)
    {
        TimeText.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(nanoseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("5 weeks")]
    [InlineData("1e3s")]
    public void TimeText_AnythingElse_IsRefused(string text) => TimeText.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData(0, "0 ns")]
    [InlineData(999, "999 ns")]
    [InlineData(1250, "1.25 us")]
    [InlineData(12_500_000, "12.5 ms")]
    [InlineData(125_000_000_000, "125 s")]
    public void Show_Times_HaveThreeFiguresAndAUnit(double nanoseconds, string text) => TimeText.Show(nanoseconds).ShouldBe(text);

    [Theory]
    [InlineData("fault.p99<5ms", true, "1 ms")]
    [InlineData("fault.p99<1ms", false, "1 ms")]
    [InlineData("fault.max<=2ms", true, "2 ms")]
    [InlineData("all.rate>=40", true, "40/s")]
    [InlineData("rate>40", false, "40/s")]
    [InlineData("fault.failures<10", true, "5")]
    [InlineData("fault.failures<5", false, "5")]
    [InlineData("all.failures<6%", true, "5%")]
    [InlineData("mmap.p50<1s", false, "nothing measured")]
    [InlineData("mmap.failures<1", true, "0")]
    public void Threshold_AgainstAHundredFaults_HoldsOrNot(string text, bool holds, string actual)
    {
        var totals = new LoadTotals();
        for (var i = 0; i < 100; i++)
        {
            totals.Record(LoadOperation.Fault, i == 99 ? 2_000_000 : 1_000_000, null, i < 5 ? "fault SIGBUS" : null);
        }

        var threshold = Threshold.Parse(text, out var error).ShouldNotBeNull(error);
        var result = threshold.Check(totals, seconds: 2.5);
        result.Holds.ShouldBe(holds);

        // A percentile is the upper end of its bucket.
        result.Actual.Replace("1.01 ms", "1 ms").Replace("1.00 ms", "1 ms").Replace("2.00 ms", "2 ms").ShouldBe(actual);
    }

    [Theory]
    [InlineData("fault.p99", "no comparison")]
    [InlineData("foult.p99<5ms", "did you mean 'fault'?")]
    [InlineData("fault.p98<5ms", "unknown statistic 'p98'")]
    [InlineData("fault.p99<5 apples", "'5 apples' is no limit for p99")]
    [InlineData("fault.p99<5%", "'5%' is no limit")]
    [InlineData("all.rate>fast", "'fast' is no limit for rate")]
    public void Threshold_Wrong_SaysWhatIsWrong(string text, string message)
    {
        Threshold.Parse(text, out var error).ShouldBeNull();
        error.ShouldContain(message);
    }

    [Fact]
    public void Take_AnothersCounts_MovesThem()
    {
        var (from, to) = (new LoadTotals(), new LoadTotals());
        to.Record(LoadOperation.Mmap, 10, 9, "mmap ENOMEM");
        from.Record(LoadOperation.Mmap, 20, 8, "mmap ENOMEM");
        from.Record(LoadOperation.Fault, 30, 7, null);
        to.Take(from);
        (to.Calls, to.Failures, from.Calls, from.Failures).ShouldBe((3, 2, 0, 0));
        to.FailuresByCause["mmap ENOMEM"].ShouldBe(2);
        to.Latency(LoadOperation.Mmap)!.Count.ShouldBe(2);
        (to.Service!.Count, to.Service.Max).ShouldBe((3, 9));
        (from.AllLatencies().Count, from.Service!.Count).ShouldBe((0, 0));
    }
}
