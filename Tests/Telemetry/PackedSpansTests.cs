using System.Diagnostics;
using Hugesim.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>A flow that waited for another process as bytes is the flow that it was.</summary>
public sealed class PackedSpansTests
{
    private static readonly FourTags s_four = new("a_pages", "b_pages", "c_pages", "d_pages");

    private readonly List<CompactSpan> _sent = [];
    private readonly List<Seen> _expected = [];

    [Fact]
    public void Flow_ReportedAfterItHasEnded_IsSentAsItWas()
    {
        var buffer = Buffer();
        var elsewhere = new FlowLink(7, 11, 13, IsDrawn: false, Caller: "client/c1");
        var step = buffer.BeginStep(isDrawn: false, "mmap", ActivityKind.Server);
        step.Add("command", "mmap -p 5");
        step.Add("step", 3L);
        var message = new MessageSpan(step, "IVmaGrain/Fault", new MessageEnds("vma/m1", "silo1", null));
        var outer = message.BeginRoutine("hugetlb_fault");
        var inner = message.BeginRoutine("region_chg");
        inner.Add("from", 1);
        inner.Add("to", -2);
        inner.Add("answer", long.MinValue);
        inner.Add(s_four, 1, 2, 3, long.MaxValue);
        inner.Add("from", 9);
        inner.Add("is_new", true);
        inner.Add("share", 0.25);
        inner.Add("number", 42);
        inner.Add("nothing", null);
        End(inner);
        outer.Add("none", 0L);
        End(outer);
        End(message);
        End(step);
        var remote = buffer.ContinueMessage(elsewhere, "IHstateGrain/Reserve", new MessageEnds("hstate/m1", null, elsewhere.Caller));
        End(remote);

        buffer.KeepFailed([step.Flow.TraceId, remote.Flow.TraceId]);

        _sent.OfType<MessageSpan>().ShouldBeEmpty("they were to wait as bytes");
        _sent.Select(Seen.Of).ShouldBe(_expected);
    }

    [Fact]
    public void Flow_OfSeveralPartsOneAfterTheOther_KeepsTheirOrder()
    {
        var buffer = Buffer();
        var elsewhere = new FlowLink(7, 11, 13, IsDrawn: false);
        for (var i = 0; i < 5; i++)
        {
            var part = buffer.ContinueMessage(elsewhere, $"IHstateGrain/Part{i}", new MessageEnds("hstate/m1", null, null));
            End(part.BeginRoutine("hugetlb_acct_memory"));
            End(part);
        }

        var failing = buffer.ContinueMessage(elsewhere, "IHstateGrain/Fails", new MessageEnds("hstate/m1", null, null));
        failing.Fail("no pages");
        End(failing);

        _sent.Select(Seen.Of).ShouldBe(_expected);
        _sent[^1].Cause.ShouldBe("no pages");
    }

    [Fact]
    public void Flow_WithATagOfNoKnownForm_HasItAsText()
    {
        var buffer = Buffer();
        var span = buffer.ContinueMessage(new FlowLink(7, 11, 13, IsDrawn: false), "IHstateGrain/Reserve", new MessageEnds("hstate/m1", null, null));
        span.Add("cost", 1.5m);
        End(span);

        buffer.KeepFailed([span.Flow.TraceId]);

        _sent.ShouldHaveSingleItem().Tag("cost").ShouldBe("1.5");
    }

    [Fact]
    public void Flow_WithMoreNamesThanHaveNumbers_IsSentAsItWas()
    {
        // What comes from elsewhere is another object each time, and takes one number. Only this test fills the table, so that is seen here.
        Enumerable.Range(0, 100).Select(_ => SpanNames.TryNumberOf(new string("name of a step".AsSpan()), out var number) ? number : 0).Distinct()
            .ShouldHaveSingleItem().ShouldBeGreaterThan(0);
        var buffer = Buffer();
        var span = buffer.ContinueMessage(new FlowLink(7, 11, 13, IsDrawn: false), "IHstateGrain/Reserve", new MessageEnds("hstate/m1", null, null));
        for (var i = 0; i < 5000; i++)
        {
            span.Add($"made while it runs {i}", i);
        }

        span.Add("long", new string('ä', 300));
        End(span);

        buffer.KeepFailed([span.Flow.TraceId]);

        _sent.Select(Seen.Of).ShouldBe(_expected);
    }

    private FlowBuffer Buffer() => new(new FlowBufferOptions(1000, TimeSpan.FromSeconds(10)), TimeProvider.System, _sent.Add);

    private void End(CompactSpan span)
    {
        span.End();
        _expected.Add(Seen.Of(span));
    }

    private sealed record Seen(
        string TraceId, ulong Id, ulong ParentId, string Name, SpanOrigin Origin, ActivityKind Kind, long Began, long Ended, bool Failed, string? Cause, string Tags)
    {
        public static Seen Of(CompactSpan span) => new(
            span.Flow.TraceId, span.Id, span.ParentId, span.Name, span.Origin, span.Kind, span.Began, span.Ended, span.Failed, span.Cause,
            string.Join(", ", span.Tags().Select(tag => FormattableString.Invariant($"{tag.Key}={tag.Value} ({(tag.Value is int ? typeof(long) : tag.Value.GetType()).Name})"))));
    }
}
