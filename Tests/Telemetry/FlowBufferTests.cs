using System.Diagnostics;
using Hugesim.Telemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>Which flows are sent, and that what waits has a bound.</summary>
public sealed class FlowBufferTests
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    private readonly List<Activity> _sent = [];
    private readonly ManualTime _time = new();

    [Fact]
    public void Flow_WithAFailedSpan_IsSentWhole()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        End(buffer, Begin(buffer, root));
        End(buffer, Begin(buffer, root), failed: true);
        _sent.Count.ShouldBe(2);

        End(buffer, Begin(buffer, root));
        End(buffer, root);

        _sent.Count.ShouldBe(4);
        (buffer.WaitingSpans, buffer.FailedFlows, buffer.ForgottenFlows).ShouldBe((0, 1, 0));
    }

    [Fact]
    public void Flow_ThatWentWell_IsForgottenAtItsEnd()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        End(buffer, Begin(buffer, root));
        buffer.WaitingSpans.ShouldBe(1);

        End(buffer, root);

        _sent.ShouldBeEmpty();
        (buffer.WaitingSpans, buffer.ForgottenFlows).ShouldBe((0, 1));
    }

    [Fact]
    public void Flow_ThatWasDrawn_IsSentAtOnce()
    {
        var buffer = Buffer(TimeSpan.Zero);

        End(buffer, Begin(buffer, drawn: true));

        _sent.Count.ShouldBe(1);
        buffer.WaitingSpans.ShouldBe(0);
    }

    [Fact]
    public void Flow_ThatFailedElsewhere_IsSentIfItIsReportedInTime()
    {
        var buffer = Buffer(s_window);
        var (reported, late) = (Begin(buffer), Begin(buffer));
        End(buffer, reported);
        End(buffer, late);
        _time.Pass(s_window / 2);
        buffer.Expire();

        buffer.KeepFailed([reported.TraceId.ToHexString(), ActivityTraceId.CreateRandom().ToHexString()]);
        _time.Pass(s_window);
        buffer.Expire();
        buffer.KeepFailed([late.TraceId.ToHexString()]);

        _sent.ShouldBe([reported]);
        (buffer.WaitingSpans, buffer.ForgottenFlows).ShouldBe((0, 1));
    }

    [Fact]
    public void Flow_UnderWay_WaitsHoweverLongItTakes()
    {
        var buffer = Buffer(s_window);
        var root = Begin(buffer);
        End(buffer, Begin(buffer, root));
        _time.Pass(100 * s_window);
        buffer.Expire();

        End(buffer, root, failed: true);

        _sent.Count.ShouldBe(2);
    }

    [Fact]
    public void Failures_AreReportedOnce()
    {
        var buffer = Buffer(s_window);
        var root = Begin(buffer);
        End(buffer, Begin(buffer, root), failed: true);
        End(buffer, root, failed: true);

        buffer.TakeFailures().ShouldBe([root.TraceId.ToHexString()]);
        buffer.TakeFailures().ShouldBeEmpty();
    }

    [Fact]
    public void Buffer_OfMoreThanItsBound_GivesTheOldestUpAndCountsIt()
    {
        var buffer = Buffer(s_window, mostSpans: 100);
        var first = Begin(buffer);
        for (var i = 0; i < 1000; i++)
        {
            End(buffer, Begin(buffer));
            buffer.WaitingSpans.ShouldBeLessThanOrEqualTo(100);
        }

        buffer.DroppedSpans.ShouldBe(900);
        buffer.EvictedFlows.ShouldBe(900);
        // What is still under way is kept if it fails.
        End(buffer, first, failed: true);
        _sent.ShouldBe([first]);
    }

    [Fact]
    public void Flow_OfVeryManySpans_DoesNotTakeTheWholeBuffer()
    {
        var buffer = Buffer(TimeSpan.Zero, mostSpans: 100);
        var root = Begin(buffer);
        for (var i = 0; i < 1000; i++)
        {
            End(buffer, Begin(buffer, root));
        }

        (buffer.WaitingSpans, buffer.DroppedSpans).ShouldBe((25, 975));
        End(buffer, root, failed: true);
        _sent.Count.ShouldBe(26);
    }

    [Fact]
    public void Buffer_UsedByManyThreads_LosesNothingOfAFailedFlow()
    {
        var sent = 0;
        var buffer = new FlowBuffer(new FlowBufferOptions(100_000, TimeSpan.Zero), TimeProvider.System, _ => Interlocked.Increment(ref sent));
        const int Flows = 2000;

        Parallel.For(0, Flows, i =>
        {
            var root = Begin(buffer);
            Parallel.For(0, 4, j => End(buffer, Begin(buffer, root), failed: i % 2 == 0 && j == 3));
            End(buffer, root);
        });

        sent.ShouldBe(Flows / 2 * 5);
        (buffer.WaitingSpans, buffer.FailedFlows, buffer.ForgottenFlows).ShouldBe((0, Flows / 2, Flows / 2));
    }

    private static Activity Begin(FlowBuffer buffer, Activity? under = null, bool drawn = false)
    {
        var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C);
        if (under is not null)
        {
            // As from another process, or by a message: not the caller's own object.
            span.SetParentId(under.TraceId, under.SpanId, under.ActivityTraceFlags);
        }

        span.ActivityTraceFlags = drawn ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None;
        Activity.Current = null;
        span.Start();
        Activity.Current = null;
        buffer.Begin(span);
        return span;
    }

    private static void End(FlowBuffer buffer, Activity span, bool failed = false)
    {
        if (failed)
        {
            span.SetStatus(ActivityStatusCode.Error, "it failed");
        }

        span.Stop();
        buffer.End(span);
    }

    private FlowBuffer Buffer(TimeSpan window, int mostSpans = 1000) => new(new FlowBufferOptions(mostSpans, window), _time, _sent.Add);

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public void Pass(TimeSpan time) => Interlocked.Add(ref _now, time.Ticks);
    }
}
