using System.Diagnostics;
using Hugesim.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

public sealed class SpanStoreTests
{
    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Store_MoreThanItsCapacity_KeepsTheNewest()
    {
        var store = new SpanStore(10);
        for (var i = 0; i < 100; i++)
        {
            store.Add(Span(i, failed: false));
        }

        store.Count.ShouldBe(10);
        store.DroppedSpans.ShouldBe(90);
        store.Find(Id(99)).Count.ShouldBe(1);
        store.Find(Id(89)).ShouldBeEmpty();
    }

    [Fact]
    public void Store_FailedTraceBeforeManyOthers_IsKept()
    {
        var store = new SpanStore(10);
        store.Add(Span(0, failed: true));
        for (var i = 1; i < 1000; i++)
        {
            store.Add(Span(i, failed: false));
        }

        store.Find(Id(0)).Count.ShouldBe(1);
    }

    [Fact]
    public void Store_OnlyFailedTraces_StaysWithinItsCapacity()
    {
        var store = new SpanStore(10);
        for (var i = 0; i < 100; i++)
        {
            store.Add(Span(i, failed: true));
        }

        store.Count.ShouldBe(10);
        store.Find(Id(99)).Count.ShouldBe(1);
    }

    [Fact]
    public void Store_TraceWithoutEnd_LeavesRoomForOthers()
    {
        var store = new SpanStore(100);
        for (var i = 0; i < 1000; i++)
        {
            store.Add(Span(7, failed: false));
        }

        store.Add(Span(8, failed: false));

        store.Count.ShouldBe(26);
        store.Find(Id(8)).Count.ShouldBe(1);
    }

    [Fact]
    public void Find_ByTimeOperationAndDuration_NewestFirst()
    {
        var store = new SpanStore(100);
        for (var i = 0; i < 10; i++)
        {
            store.Add(Span(i, failed: false));
        }

        var all = new TraceQuery(Begin, Begin.AddDays(1));
        Ids(all with { StartMin = Begin.AddSeconds(3), StartMax = Begin.AddSeconds(6) }).ShouldBe([Id(5), Id(4), Id(3)]);
        Ids(all with { Operation = "op1" }).ShouldBe([Id(9), Id(7), Id(5), Id(3), Id(1)]);
        Ids(all with { DurationMin = TimeSpan.FromMilliseconds(8) }).ShouldBe([Id(9), Id(8)]);
        Ids(all with { DurationMax = TimeSpan.FromMilliseconds(1) }).ShouldBe([Id(1), Id(0)]);
        Ids(all with { MostTraces = 1 }).ShouldBe([Id(9)]);
        store.Operations().ShouldBe([("op0", "internal"), ("op1", "internal")]);

        IEnumerable<string> Ids(TraceQuery query) => store.Find(query).Select(trace => trace[0].TraceId);
    }

    private static string Id(int number) => $"{number:x32}";

    private static RecordedSpan Span(int number, bool failed) => new(
        Id(number), $"{number:x16}", null, $"op{number % 2}", ActivityKind.Internal, "s", Begin.AddSeconds(number), TimeSpan.FromMilliseconds(number), [],
        failed, null);
}
