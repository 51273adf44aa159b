using System.Runtime.CompilerServices;
using Hugesim.Telemetry;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>Which flows are sent, and that what waits has a bound.</summary>
public sealed partial class FlowBufferTests
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);
    private static readonly MessageEnds s_ends = new("grain", null, null);

    private readonly List<CompactSpan> _sent = [];
    private readonly ManualTime _time = new();

    [Fact]
    public void Flow_WithAFailedSpan_IsSentWhole()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        End(Begin(buffer, root));
        End(Begin(buffer, root), failed: true);
        _sent.Count.ShouldBe(2);

        End(Begin(buffer, root));
        End(root);

        _sent.Count.ShouldBe(4);
        (buffer.WaitingSpans, buffer.FailedFlows, buffer.ForgottenFlows).ShouldBe((0, 1, 0));
    }

    [Fact]
    public void Flow_ThatWentWell_IsForgottenAtItsEnd()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        for (var i = 0; i < 100; i++)
        {
            End(Begin(buffer, root));
        }

        // They are counted by the dozen.
        buffer.WaitingSpans.ShouldBeInRange(36, 100);

        End(root);

        _sent.ShouldBeEmpty();
        (buffer.WaitingSpans, buffer.ForgottenFlows).ShouldBe((0, 1));
    }

    [Fact]
    public void Flow_ThatWasDrawn_IsSentSpanBySpanInAllProcesses()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer, isDrawn: true);
        var child = Begin(buffer, root);
        End(child);
        _sent.ShouldBe([child]);

        var elsewhere = BeginElsewhere(Buffer(s_window), root);
        End(elsewhere);
        End(root);

        _sent.ShouldBe([child, elsewhere, root]);
        (buffer.WaitingSpans, buffer.FailedFlows, buffer.ForgottenFlows).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void Routines_OfOneMessage_NestLikeCalls()
    {
        var root = Begin(Buffer(TimeSpan.Zero));
        var outer = root.BeginRoutine("outer");
        var first = root.BeginRoutine("first");
        first.End();
        var second = root.BeginRoutine("second");
        var message = new MessageSpan(root.Innermost, "message", s_ends);

        // What somebody started beside them ends whenever it does.
        outer.End();
        root.Innermost.ShouldBe(second);
        second.End();

        (first.Parent, second.Parent, message.Parent, outer.Parent).ShouldBe((outer, outer, second, root));
        root.Innermost.ShouldBe(root);
    }

    [Fact]
    public void Routines_OfAFailedFlow_AreSentInTheOrderOfTheirEnds()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        var inner = Begin(buffer, root);
        var (first, second) = (inner.BeginRoutine("first"), inner.BeginRoutine("second"));
        End(second);
        End(first);
        End(inner);
        var (third, failing, left) = (root.BeginRoutine("third"), root.BeginRoutine("failing"), root.BeginRoutine("left behind"));
        End(failing, failed: true);
        _sent.ShouldBe([second, first, inner, failing]);

        End(third);
        End(root);
        End(left);

        _sent.ShouldBe([second, first, inner, failing, third, root, left]);
        root.Innermost.ShouldBe(root);
        (buffer.WaitingSpans, buffer.FailedFlows).ShouldBe((0, 1));
    }

    [Fact]
    public void Routines_OfAMessageThatNeverEnds_StayWithinTheBound()
    {
        const int Bound = 1000;
        var buffer = Buffer(TimeSpan.Zero, Bound);
        var root = Begin(buffer);
        for (var i = 0; i < 10 * Bound; i++)
        {
            End(root.BeginRoutine("routine"));
        }

        // A flow may not have the buffer to itself.
        buffer.WaitingSpans.ShouldBeInRange(1, Bound / 4);
        buffer.DroppedSpans.ShouldBeGreaterThan(9 * Bound);
    }

    [Fact]
    public void Flow_UnderWay_WaitsHoweverLongItTakes()
    {
        var buffer = Buffer(s_window);
        var root = Begin(buffer);
        End(Begin(buffer, root));
        _time.Pass(100 * s_window);
        buffer.Expire();

        End(root, failed: true);

        _sent.Count.ShouldBe(2);
    }

    [Fact]
    public void Flow_OfVeryManySpans_DoesNotTakeTheWholeBuffer()
    {
        var buffer = Buffer(TimeSpan.Zero, mostSpans: 400);
        var root = Begin(buffer);
        for (var i = 0; i < 1000; i++)
        {
            End(Begin(buffer, root));
        }

        buffer.DroppedSpans.ShouldBe(900);
        End(root, failed: true);
        _sent.Count.ShouldBe(101);
    }

    [Fact]
    public void Flows_OfManySpansThatNeverEnd_StayWithinTheBoundAlsoWithoutOtherProcesses()
    {
        var buffer = Buffer(TimeSpan.Zero, mostSpans: 4000);
        var flows = new List<CompactSpan>();
        for (var i = 0; i < 100; i++)
        {
            var root = Begin(buffer);
            flows.Add(root);
            for (var j = 0; j < 640; j++)
            {
                End(Begin(buffer, root));
                buffer.WaitingSpans.ShouldBeLessThanOrEqualTo(4000);
            }
        }

        buffer.EvictedFlows.ShouldBeInRange(90, 100);
        End(flows[^1], failed: true);
        _sent.Count.ShouldBe(641);
        End(flows[0], failed: true);
        _sent.Count.ShouldBe(642);
    }

    [Fact]
    public void Flows_ThatNeverEnd_AreNotHeldByTheBuffer()
    {
        var buffer = Buffer(s_window, mostSpans: 1000);
        var flows = BeginMany(buffer, 1000);
        GC.Collect();

        // Their callers, who hold them while they are under way, have gone.
        flows.Count(flow => flow.TryGetTarget(out _)).ShouldBeLessThanOrEqualTo(1);
        (buffer.WaitingSpans, buffer.DroppedSpans).ShouldBe((0, 0));
    }

    [Fact]
    public void Span_ThatBeginsAfterItsFlowHasEnded_IsKeptIfItFails()
    {
        var buffer = Buffer(TimeSpan.Zero);
        var root = Begin(buffer);
        End(root);

        var late = Begin(buffer, root);
        End(Begin(buffer, late));
        End(late, failed: true);

        _sent.Count.ShouldBe(2);
        _sent.ShouldAllBe(span => span.Flow.TraceId == root.Flow.TraceId);
        late.ParentId.ShouldBe(root.Id);
        buffer.WaitingSpans.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public void Buffer_UsedByManyThreads_LosesNothingOfAFailedFlow(int windowSeconds)
    {
        var sent = 0;
        var buffer = new FlowBuffer(new FlowBufferOptions(100_000, TimeSpan.FromSeconds(windowSeconds)), TimeProvider.System, _ => Interlocked.Increment(ref sent));
        const int Flows = 2000;

        Parallel.For(0, Flows, i =>
        {
            var root = Begin(buffer);
            Parallel.For(0, 4, j => End(Begin(buffer, root), failed: i % 2 == 0 && j == 3));
            End(root);
        });

        sent.ShouldBe(Flows / 2 * 5);
        buffer.FailedFlows.ShouldBe(Flows / 2);
        (buffer.ForgottenFlows, buffer.WaitingSpans).ShouldBe(windowSeconds == 0 ? (Flows / 2, 0) : (0, Flows / 2 * 5));
    }

    // So long ago that nothing of the stack refers to them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference<CompactFlow>> BeginMany(FlowBuffer buffer, int flows)
    {
        var begun = new List<WeakReference<CompactFlow>>();
        for (var i = 0; i < flows; i++)
        {
            var root = Begin(buffer);
            End(Begin(buffer, root));
            begun.Add(new(root.Flow));
        }

        return begun;
    }

    private static MessageSpan BeginElsewhere(FlowBuffer buffer, CompactSpan parent) => buffer.ContinueMessage(FlowRecording.LinkOf(parent), "span", s_ends);

    private static MessageSpan Begin(FlowBuffer buffer, CompactSpan? under = null, bool isDrawn = false) =>
        under is null ? buffer.BeginMessage(isDrawn, "span", s_ends) : new MessageSpan(under, "span", s_ends);

    private static void End(CompactSpan span, bool failed = false)
    {
        if (failed)
        {
            span.Fail("it failed");
        }

        span.End();
    }

    private FlowBuffer Buffer(TimeSpan window, int mostSpans = 1000) => new(new FlowBufferOptions(mostSpans, window), _time, _sent.Add);
}
