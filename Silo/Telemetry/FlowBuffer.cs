using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>How much a <see cref="FlowBuffer"/> holds and how long it waits.</summary>
/// <param name="MostSpans">Spans that wait for the end of their flows; beyond that the oldest flows are given up.</param>
/// <param name="Window">
/// How long a flow waits after its last span here, for other processes to say that it has failed there; zero where there are none.
/// </param>
public sealed record FlowBufferOptions(int MostSpans, TimeSpan Window)
{
    /// <summary>What a process takes that does not say otherwise: at less than half a kilobyte a span, fifty megabytes.</summary>
    public const int DefaultMostSpans = 100_000;
}

/// <summary>
/// Holds the spans of each flow that is sent only if it fails, until it is known whether it does. Flows with a failed span and those that another process reports as
/// failed are sent on; the others are forgotten. It never holds more than its options say, and counts what that cost.
/// </summary>
/// <param name="options">Its bounds.</param>
/// <param name="time">The clock.</param>
/// <param name="send">Takes the spans that are kept.</param>
/// <param name="count">Is told each span when it ends, or null.</param>
public sealed class FlowBuffer(FlowBufferOptions options, TimeProvider time, Action<CompactSpan> send, Action<CompactSpan>? count = null)
{
    private readonly TimeProvider _time = time;

    // A flow may not have the buffer to itself.
    private readonly int _mostSpansOfFlow = Math.Max(1, options.MostSpans / 4);

    // Only those that another process may name: where there is none, that is who had the flow's first span.
    private readonly ConcurrentDictionary<(ulong, ulong), Flow> _flows = new();
    private readonly ConcurrentQueue<Flow> _byAge = new();
    private readonly ConcurrentQueue<Flow> _failures = new();
    private long _spans;
    private long _failedFlows;
    private long _forgottenFlows;
    private long _evictedFlows;
    private long _droppedSpans;

    /// <summary>Spans that wait.</summary>
    public long WaitingSpans => Volatile.Read(ref _spans);

    /// <summary>Flows that were kept because they failed.</summary>
    public long FailedFlows => Volatile.Read(ref _failedFlows);

    /// <summary>Flows that went well and were not drawn.</summary>
    public long ForgottenFlows => Volatile.Read(ref _forgottenFlows);

    /// <summary>Flows whose first spans were given up for want of room, before it was known whether they fail.</summary>
    public long EvictedFlows => Volatile.Read(ref _evictedFlows);

    /// <summary>Spans of those flows, and those that had no room in a very long flow.</summary>
    public long DroppedSpans => Volatile.Read(ref _droppedSpans);

    /// <summary>The flows that it knows: those under way, those that wait, and for a moment those that are over.</summary>
    public int KnownFlows => Math.Max(_byAge.Count, _flows.Count);

    private bool HasOthers => options.Window > TimeSpan.Zero;

    /// <summary>A flow begins here.</summary>
    public CompactSpan Begin(string name, string source, ActivityKind kind, MessageEnds message = default)
    {
        var flow = new Flow(this, (ulong)Random.Shared.NextInt64(1, long.MaxValue), (ulong)Random.Shared.NextInt64()) { Open = 1, IsNamed = HasOthers };
        if (flow.IsNamed)
        {
            _flows[(flow.TraceHigh, flow.TraceLow)] = flow;
        }

        _byAge.Enqueue(flow);
        return CompactSpan.BeginOutermost(flow, 0, name, source, kind, message);
    }

    /// <summary>A flow goes on here that began in another process.</summary>
    public CompactSpan Continue(ulong traceHigh, ulong traceLow, ulong parentId, string name, string source, ActivityKind kind, MessageEnds message = default) =>
        CompactSpan.BeginOutermost(Open(traceHigh, traceLow), parentId, name, source, kind, message);

    /// <summary>The flows that failed here since the last time, for the other processes.</summary>
    public IReadOnlyList<string> TakeFailures()
    {
        var failures = new HashSet<string>(StringComparer.Ordinal);
        while (_failures.TryDequeue(out var flow))
        {
            failures.Add(flow.TraceId);
        }

        return [.. failures];
    }

    /// <summary>Another process says that these flows have failed.</summary>
    public void KeepFailed(IEnumerable<string> traceIds)
    {
        foreach (var id in traceIds)
        {
            if (_flows.TryGetValue((Half(id, 0), Half(id, 16)), out var flow))
            {
                lock (flow)
                {
                    Keep(flow);
                }
            }
        }
    }

    /// <summary>Forgets the flows whose time is over; to be called now and then.</summary>
    public void Expire()
    {
        // Also of flows that never end there are never more than there may be spans.
        while (_byAge.Count > options.MostSpans && _byAge.TryDequeue(out var oldest))
        {
            lock (oldest)
            {
                if (!oldest.IsGone)
                {
                    GiveUp(oldest);
                    Forget(oldest);
                }
            }
        }

        for (var left = _byAge.Count; left > 0 && _byAge.TryPeek(out var oldest); left--)
        {
            lock (oldest)
            {
                if (!oldest.IsGone && oldest.Open == 0 && IsYoung(oldest))
                {
                    return;
                }
            }

            // Somebody who makes room may have taken it meanwhile.
            if (!_byAge.TryDequeue(out var flow))
            {
                return;
            }

            lock (flow)
            {
                if (flow.IsGone)
                {
                    continue;
                }

                if (flow.Open > 0 || IsYoung(flow))
                {
                    _byAge.Enqueue(flow);
                    continue;
                }

                Forget(flow);
            }
        }
    }

    private static ulong Half(string traceId, int at) => ulong.Parse(traceId.AsSpan(at, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private bool IsYoung(Flow flow) => _time.GetElapsedTime(flow.LastEnd) < options.Window;

    private void End(Flow flow, CompactSpan span)
    {
        count?.Invoke(span);
        lock (flow)
        {
            flow.Open -= span.IsOutermost && flow.Open > 0 ? 1 : 0;
            if (flow.IsGone)
            {
                // What it was a part of has ended before it: it is kept if it failed itself.
                if (span.Failed)
                {
                    send(span);
                }

                return;
            }

            if (span.Failed && !flow.IsFailed)
            {
                Keep(flow);
                if (HasOthers)
                {
                    _failures.Enqueue(flow);
                }
            }

            if (flow.IsFailed)
            {
                send(span);
            }
            else if (flow.Count >= _mostSpansOfFlow)
            {
                Interlocked.Increment(ref _droppedSpans);
            }
            else if (flow.Open > 0 || HasOthers)
            {
                flow.Add(span);
                Interlocked.Increment(ref _spans);
            }

            if (HasOthers)
            {
                flow.LastEnd = _time.GetTimestamp();
            }
            else if (flow.Open == 0)
            {
                // Without other processes to wait for, all is known when nothing is under way any more.
                Forget(flow);
            }
        }

        if (WaitingSpans > options.MostSpans)
        {
            MakeRoom();
        }
    }

    private void Keep(Flow flow)
    {
        if (flow.IsGone || flow.IsFailed)
        {
            return;
        }

        flow.IsFailed = true;
        Interlocked.Increment(ref _failedFlows);
        Interlocked.Add(ref _spans, -flow.Count);
        for (var span = flow.First; span is not null;)
        {
            // The exporter's queue keeps no list.
            var next = span.Next;
            span.Next = null;
            send(span);
            span = next;
        }

        flow.Clear();
    }

    private void Forget(Flow flow)
    {
        flow.Leave();
        if (flow.IsNamed)
        {
            _flows.TryRemove(new KeyValuePair<(ulong, ulong), Flow>((flow.TraceHigh, flow.TraceLow), flow));
        }

        Interlocked.Add(ref _spans, -flow.Count);
        if (!flow.IsFailed)
        {
            Interlocked.Increment(ref _forgottenFlows);
        }

        flow.Clear();
    }

    private void GiveUp(Flow flow)
    {
        if (flow.Count > 0)
        {
            Interlocked.Add(ref _spans, -flow.Count);
            Interlocked.Add(ref _droppedSpans, flow.Count);
            Interlocked.Increment(ref _evictedFlows);
            flow.Clear();
        }
    }

    // The oldest give up what they hold; should one of them fail later, the rest of it is kept.
    private void MakeRoom()
    {
        for (var left = _byAge.Count; WaitingSpans > options.MostSpans && left > 0 && _byAge.TryDequeue(out var flow); left--)
        {
            lock (flow)
            {
                if (flow.IsGone)
                {
                    continue;
                }

                GiveUp(flow);
                if (flow.Open > 0 || flow.IsFailed)
                {
                    _byAge.Enqueue(flow);
                }
                else
                {
                    Forget(flow);
                }
            }
        }
    }

    // The part of a flow here, with one more span under way.
    private Flow Open(ulong traceHigh, ulong traceLow)
    {
        while (true)
        {
            var flow = Find(traceHigh, traceLow);
            lock (flow)
            {
                if (!flow.IsGone)
                {
                    flow.Open++;
                    return flow;
                }
            }
        }
    }

    private Flow Find(ulong traceHigh, ulong traceLow)
    {
        if (_flows.TryGetValue((traceHigh, traceLow), out var known))
        {
            return known;
        }

        var flow = new Flow(this, traceHigh, traceLow) { IsNamed = true };
        var found = _flows.GetOrAdd((traceHigh, traceLow), flow);
        if (found == flow)
        {
            _byAge.Enqueue(flow);
        }

        return found;
    }

    private sealed class Flow(FlowBuffer buffer, ulong traceHigh, ulong traceLow) : CompactFlow(traceHigh, traceLow)
    {
        // Both clocks at one moment.
        private readonly long _beganTicks = DateTime.UtcNow.Ticks;
        private readonly long _began = Stopwatch.GetTimestamp();
        private volatile bool _isGone;
        private CompactSpan? _last;

        public override bool IsGone => _isGone;

        public CompactSpan? First { get; private set; }

        public int Count { get; private set; }

        /// <summary>Spans under way that lie in no other one of this process.</summary>
        public int Open { get; set; }

        public long LastEnd { get; set; } = buffer.HasOthers ? buffer._time.GetTimestamp() : 0;

        public bool IsFailed { get; set; }

        public bool IsNamed { get; set; }

        public void Leave() => _isGone = true;

        public void Add(CompactSpan span)
        {
            if (_last is null)
            {
                First = span;
            }
            else
            {
                _last.Next = span;
            }

            _last = span;
            Count++;
        }

        public void Clear() => (First, _last, Count) = (null, null, 0);

        public override CompactFlow Again() => buffer.Open(TraceHigh, TraceLow);

        public override DateTime TimeOf(long timestamp) =>
            new(_beganTicks + Stopwatch.GetElapsedTime(_began, timestamp).Ticks, DateTimeKind.Utc);

        public override void End(CompactSpan span) => buffer.End(this, span);
    }
}
