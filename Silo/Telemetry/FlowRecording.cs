using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>
/// Begins the spans of flows where all flows of the process are recorded: in a <see cref="FlowBuffer"/>, and where a flow begins it is drawn whether it is sent whatever happens.
/// </summary>
/// <param name="buffer">The flows that are undecided.</param>
/// <param name="ratio">The share of flows that are sent whatever happens, 0 to 1.</param>
internal sealed class FlowRecording(FlowBuffer buffer, double ratio)
{
    private static FlowRecording? s_ofProcess;

    /// <summary>The one of this process, or null while it does not record all flows.</summary>
    public static FlowRecording? OfProcess => Volatile.Read(ref s_ofProcess);

    /// <summary>Records from now on.</summary>
    public void Begin() => Volatile.Write(ref s_ofProcess, this);

    /// <summary>Records no more.</summary>
    public void End() => Interlocked.CompareExchange(ref s_ofProcess, null, this);

    /// <summary>Begins a flow with a step of a client.</summary>
    /// <param name="name">The step's name.</param>
    /// <param name="kind">Server for what somebody else asked for.</param>
    public StepSpan BeginStep(string name, ActivityKind kind) => buffer.BeginStep(IsDrawn(), name, kind);

    /// <summary>Begins a flow with a message.</summary>
    /// <param name="name">The message's name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan BeginMessage(string name, in MessageEnds ends) => buffer.BeginMessage(IsDrawn(), name, ends);

    /// <summary>Goes on with a step of a client in another process.</summary>
    /// <param name="parent">The span there that it goes on in.</param>
    /// <param name="name">The step's name.</param>
    public StepSpan ContinueStep(FlowLink parent, string name) => buffer.ContinueStep(parent, name);

    /// <summary>Goes on with a flow of another process, which sent a message.</summary>
    /// <param name="parent">The span there that sent it.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan ContinueMessage(FlowLink parent, string name, in MessageEnds ends) => buffer.ContinueMessage(parent, name, ends);

    /// <summary>What a message to another process carries that is sent inside a compact span.</summary>
    public static FlowLink LinkOf(CompactSpan span) =>
        new(span.Flow.TraceHigh, span.Flow.TraceLow, span.Id, span.Flow.IsDrawn, Caller: MessageSpan.Around(span)?.TargetId);

    /// <summary>What one carries that is sent inside a span of .NET.</summary>
    public static FlowLink LinkOf(Activity span) =>
        LinkOf(span.Context) with { IsOfNet = true, Caller = span.GetTagItem(MessageEnds.TargetTag) as string ?? span.Parent?.GetTagItem(MessageEnds.TargetTag) as string };

    /// <summary>A parent in the form of W3C's trace context.</summary>
    public static FlowLink LinkOf(ActivityContext parent)
    {
        var trace = parent.TraceId.ToHexString();
        return new FlowLink(
            Number(trace.AsSpan(0, 16)), Number(trace.AsSpan(16)), Number(parent.SpanId.ToHexString()), (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0);
    }

    private static ulong Number(ReadOnlySpan<char> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private bool IsDrawn() => ratio > 0 && (ratio >= 1 || Random.Shared.NextDouble() < ratio);
}
