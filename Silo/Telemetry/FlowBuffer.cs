using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Hugesim.Telemetry;

/// <summary>How much a <see cref="FlowBuffer"/> holds and how long it waits.</summary>
/// <param name="MostSpans">
/// Spans of long flows that wait for the end of those, and as many that wait for what other processes say; beyond that the oldest flows are given up.
/// </param>
/// <param name="Window">How long a part of a flow waits after its end here, for other processes to say that the flow has failed there; zero where there are none.</param>
public sealed record FlowBufferOptions(int MostSpans, TimeSpan Window)
{
    /// <summary>What a process takes that does not say otherwise: of long flows, at less than half a kilobyte a span, fifty megabytes; of those that wait, as bytes, 16 at most.</summary>
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
    // So many spans of a flow are counted at once: what all processors write to for each span costs more than the span. A flow that is under way is nobody's but its callers' until it
    // has as many: one that never ends goes when they do.
    private const int CountedAtOnce = 64;

    // A flow may not have the buffer to itself.
    private readonly int _mostSpansOfFlow = Math.Max(1, options.MostSpans / 4);

    // Parts that have ended, where other processes may say that their flow has failed.
    private readonly WaitingParts? _waiting = options.Window > TimeSpan.Zero ? new WaitingParts(options, time) : null;

    // Long ones only: a flow that somebody still refers to after its end is work for the garbage collector.
    private readonly ConcurrentQueue<BufferedFlow> _longFlows = new();
    private readonly ConcurrentQueue<BufferedFlow> _failures = new();
    private long _spans;
    private long _failedFlows;
    private long _forgottenFlows;
    private long _evictedFlows;
    private long _droppedSpans;

    /// <summary>Spans that wait. Those of a flow that is under way are counted by the dozen.</summary>
    public long WaitingSpans => Volatile.Read(ref _spans) + (_waiting?.Spans ?? 0);

    /// <summary>Parts of flows that were sent because their flow failed.</summary>
    public long FailedFlows => Volatile.Read(ref _failedFlows);

    /// <summary>Those of flows that went well and were not drawn.</summary>
    public long ForgottenFlows => Volatile.Read(ref _forgottenFlows) + (_waiting?.Forgotten ?? 0);

    /// <summary>Those whose first spans were given up for want of room, before it was known whether their flow fails.</summary>
    public long EvictedFlows => Volatile.Read(ref _evictedFlows) + (_waiting?.Evicted ?? 0);

    /// <summary>Spans of those, and those that had no room in a very long flow.</summary>
    public long DroppedSpans => Volatile.Read(ref _droppedSpans) + (_waiting?.DroppedSpans ?? 0);

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
        if (_waiting is null)
        {
            return;
        }

        foreach (var id in traceIds)
        {
            SendWaiting(_waiting, new BufferedFlow(this, Half(id, 0), Half(id, 16), isDrawn: false));
        }
    }

    /// <summary>Forgets the parts whose time is over; to be called now and then.</summary>
    public void Expire()
    {
        _waiting?.Expire();
        for (var left = _longFlows.Count; left > 0 && _longFlows.TryDequeue(out var flow); left--)
        {
            lock (flow)
            {
                flow.IsListed = !flow.IsGone && flow.Counted > 0;
                if (flow.IsListed)
                {
                    _longFlows.Enqueue(flow);
                }
            }
        }
    }

    /// <summary>A flow goes on here whose part has ended.</summary>
    internal CompactFlow GoOn(BufferedFlow flow) => Open(flow.TraceHigh, flow.TraceLow, flow.IsDrawn, flow.IsSent);

    /// <summary>A span of a flow has ended: the last of a list, as long as <paramref name="spans"/> says.</summary>
    internal void End(BufferedFlow flow, CompactSpan first, CompactSpan last, int spans)
    {
        if (count is not null && last is MessageSpan message)
        {
            count(message);
        }

        CompactSpan? waits = null;
        lock (flow)
        {
            if (last.Failed && !flow.IsSent && (!flow.IsGone || _waiting is not null))
            {
                SendFailed(flow);
            }

            // A part is over when its outermost span ends: it has one.
            var isLast = last.IsOutermost && !flow.IsGone;
            if (flow.IsSent || (flow.IsGone && last.Failed))
            {
                SendAll(first);
            }
            else if (flow.IsGone)
            {
                // What it was a part of has ended before it.
                waits = _waiting is null ? null : first;
            }
            else if (_waiting is not null || !isLast)
            {
                Hold(flow, first, last, spans);
            }

            if (isLast)
            {
                waits = Leave(flow);
            }
        }

        if (waits is not null)
        {
            Wait(_waiting!, flow, waits);
        }

        if (Volatile.Read(ref _spans) > options.MostSpans)
        {
            MakeRoom();
        }
    }

    private static ulong Half(string traceId, int at) => ulong.Parse(traceId.AsSpan(at, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private BufferedFlow Begin(bool isDrawn) => Open((ulong)Random.Shared.NextInt64(1, long.MaxValue), (ulong)Random.Shared.NextInt64(), isDrawn, isSent: isDrawn);

    private BufferedFlow Open(FlowLink parent) => Open(parent.TraceHigh, parent.TraceLow, parent.IsDrawn, isSent: parent.IsDrawn);

    // Each message from another process begins a part of its own, which knows nothing of other parts of its flow here unless it fails: so nobody has to look for them.
    private BufferedFlow Open(ulong traceHigh, ulong traceLow, bool isDrawn, bool isSent) => new(this, traceHigh, traceLow, isDrawn) { IsSent = isSent };

    private void Hold(BufferedFlow flow, CompactSpan first, CompactSpan last, int spans)
    {
        if (flow.Count + spans > _mostSpansOfFlow)
        {
            Interlocked.Add(ref _droppedSpans, spans);
            return;
        }

        flow.Add(first, last, spans);
        var uncounted = flow.Count - flow.Counted;
        if (uncounted >= CountedAtOnce)
        {
            Interlocked.Add(ref _spans, uncounted);
            flow.Counted = flow.Count;
            List(flow);
        }
    }

    private void List(BufferedFlow flow)
    {
        if (!flow.IsListed)
        {
            flow.IsListed = true;
            _longFlows.Enqueue(flow);
        }
    }

    private void SendFailed(BufferedFlow flow)
    {
        flow.IsSent = true;
        Interlocked.Increment(ref _failedFlows);
        if (_waiting is not null)
        {
            _failures.Enqueue(flow);
            SendWaiting(_waiting, flow);
        }

        SendAll(Uncounted(flow));
    }

    // What has ended before of the same flow, in parts of their own.
    private void SendWaiting(WaitingParts waiting, BufferedFlow flow)
    {
        foreach (var part in waiting.Fail(flow))
        {
            Interlocked.Increment(ref _failedFlows);
            foreach (var span in part)
            {
                send(span);
            }
        }
    }

    // Whoever gets them keeps no list.
    private void SendAll(CompactSpan? first, CompactSpan? end = null)
    {
        for (var span = first; span is not null && span != end;)
        {
            var next = span.Next;
            span.Next = null;
            send(span);
            span = next;
        }
    }

    // Nothing of it is under way any more: where nobody else can say that it failed, it has gone well. Else what it holds waits.
    private CompactSpan? Leave(BufferedFlow flow)
    {
        flow.Leave();
        var spans = Uncounted(flow);
        if (_waiting is not null)
        {
            return spans;
        }

        if (!flow.IsSent)
        {
            Interlocked.Increment(ref _forgottenFlows);
        }

        return null;
    }

    private void Wait(WaitingParts waiting, BufferedFlow flow, CompactSpan first)
    {
        for (var next = first; next is not null;)
        {
            var piece = next;
            var packed = PackedSpans.Pack(ref next, out var spans);
            if (!waiting.TryAdd(flow, packed, spans))
            {
                Interlocked.Increment(ref _failedFlows);
                SendAll(piece, next);
            }
        }
    }

    private CompactSpan? Uncounted(BufferedFlow flow)
    {
        if (flow.Counted > 0)
        {
            Interlocked.Add(ref _spans, -flow.Counted);
        }

        return flow.Take();
    }

    // The oldest long flows give up what they hold; should one of them fail later, the rest of it is sent.
    private void MakeRoom()
    {
        for (var left = _longFlows.Count; Volatile.Read(ref _spans) > options.MostSpans && left > 0 && _longFlows.TryDequeue(out var flow); left--)
        {
            lock (flow)
            {
                flow.IsListed = false;
                if (flow.Count > 0)
                {
                    Interlocked.Add(ref _droppedSpans, flow.Count);
                    Interlocked.Increment(ref _evictedFlows);
                    Uncounted(flow);
                }
            }
        }
    }
}
