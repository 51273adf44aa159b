namespace Hugesim.Telemetry;

/// <summary>The part of a flow in this process, whose spans are <see cref="CompactSpan"/>s.</summary>
/// <param name="traceHigh">The first half of the trace's identifier.</param>
/// <param name="traceLow">The second half.</param>
public abstract class CompactFlow(ulong traceHigh, ulong traceLow)
{
    /// <summary>The first half of the trace's identifier.</summary>
    public ulong TraceHigh { get; } = traceHigh;

    /// <summary>The second half.</summary>
    public ulong TraceLow { get; } = traceLow;

    /// <summary>The identifier, 32 hexadecimal digits.</summary>
    public string TraceId => $"{TraceHigh:x16}{TraceLow:x16}";

    /// <summary>It has ended: no span can be added to it.</summary>
    public abstract bool IsGone { get; }

    /// <summary>A new part of the same flow, for what begins when this one has ended.</summary>
    public abstract CompactFlow Again();

    /// <summary>When something was, in UTC.</summary>
    /// <param name="timestamp">By <see cref="System.Diagnostics.Stopwatch"/>.</param>
    public abstract DateTime TimeOf(long timestamp);

    /// <summary>A span has ended.</summary>
    public abstract void End(CompactSpan span);
}

/// <summary>What a message carries of the flow that it belongs to.</summary>
/// <param name="TraceHigh">The first half of the trace's identifier.</param>
/// <param name="TraceLow">The second half.</param>
/// <param name="SpanId">The span that sent it.</param>
/// <param name="IsDrawn">The flow is sent whatever happens.</param>
[GenerateSerializer, Immutable, Alias("FlowLink")]
public sealed record FlowLink(ulong TraceHigh, ulong TraceLow, ulong SpanId, bool IsDrawn)
{
    [NonSerialized]
    private CompactSpan? _local;

    /// <summary>The span itself, where the message has not left the process.</summary>
    public CompactSpan? Local
    {
        get => _local;
        init => _local = value;
    }
}
