using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>What to look for in a <see cref="SpanStore"/>.</summary>
/// <param name="StartMin">Traces with a span that began then or later.</param>
/// <param name="StartMax">And before this.</param>
/// <param name="Operation">Name of one of its spans, or null for any.</param>
/// <param name="DurationMin">One of its spans took at least this long.</param>
/// <param name="DurationMax">And at most this long.</param>
/// <param name="MostTraces">No more traces than this, the newest first.</param>
public sealed record TraceQuery(
    DateTime StartMin, DateTime StartMax, string? Operation = null, TimeSpan? DurationMin = null, TimeSpan? DurationMax = null, int MostTraces = 100);

/// <summary>
/// The newest spans of a process, in memory, never more than its capacity: the oldest traces make room, and those without a failure first, so
/// that a failed flow can be looked up after many that went well.
/// </summary>
/// <param name="capacitySpans">The most spans that it keeps.</param>
public sealed class SpanStore(int capacitySpans)
{
    // A trace may not have the store to itself: of one that is longer, the first spans are kept.
    private readonly int _mostSpansOfTrace = Math.Max(1, capacitySpans / 4);
    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, Trace> _traces = [];
    private readonly LinkedList<Trace> _well = new();
    private readonly LinkedList<Trace> _failed = new();
    private int _spans;
    private int _failedSpans;

    /// <summary>The spans that it keeps now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _spans;
            }
        }
    }

    /// <summary>Spans that had no place in a long trace, and those of traces that made room for newer ones.</summary>
    public long DroppedSpans { get; private set; }

    /// <summary>Adds a span to its trace.</summary>
    public void Add(RecordedSpan span)
    {
        ArgumentNullException.ThrowIfNull(span);
        Add(IdOf(span.TraceId), span, span.Failed);
    }

    /// <summary>Adds one to its trace that takes its final form when somebody looks at it, so that whoever records it does not wait for that.</summary>
    public void Add(CompactSpan span)
    {
        ArgumentNullException.ThrowIfNull(span);
        Add(new UInt128(span.Flow.TraceHigh, span.Flow.TraceLow), span, span.Failed);
    }

    private void Add(UInt128 traceId, object span, bool failed)
    {
        lock (_lock)
        {
            if (!_traces.TryGetValue(traceId, out var trace))
            {
                _traces.Add(traceId, trace = new Trace(traceId));
                _well.AddLast(trace.Place);
            }

            if (trace.Count == _mostSpansOfTrace)
            {
                DroppedSpans++;
            }
            else
            {
                trace.Add(span);
                _spans++;
                _failedSpans += trace.Failed ? 1 : 0;
            }

            if (failed && !trace.Failed)
            {
                trace.Failed = true;
                _failedSpans += trace.Count;
                _well.Remove(trace.Place);
                _failed.AddLast(trace.Place);
            }

            while (_spans > capacitySpans)
            {
                Evict();
            }
        }
    }

    /// <summary>The names of all spans that it keeps, with their kinds.</summary>
    public IReadOnlyList<(string Name, string Kind)> Operations()
    {
        lock (_lock)
        {
            return
            [
                .. _traces.Values.SelectMany(trace => trace.Spans)
                    .Select(span => (span.Name, span.Kind.ToString().ToLowerInvariant()))
                    .Distinct()
                    .Order(),
            ];
        }
    }

    /// <summary>The spans of a trace; none if it is not known.</summary>
    public IReadOnlyList<RecordedSpan> Find(string traceId)
    {
        lock (_lock)
        {
            return _traces.TryGetValue(IdOf(traceId), out var trace) ? [.. trace.Spans] : [];
        }
    }

    /// <summary>The traces that a query asks for, the newest first.</summary>
    public IReadOnlyList<IReadOnlyList<RecordedSpan>> Find(TraceQuery query)
    {
        lock (_lock)
        {
            return
            [
                .. _traces.Values
                    .Where(trace => trace.Spans.Any(span => Matches(span, query)))
                    .OrderByDescending(trace => trace.Spans.Min(span => span.Start))
                    .Take(query.MostTraces)
                    .Select(trace => trace.Spans.ToArray()),
            ];
        }
    }

    /// <summary>The newest traces that somebody wants, the newest first.</summary>
    public IReadOnlyList<IReadOnlyList<RecordedSpan>> Newest(Func<IReadOnlyList<RecordedSpan>, bool> isWanted, int mostTraces)
    {
        IReadOnlyList<RecordedSpan>[] all;
        lock (_lock)
        {
            all = [.. _traces.Values.Select(trace => trace.Spans.ToArray())];
        }

        return [.. all.Where(isWanted).OrderByDescending(spans => spans.Min(span => span.Start)).Take(mostTraces)];
    }

    private static bool Matches(RecordedSpan span, TraceQuery query) =>
        span.Start >= query.StartMin && span.Start < query.StartMax
        && (query.Operation is null || span.Name == query.Operation)
        && (query.DurationMin is not { } least || span.Duration >= least)
        && (query.DurationMax is not { } most || span.Duration <= most);

    private void Evict()
    {
        // Failed traces may fill half of it before they make room for each other.
        var from = _failed.Count == 0 || (_well.Count > 0 && _failedSpans <= capacitySpans / 2) ? _well : _failed;
        var oldest = from.First!.Value;
        from.RemoveFirst();
        _traces.Remove(oldest.Id);
        _spans -= oldest.Count;
        _failedSpans -= oldest.Failed ? oldest.Count : 0;
        DroppedSpans += oldest.Count;
    }

    // What is no identifier is that of no trace.
    private static UInt128 IdOf(string traceId) =>
        traceId.Length == 32 && UInt128.TryParse(traceId, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id : 0;

    private sealed class Trace
    {
        private readonly List<object> _spans = [];

        public Trace(UInt128 id)
        {
            Id = id;
            Place = new LinkedListNode<Trace>(this);
        }

        public UInt128 Id { get; }

        public LinkedListNode<Trace> Place { get; }

        public int Count => _spans.Count;

        public bool Failed { get; set; }

        public IEnumerable<RecordedSpan> Spans => Enumerable.Range(0, _spans.Count).Select(Final);

        public void Add(object span) => _spans.Add(span);

        private RecordedSpan Final(int index)
        {
            if (_spans[index] is not RecordedSpan span)
            {
                _spans[index] = span = KeptSpan.ToRecorded((CompactSpan)_spans[index]);
            }

            return span;
        }
    }
}
