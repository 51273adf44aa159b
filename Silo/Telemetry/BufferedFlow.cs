namespace Hugesim.Telemetry;

/// <summary>A part of a flow in a <see cref="FlowBuffer"/>; who changes it holds its lock.</summary>
/// <param name="buffer">The buffer.</param>
/// <param name="traceHigh">The first half of the trace's identifier.</param>
/// <param name="traceLow">The second half.</param>
/// <param name="isDrawn">It is sent whatever happens.</param>
internal sealed class BufferedFlow(FlowBuffer buffer, ulong traceHigh, ulong traceLow, bool isDrawn) : CompactFlow(traceHigh, traceLow, isDrawn)
{
    private CompactSpan? _first;
    private CompactSpan? _last;

    /// <summary>How many of its spans have ended and are held.</summary>
    public int Count { get; private set; }

    /// <summary>Its spans are sent as they end: it was drawn, or has failed.</summary>
    public bool IsSent { get; set; }

    /// <summary>How many of those that are held the buffer has counted.</summary>
    public int Counted { get; set; }

    /// <summary>The buffer knows it as a long one.</summary>
    public bool IsListed { get; set; }

    /// <summary>It is over: what begins now is another part of its flow.</summary>
    public void Leave() => IsGone = true;

    /// <summary>Spans have ended.</summary>
    public void Add(CompactSpan first, CompactSpan last, int count)
    {
        if (_last is null)
        {
            _first = first;
        }
        else
        {
            _last.Next = first;
        }

        _last = last;
        Count += count;
    }

    /// <summary>The first of a list of those that are held, which it then holds no more; or null.</summary>
    public CompactSpan? Take()
    {
        var first = _first;
        (_first, _last, Count, Counted) = (null, null, 0, 0);
        return first;
    }

    /// <inheritdoc/>
    public override CompactFlow Again() => buffer.GoOn(this);

    /// <inheritdoc/>
    public override void End(CompactSpan first, CompactSpan last, int count) => buffer.End(this, first, last, count);
}
