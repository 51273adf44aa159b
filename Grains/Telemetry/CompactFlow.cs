using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>The part of a flow in this process, whose spans are <see cref="CompactSpan"/>s.</summary>
/// <param name="traceHigh">The first half of the trace's identifier.</param>
/// <param name="traceLow">The second half.</param>
/// <param name="isDrawn">It is sent whatever happens.</param>
public abstract class CompactFlow(ulong traceHigh, ulong traceLow, bool isDrawn)
{
    private volatile bool _isGone;
    private long _zeroTicks;
    private long _zeroId;
    private int _numbers;

    /// <summary>The first half of the trace's identifier.</summary>
    public ulong TraceHigh { get; } = traceHigh;

    /// <summary>The second half.</summary>
    public ulong TraceLow { get; } = traceLow;

    /// <summary>It is sent whatever happens, also its parts in other processes.</summary>
    public bool IsDrawn { get; } = isDrawn;

    /// <summary>The identifier, 32 hexadecimal digits.</summary>
    public string TraceId => $"{TraceHigh:x16}{TraceLow:x16}";

    /// <summary>It has ended: no span can be added to it.</summary>
    public bool IsGone
    {
        get => _isGone;
        protected set => _isGone = value;
    }

    /// <summary>When something was, in UTC. The spans of a flow keep their distances.</summary>
    /// <param name="timestamp">By <see cref="Stopwatch"/>.</param>
    public DateTime TimeOf(long timestamp)
    {
        if (_zeroTicks == 0)
        {
            // Both clocks at one moment: the first time that somebody asks, which for nearly all flows is never.
            Interlocked.CompareExchange(ref _zeroTicks, DateTime.UtcNow.Ticks - Stopwatch.GetElapsedTime(0).Ticks, 0);
        }

        return new(_zeroTicks + Stopwatch.GetElapsedTime(0, timestamp).Ticks, DateTimeKind.Utc);
    }

    /// <summary>A number for a span of this part, from 1.</summary>
    internal int NextNumber() => Interlocked.Increment(ref _numbers);

    /// <summary>The identifier of the span with a number.</summary>
    internal ulong IdOf(int number)
    {
        if (Volatile.Read(ref _zeroId) == 0)
        {
            // Other parts of the flow draw theirs: that they meet is as likely as with identifiers that are all drawn.
            Interlocked.CompareExchange(ref _zeroId, Random.Shared.NextInt64(1, long.MaxValue - int.MaxValue), 0);
        }

        return (ulong)(_zeroId + number);
    }

    /// <summary>A new part of the same flow, for what begins when this one has ended.</summary>
    public abstract CompactFlow Again();

    /// <summary>A span has ended, and before it routines inside it that did not say so themselves.</summary>
    /// <param name="first">The first of a list of those, with the span as the last; or the span.</param>
    /// <param name="last">The span.</param>
    /// <param name="count">How many they are.</param>
    public abstract void End(CompactSpan first, CompactSpan last, int count);
}

/// <summary>What a message to another process carries of the flow that it belongs to.</summary>
/// <param name="TraceHigh">The first half of the trace's identifier.</param>
/// <param name="TraceLow">The second half.</param>
/// <param name="SpanId">The span that sent it.</param>
/// <param name="IsDrawn">The flow is sent whatever happens.</param>
/// <param name="IsOfNet">The flow is looked at by itself: its spans are those of .NET.</param>
/// <param name="Caller">The id of the grain that sent it, or null.</param>
[GenerateSerializer, Immutable, Alias("FlowLink")]
public sealed record FlowLink(ulong TraceHigh, ulong TraceLow, ulong SpanId, bool IsDrawn, bool IsOfNet = false, string? Caller = null);
