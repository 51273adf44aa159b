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
/// Holds the spans of each flow that is sent only if it fails, until it is known whether it does. Flows that were drawn, those with a failed span and those that another process
/// reports as failed are sent on; the others are forgotten. It never holds more than its options say, and counts what that cost.
/// </summary>
/// <param name="options">Its bounds.</param>
/// <param name="time">The clock.</param>
/// <param name="send">Takes the spans that are kept.</param>
/// <param name="count">Is told each message when it ends, or null.</param>
public sealed class FlowBuffer(FlowBufferOptions options, TimeProvider time, Action<CompactSpan> send, Action<MessageSpan>? count = null)
{
    private readonly TimeProvider _time = time;
    private readonly bool _hasOthers = options.Window > TimeSpan.Zero;

    // So many spans of a flow are counted at once: what all processors write to for each span costs more than the span. A flow that is under way here only is nobody's but its
    // callers' until it has as many.
    private const int CountedAtOnce = 64;

    // A flow may not have the buffer to itself.
    private readonly int _mostSpansOfFlow = Math.Max(1, options.MostSpans / 4);

    // Only those that another process may name: where there is none, that is who had the flow's first span.
    private readonly ConcurrentDictionary<(ulong, ulong), BufferedFlow> _flows = new();

    // Where there are others all flows, as each waits for them; else only long ones. A flow that somebody still refers to after its end is work for the garbage collector.
    private readonly ConcurrentQueue<BufferedFlow> _byAge = new();
    private readonly ConcurrentQueue<BufferedFlow> _failures = new();
    private long _spans;
    private long _failedFlows;
    private long _forgottenFlows;
    private long _evictedFlows;
    private long _droppedSpans;

    /// <summary>Spans that wait. Where there are no other processes, those of a flow are counted by the dozen.</summary>
    public long WaitingSpans => Volatile.Read(ref _spans);

    /// <summary>Flows that were sent because they failed.</summary>
    public long FailedFlows => Volatile.Read(ref _failedFlows);

    /// <summary>Flows that went well and were not drawn.</summary>
    public long ForgottenFlows => Volatile.Read(ref _forgottenFlows);

    /// <summary>Flows whose first spans were given up for want of room, before it was known whether they fail.</summary>
    public long EvictedFlows => Volatile.Read(ref _evictedFlows);

    /// <summary>Spans of those flows, and those that had no room in a very long flow.</summary>
    public long DroppedSpans => Volatile.Read(ref _droppedSpans);

    /// <summary>The flows that it knows: those that wait, those under way where there are other processes, else the long ones, and for a moment those that are over.</summary>
    public int KnownFlows => _byAge.Count;

    /// <summary>A flow begins here with a step of a client.</summary>
    /// <param name="isDrawn">It is sent whatever happens.</param>
    /// <param name="name">The step's name.</param>
    /// <param name="kind">Server for what somebody else asked for.</param>
    public StepSpan BeginStep(bool isDrawn, string name, ActivityKind kind) => new(Begin(isDrawn), 0, name, kind);

    /// <summary>A flow begins here with a message.</summary>
    /// <param name="isDrawn">It is sent whatever happens.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan BeginMessage(bool isDrawn, string name, in MessageEnds ends) => new(Begin(isDrawn), 0, name, ends);

    /// <summary>A flow goes on here with a step that began in another process.</summary>
    /// <param name="parent">The span there that it goes on in.</param>
    /// <param name="name">The step's name.</param>
    public StepSpan ContinueStep(FlowLink parent, string name) => new(Open(parent), parent.SpanId, name, ActivityKind.Server);

    /// <summary>A flow goes on here with a message from another process.</summary>
    /// <param name="parent">The span there that sent it.</param>
    /// <param name="name">The message's name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan ContinueMessage(FlowLink parent, string name, in MessageEnds ends) => new(Open(parent), parent.SpanId, name, ends);

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
                    SendFailed(flow);
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

    /// <summary>A flow goes on here that has ended here.</summary>
    internal CompactFlow GoOn(BufferedFlow flow) => Open(flow.TraceHigh, flow.TraceLow, flow.IsDrawn);

    /// <summary>A span of a flow has ended: the last of a list.</summary>
    internal void End(BufferedFlow flow, CompactSpan first, CompactSpan last)
    {
        if (count is not null && last is MessageSpan message)
        {
            count(message);
        }

        lock (flow)
        {
            flow.Open -= last.IsOutermost && flow.Open > 0 ? 1 : 0;
            if (last.Failed && !flow.IsSent && !flow.IsGone)
            {
                SendFailed(flow);
                if (_hasOthers)
                {
                    _failures.Enqueue(flow);
                }
            }

            for (var span = first; span is not null;)
            {
                var next = span.Next;
                span.Next = null;
                Take(flow, span);
                span = next;
            }

            if (flow.IsGone)
            {
                return;
            }

            if (_hasOthers)
            {
                flow.LastEnd = _time.GetTimestamp();
                if (flow.Open == 0)
                {
                    flow.Pack();
                }
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

    private void Take(BufferedFlow flow, CompactSpan span)
    {
        if (flow.IsGone)
        {
            // What it was a part of has ended before it: it is sent if it failed itself.
            if (span.Failed || flow.IsDrawn)
            {
                send(span);
            }
        }
        else if (flow.IsSent)
        {
            send(span);
        }
        else if (flow.Count >= _mostSpansOfFlow)
        {
            Interlocked.Increment(ref _droppedSpans);
        }
        else if (flow.Open > 0 || _hasOthers)
        {
            flow.Add(span);
            if (_hasOthers || flow.Count - flow.Counted == CountedAtOnce)
            {
                Interlocked.Add(ref _spans, flow.Count - flow.Counted);
                flow.Counted = flow.Count;
                List(flow);
            }
        }
    }

    private void List(BufferedFlow flow)
    {
        if (!flow.IsListed)
        {
            flow.IsListed = true;
            _byAge.Enqueue(flow);
        }
    }

    private static ulong Half(string traceId, int at) => ulong.Parse(traceId.AsSpan(at, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private BufferedFlow Begin(bool isDrawn)
    {
        var flow = NewFlow((ulong)Random.Shared.NextInt64(1, long.MaxValue), (ulong)Random.Shared.NextInt64(), isDrawn, _hasOthers);
        flow.Open = 1;
        if (flow.IsNamed)
        {
            _flows[(flow.TraceHigh, flow.TraceLow)] = flow;
            List(flow);
        }

        return flow;
    }

    private BufferedFlow Open(FlowLink parent) => Open(parent.TraceHigh, parent.TraceLow, parent.IsDrawn);

    private bool IsYoung(BufferedFlow flow) => _time.GetElapsedTime(flow.LastEnd) < options.Window;

    private BufferedFlow NewFlow(ulong traceHigh, ulong traceLow, bool isDrawn, bool isNamed) =>
        new(this, traceHigh, traceLow, isDrawn) { IsNamed = isNamed, LastEnd = _hasOthers ? _time.GetTimestamp() : 0 };

    private void SendFailed(BufferedFlow flow)
    {
        if (flow.IsGone || flow.IsSent)
        {
            return;
        }

        flow.IsSent = true;
        Interlocked.Increment(ref _failedFlows);
        Interlocked.Add(ref _spans, -flow.Counted);
        foreach (var span in flow.Take())
        {
            send(span);
        }
    }

    private void Forget(BufferedFlow flow)
    {
        flow.Leave();
        if (flow.IsNamed)
        {
            _flows.TryRemove(new KeyValuePair<(ulong, ulong), BufferedFlow>((flow.TraceHigh, flow.TraceLow), flow));
        }

        if (flow.Counted > 0)
        {
            Interlocked.Add(ref _spans, -flow.Counted);
        }

        if (!flow.IsSent)
        {
            Interlocked.Increment(ref _forgottenFlows);
        }

        flow.Clear();
    }

    private void GiveUp(BufferedFlow flow)
    {
        if (flow.Count > 0)
        {
            Interlocked.Add(ref _spans, -flow.Counted);
            Interlocked.Add(ref _droppedSpans, flow.Count);
            Interlocked.Increment(ref _evictedFlows);
            flow.Clear();
        }
    }

    // The oldest give up what they hold; should one of them fail later, the rest of it is sent.
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
                if (flow.Open > 0 || flow.IsSent)
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
    private BufferedFlow Open(ulong traceHigh, ulong traceLow, bool isDrawn)
    {
        while (true)
        {
            var flow = Find(traceHigh, traceLow, isDrawn);
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

    private BufferedFlow Find(ulong traceHigh, ulong traceLow, bool isDrawn)
    {
        if (_flows.TryGetValue((traceHigh, traceLow), out var known))
        {
            return known;
        }

        var flow = NewFlow(traceHigh, traceLow, isDrawn, isNamed: true);
        var found = _flows.GetOrAdd((traceHigh, traceLow), flow);
        if (found == flow)
        {
            lock (flow)
            {
                List(flow);
            }
        }

        return found;
    }
}
