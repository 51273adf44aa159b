namespace Hugesim.Telemetry;

/// <summary>A flow in a <see cref="FlowBuffer"/>; who changes it holds its lock.</summary>
/// <param name="buffer">The buffer.</param>
/// <param name="traceHigh">The first half of the trace's identifier.</param>
/// <param name="traceLow">The second half.</param>
/// <param name="isDrawn">It is sent whatever happens.</param>
internal sealed class BufferedFlow(FlowBuffer buffer, ulong traceHigh, ulong traceLow, bool isDrawn) : CompactFlow(traceHigh, traceLow, isDrawn)
{
    private CompactSpan? _first;
    private CompactSpan? _last;
    private PackedSpans? _packed;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Spans under way that lie in no other one of this process.</summary>
    public int Open { get; set; }

    /// <summary>When a span of it ended last, by the buffer's clock.</summary>
    public long LastEnd { get; set; }

    /// <summary>Its spans are sent as they end: it was drawn, or has failed.</summary>
    public bool IsSent { get; set; } = isDrawn;

    /// <summary>Other processes may name it.</summary>
    public bool IsNamed { get; init; }

    /// <summary>How many of those that wait the buffer has counted.</summary>
    public int Counted { get; set; }

    /// <summary>The buffer knows it by its age.</summary>
    public bool IsListed { get; set; }

    /// <summary>It is over: what begins now is another part of its flow.</summary>
    public void Leave() => IsGone = true;

    /// <summary>A span waits.</summary>
    public void Add(CompactSpan span)
    {
        if (_last is null)
        {
            _first = span;
        }
        else
        {
            _last.Next = span;
        }

        _last = span;
        Count++;
    }

    /// <summary>Those that wait may wait for long: as bytes.</summary>
    public void Pack()
    {
        if (_first is not null && PackedSpans.TryPack(_first, _packed) is { } packed)
        {
            (_packed, _first, _last) = (packed, null, null);
        }
    }

    /// <summary>Those that wait, which it then has no more.</summary>
    public IEnumerable<CompactSpan> Take()
    {
        var packed = new Stack<PackedSpans>();
        for (var one = _packed; one is not null; one = one.Before)
        {
            packed.Push(one);
        }

        var first = _first;
        Clear();
        return packed.SelectMany(one => one.Unpack(this)).Concat(ListFrom(first));
    }

    /// <summary>None waits any more.</summary>
    public void Clear() => (_first, _last, _packed, Count, Counted) = (null, null, null, 0, 0);

    private static IEnumerable<CompactSpan> ListFrom(CompactSpan? first)
    {
        for (var span = first; span is not null;)
        {
            // Whoever gets them keeps no list.
            var next = span.Next;
            span.Next = null;
            yield return span;
            span = next;
        }
    }

    /// <inheritdoc/>
    public override CompactFlow Again() => buffer.GoOn(this);

    /// <inheritdoc/>
    public override void End(CompactSpan first, CompactSpan last) => buffer.End(this, first, last);
}
