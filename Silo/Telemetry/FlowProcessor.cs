using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;

namespace Hugesim.Telemetry;

/// <summary>
/// Sends the spans of flows that are kept to an exporter, and to a store for the process's own pages. One thread exports; what comes faster than that waits
/// in a queue with a bound, and what has no room there is dropped and counted.
/// </summary>
internal sealed class FlowProcessor : BaseExportProcessor<Activity>
{
    /// <summary>The most spans that wait for the receiver.</summary>
    public const int MostQueuedSpans = 65_536;
    private const int BatchSpans = 512;
    private static readonly TimeSpan s_expiry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    private readonly FlowBuffer _buffer;
    private readonly SpanStore? _store;
    private readonly CallMeter? _calls;
    private readonly ConcurrentQueue<object> _queue = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly ITimer _timer;
    private readonly Thread? _exports;
    private volatile bool _isClosed;
    private int _pendingSpans;
    private long _sentSpans;
    private long _refusedSpans;
    private long _unsentSpans;

    /// <summary>Makes it.</summary>
    /// <param name="exporter">Where the spans go; null to keep them in the store only.</param>
    /// <param name="store">The store, or null.</param>
    /// <param name="calls">Counts messages, or null.</param>
    /// <param name="options">The bounds of the buffer.</param>
    public FlowProcessor(BaseExporter<Activity>? exporter, SpanStore? store, CallMeter? calls, FlowBufferOptions options)
        : base(exporter ?? new NoExporter())
    {
        (_store, _calls) = (store, calls);
        _buffer = new FlowBuffer(options, TimeProvider.System, Keep, calls is null ? null : calls.Count);
        _timer = TimeProvider.System.CreateTimer(_ => _buffer.Expire(), null, s_expiry, s_expiry);
        if (exporter is not null)
        {
            _exports = new Thread(Export) { IsBackground = true, Name = "hugesim OTLP" };
            _exports.Start();
        }
    }

    /// <summary>The flows that are undecided.</summary>
    public FlowBuffer Buffer => _buffer;

    /// <summary>Spans that the receiver has taken.</summary>
    public long SentSpans => Volatile.Read(ref _sentSpans);

    /// <summary>Spans that wait for the receiver or are on their way to it.</summary>
    public int PendingSpans => Volatile.Read(ref _pendingSpans);

    /// <summary>Spans that had no room in the queue.</summary>
    public long RefusedSpans => Volatile.Read(ref _refusedSpans);

    /// <summary>Spans that the receiver did not take.</summary>
    public long UnsentSpans => Volatile.Read(ref _unsentSpans);

    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        _calls?.Count(data);
        Send(data);
    }

    /// <summary>Adds what became of flows and spans to a meter.</summary>
    public void AddTo(Meter meter)
    {
        meter.CreateObservableCounter(
            "hugesim.flows",
            () => new Measurement<long>[]
            {
                new(_buffer.FailedFlows, Outcome("failed")), new(_buffer.ForgottenFlows, Outcome("forgotten")), new(_buffer.EvictedFlows, Outcome("evicted")),
            },
            "{flow}", "Flows that were not drawn for sending, by what became of them; of a flow of several processes, its parts.");
        meter.CreateObservableCounter(
            "hugesim.spans",
            () => new Measurement<long>[]
            {
                new(SentSpans, Outcome("sent")), new(_buffer.DroppedSpans, Outcome("dropped_before_end")), new(RefusedSpans, Outcome("dropped_from_queue")),
                new(UnsentSpans, Outcome("dropped_by_receiver")),
            },
            "{span}", "Spans by what became of them.");
        meter.CreateObservableUpDownCounter("hugesim.spans.waiting", () => _buffer.WaitingSpans, "{span}", "Spans of flows of which it is not known yet whether they fail.");
    }

    /// <inheritdoc/>
    protected override void OnExport(Activity data) => Send(data);

    /// <inheritdoc/>
    protected override bool OnForceFlush(int timeoutMilliseconds) => SpinWait.SpinUntil(
        () =>
        {
            _wake.Set();
            return PendingSpans == 0;
        },
        timeoutMilliseconds);

    /// <inheritdoc/>
    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _timer.Dispose();
        Close();
        var all = _exports?.Join(timeoutMilliseconds) ?? true;
        return base.OnShutdown(timeoutMilliseconds) && all;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _timer.Dispose();
            if (!_isClosed)
            {
                Close();
                _exports?.Join(s_patience);
            }
        }

        base.Dispose(disposing);
    }

    private static KeyValuePair<string, object?> Outcome(string what) => new("hugesim.outcome", what);

    private void Send(Activity span)
    {
        _store?.Add(RecordedSpan.Of(span));
        Enqueue(span);
    }

    private void Keep(CompactSpan span)
    {
        _store?.Add(span);
        Enqueue(span);
    }

    private void Enqueue(object span)
    {
        if (_exports is null)
        {
            return;
        }

        var pending = Interlocked.Increment(ref _pendingSpans);
        if (_isClosed || pending > MostQueuedSpans)
        {
            Interlocked.Decrement(ref _pendingSpans);
            Interlocked.Increment(ref _refusedSpans);
            return;
        }

        _queue.Enqueue(span);
        if (pending == BatchSpans)
        {
            // Not for each span: waking a thread costs more than the span.
            _wake.Set();
        }
    }

    private void Close()
    {
        _isClosed = true;
        _wake.Set();
    }

    private void Export()
    {
        var batch = new Activity[BatchSpans];
        while (true)
        {
            var isLast = _isClosed;
            var taken = Gather(batch, out var count);
            if (count > 0)
            {
                var result = SendBatch(batch, count);
                Interlocked.Add(ref result == ExportResult.Success ? ref _sentSpans : ref _unsentSpans, count);
                Array.Clear(batch, 0, count);
            }

            Interlocked.Add(ref _pendingSpans, -taken);
            if (taken == 0 && isLast)
            {
                return;
            }

            if (PendingSpans < BatchSpans && !_isClosed)
            {
                _wake.WaitOne(s_patience);
            }
        }
    }

    private ExportResult SendBatch(Activity[] batch, int count)
    {
        // What the exporter itself does over HTTP is no flow.
        using var quiet = SuppressInstrumentationScope.Begin();
        return exporter.Export(new Batch<Activity>(batch, count));
    }

    private int Gather(Activity[] batch, out int count)
    {
        var taken = count = 0;
        while (taken < batch.Length && _queue.TryDequeue(out var span))
        {
            taken++;
            if ((span as Activity ?? KeptSpan.ToActivity((CompactSpan)span)) is { } ended)
            {
                batch[count++] = ended;
            }
        }

        return taken;
    }

    private sealed class NoExporter : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch) => ExportResult.Success;
    }
}
