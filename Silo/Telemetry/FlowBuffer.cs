using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>How much a <see cref="FlowBuffer"/> holds and how long it waits.</summary>
/// <param name="MostSpans">Spans that wait for the end of their flows; beyond that the oldest flows are given up.</param>
/// <param name="Window">
/// How long a flow waits after its last span here, for other processes to say that it has failed there; zero where there are none.
/// </param>
public sealed record FlowBufferOptions(int MostSpans, TimeSpan Window)
{
    /// <summary>What a process takes that does not say otherwise: at about a kilobyte a span, fifty megabytes.</summary>
    public const int DefaultMostSpans = 50_000;
}

/// <summary>
/// Holds the spans of each flow until it is known whether the flow failed. Flows with a failed span, those that another process reports as failed, and
/// those that were drawn at their beginning are sent on; the others are forgotten. It never holds more than its options say, and counts what
/// that cost.
/// </summary>
/// <param name="options">Its bounds.</param>
/// <param name="time">The clock.</param>
/// <param name="send">Takes the spans that are kept.</param>
public sealed class FlowBuffer(FlowBufferOptions options, TimeProvider time, Action<Activity> send)
{
    // A flow may not have the buffer to itself.
    private readonly int _mostSpansOfFlow = Math.Max(1, options.MostSpans / 4);
    private readonly ConcurrentDictionary<ActivityTraceId, Flow> _flows = new();
    private readonly ConcurrentQueue<Flow> _byAge = new();
    private readonly ConcurrentQueue<ActivityTraceId> _failures = new();
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

    /// <summary>A span has begun.</summary>
    public void Begin(Activity span)
    {
        // What lies in a span of this process ends before that one does.
        if (!span.Recorded && span.Parent is null)
        {
            Change(span.TraceId, static flow => flow.Open++);
        }
    }

    /// <summary>A span has ended.</summary>
    public void End(Activity span)
    {
        if (span.Recorded)
        {
            send(span);
            return;
        }

        var failed = span.Status == ActivityStatusCode.Error;
        var flow = Find(span.TraceId);
        var isOutermost = span.Parent is null;
        while (!TryEnd(flow, span, failed, isOutermost))
        {
            flow = Find(span.TraceId);
        }

        if (WaitingSpans > options.MostSpans)
        {
            MakeRoom();
        }
    }

    /// <summary>The flows that failed here since the last time, for the other processes.</summary>
    public IReadOnlyList<string> TakeFailures()
    {
        var failures = new HashSet<string>(StringComparer.Ordinal);
        while (_failures.TryDequeue(out var id))
        {
            failures.Add(id.ToHexString());
        }

        return [.. failures];
    }

    /// <summary>Another process says that these flows have failed.</summary>
    public void KeepFailed(IEnumerable<string> traceIds)
    {
        foreach (var id in traceIds)
        {
            if (_flows.TryGetValue(ActivityTraceId.CreateFromString(id), out var flow))
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

    private bool IsYoung(Flow flow) => time.GetElapsedTime(flow.LastEnd) < options.Window;

    private bool TryEnd(Flow flow, Activity span, bool failed, bool isOutermost)
    {
        lock (flow)
        {
            if (flow.IsGone)
            {
                return false;
            }

            flow.LastEnd = time.GetTimestamp();
            flow.Open -= isOutermost && flow.Open > 0 ? 1 : 0;
            if (failed && !flow.IsFailed)
            {
                Keep(flow);
                if (options.Window > TimeSpan.Zero)
                {
                    _failures.Enqueue(flow.Id);
                }
            }

            if (flow.IsFailed)
            {
                send(span);
            }
            else if (flow.Spans.Count >= _mostSpansOfFlow)
            {
                Interlocked.Increment(ref _droppedSpans);
            }
            else
            {
                flow.Spans.Add(span);
                Interlocked.Increment(ref _spans);
            }

            // Without other processes to wait for, all is known when nothing is under way any more.
            if (flow.Open == 0 && options.Window == TimeSpan.Zero)
            {
                Forget(flow);
            }

            return true;
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
        Interlocked.Add(ref _spans, -flow.Spans.Count);
        foreach (var span in flow.Spans)
        {
            send(span);
        }

        flow.Spans.Clear();
    }

    private void Forget(Flow flow)
    {
        flow.IsGone = true;
        _flows.TryRemove(flow.Id, out _);
        Interlocked.Add(ref _spans, -flow.Spans.Count);
        if (!flow.IsFailed)
        {
            Interlocked.Increment(ref _forgottenFlows);
        }

        flow.Spans.Clear();
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

                if (flow.Spans.Count > 0)
                {
                    Interlocked.Add(ref _spans, -flow.Spans.Count);
                    Interlocked.Add(ref _droppedSpans, flow.Spans.Count);
                    Interlocked.Increment(ref _evictedFlows);
                    flow.Spans.Clear();
                }

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

    private void Change(ActivityTraceId id, Action<Flow> change)
    {
        while (true)
        {
            var flow = Find(id);
            lock (flow)
            {
                if (!flow.IsGone)
                {
                    change(flow);
                    return;
                }
            }
        }
    }

    private Flow Find(ActivityTraceId id)
    {
        if (_flows.TryGetValue(id, out var known))
        {
            return known;
        }

        var flow = new Flow(id) { LastEnd = time.GetTimestamp() };
        var found = _flows.GetOrAdd(id, flow);
        if (found == flow)
        {
            _byAge.Enqueue(flow);
        }

        return found;
    }

    private sealed class Flow(ActivityTraceId id)
    {
        public ActivityTraceId Id { get; } = id;

        public List<Activity> Spans { get; } = new(16);

        /// <summary>Spans under way that lie in no other one of this process.</summary>
        public int Open { get; set; }

        public long LastEnd { get; set; }

        public bool IsFailed { get; set; }

        public bool IsGone { get; set; }
    }
}
