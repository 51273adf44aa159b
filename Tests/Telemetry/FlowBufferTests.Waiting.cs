using System.Diagnostics;
using Hugesim.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>What has ended well here waits for what other processes say.</summary>
public sealed partial class FlowBufferTests
{
    [Fact]
    public void Flow_ThatFailedElsewhere_IsSentIfItIsReportedInTime()
    {
        var buffer = Buffer(s_window);
        var (reported, late) = (Begin(buffer), Begin(buffer));
        End(reported);
        End(late);
        _time.Pass(s_window / 2);
        buffer.Expire();

        buffer.KeepFailed([reported.Flow.TraceId, ActivityTraceId.CreateRandom().ToHexString()]);
        _time.Pass(s_window);
        buffer.Expire();
        buffer.KeepFailed([late.Flow.TraceId]);

        _sent.ShouldHaveSingleItem().Id.ShouldBe(reported.Id);
        (buffer.WaitingSpans, buffer.ForgottenFlows).ShouldBe((0, 1));
    }

    [Fact]
    public void Flows_ThatAreFew_DoNotWaitMuchLongerThanTheWindow()
    {
        var buffer = Buffer(s_window);
        for (var i = 0; i < 200; i++)
        {
            End(Begin(buffer));
            _time.Pass(s_window / 20);
            buffer.Expire();
            buffer.WaitingSpans.ShouldBeLessThanOrEqualTo(23);
        }

        (buffer.ForgottenFlows + buffer.WaitingSpans, buffer.EvictedFlows).ShouldBe((200, 0));
        buffer.WaitingSpans.ShouldBeGreaterThanOrEqualTo(19);
    }

    [Fact]
    public void Failures_AreReportedOnce()
    {
        var buffer = Buffer(s_window);
        var root = Begin(buffer);
        End(Begin(buffer, root), failed: true);
        End(root, failed: true);

        buffer.TakeFailures().ShouldBe([root.Flow.TraceId]);
        buffer.TakeFailures().ShouldBeEmpty();
    }

    [Fact]
    public void Buffer_OfMoreThanItsBound_GivesTheOldestUpAndCountsIt()
    {
        var buffer = Buffer(s_window, mostSpans: 100);
        var first = Begin(buffer);
        for (var i = 0; i < 1000; i++)
        {
            End(Begin(buffer));
            buffer.WaitingSpans.ShouldBeLessThanOrEqualTo(100);
        }

        buffer.DroppedSpans.ShouldBe(900);
        buffer.EvictedFlows.ShouldBe(900);
        // What is still under way is kept if it fails.
        End(first, failed: true);
        _sent.ShouldBe([first]);
    }

    [Fact]
    public void Spans_OfOneFlowFromOtherProcesses_AreKeptTogether()
    {
        var buffer = Buffer(s_window);
        var root = Begin(Buffer(s_window));
        var (first, second) = (BeginElsewhere(buffer, root), BeginElsewhere(buffer, root));
        End(first);
        End(second, failed: true);

        _sent.Select(span => span.Id).ShouldBe([first.Id, second.Id]);
        _sent.ShouldAllBe(span => span.ParentId == root.Id && span.Flow.TraceId == root.Flow.TraceId);
        buffer.TakeFailures().ShouldBe([root.Flow.TraceId]);
    }

    [Fact]
    public void Part_UnderWayWhenItsFlowFailsElsewhere_IsSentAtItsEnd()
    {
        var buffer = Buffer(s_window);
        var root = Begin(Buffer(s_window));
        var (underWay, unrelated) = (BeginElsewhere(buffer, root), Begin(buffer));
        End(Begin(buffer, underWay));

        buffer.KeepFailed([root.Flow.TraceId]);
        _sent.ShouldBeEmpty();
        _time.Pass(100 * s_window);
        buffer.Expire();
        End(underWay);
        End(unrelated);

        _sent.Count.ShouldBe(2);
        _sent[^1].ShouldBe(underWay);
        buffer.WaitingSpans.ShouldBe(1);
    }

    [Fact]
    public void Span_LeftBehindByAPartThatWaits_BringsTheWholeFlowIfItFails()
    {
        var buffer = Buffer(s_window);
        var root = Begin(buffer);
        var (well, failing) = (Begin(buffer, root), Begin(buffer, root));
        End(root);
        End(well);
        buffer.WaitingSpans.ShouldBe(2);

        End(failing, failed: true);

        _sent.Select(span => span.Id).ShouldBe([root.Id, well.Id, failing.Id]);
        buffer.TakeFailures().ShouldBe([root.Flow.TraceId]);
        buffer.WaitingSpans.ShouldBe(0);
    }

    [Fact]
    public void Part_OfMoreThanIsPackedAtOnce_IsSentWhole()
    {
        const int Spans = 2000;
        var buffer = Buffer(s_window, mostSpans: 4 * Spans);
        var root = Begin(buffer);
        for (var i = 1; i < Spans; i++)
        {
            End(Begin(buffer, root));
        }

        End(root);
        buffer.WaitingSpans.ShouldBe(Spans);
        buffer.KeepFailed([root.Flow.TraceId]);

        _sent.Select(span => span.Id).Distinct().Count().ShouldBe(Spans);
        _sent[^1].Id.ShouldBe(root.Id);
        (buffer.WaitingSpans, buffer.DroppedSpans).ShouldBe((0, 0));
    }

    [Fact]
    public void Parts_OfMoreBytesThanThereIsRoomFor_GiveTheOldestUp()
    {
        const int Spans = 2000;
        var buffer = Buffer(s_window, mostSpans: 2 * Spans);
        var text = new string('x', 20_000);
        for (var i = 0; i < Spans; i++)
        {
            var span = Begin(buffer);
            span.Add("text", text);
            End(span);
        }

        (buffer.WaitingSpans * text.Length).ShouldBeInRange(10_000_000, 20_000_000);
        buffer.DroppedSpans.ShouldBe(Spans - buffer.WaitingSpans);
        var huge = Begin(buffer);
        huge.Add("text", new string('x', 1_000_000));
        End(huge);
        buffer.DroppedSpans.ShouldBe(Spans + 1 - buffer.WaitingSpans);
    }
}
