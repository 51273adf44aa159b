using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>
/// Begins the spans of flows: where a flow begins it is drawn whether it is sent whatever happens. Such a flow has spans of .NET; any other one has
/// compact ones in a <see cref="FlowBuffer"/>, of which spans are made if it fails.
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

    /// <summary>Begins a flow, or returns null if its spans are to be those of .NET.</summary>
    public CompactSpan? TryBegin(string name, string source, ActivityKind kind, MessageEnds message = default) =>
        IsDrawn() ? null : buffer.Begin(name, source, kind, message);

    /// <summary>Goes on with a flow of another process.</summary>
    public CompactSpan Continue(ulong traceHigh, ulong traceLow, ulong parentId, string name, string source, ActivityKind kind, MessageEnds message = default) =>
        buffer.Continue(traceHigh, traceLow, parentId, name, source, kind, message);

    /// <summary>As above, of a parent in the form of W3C's trace context.</summary>
    public CompactSpan Continue(ActivityContext parent, string name, string source, ActivityKind kind)
    {
        var (trace, span) = (parent.TraceId.ToHexString(), parent.SpanId.ToHexString());
        return buffer.Continue(Number(trace.AsSpan(0, 16)), Number(trace.AsSpan(16)), Number(span), name, source, kind);
    }

    /// <summary>What a message carries that is sent inside a span of .NET.</summary>
    public static FlowLink LinkOf(Activity span)
    {
        var trace = span.TraceId.ToHexString();
        return new FlowLink(Number(trace.AsSpan(0, 16)), Number(trace.AsSpan(16)), Number(span.SpanId.ToHexString()), span.Recorded);
    }

    private static ulong Number(ReadOnlySpan<char> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private bool IsDrawn() => ratio > 0 && (ratio >= 1 || Random.Shared.NextDouble() < ratio);
}
