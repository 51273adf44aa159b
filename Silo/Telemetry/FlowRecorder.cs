using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>
/// Records the flows of one client in this process: all spans below the roots that it starts, and no others, however many machines run beside it.
/// While no recorder exists nothing listens and nothing is paid.
/// </summary>
public sealed class FlowRecorder : IDisposable
{
    private static readonly ConcurrentDictionary<ActivityTraceId, Flow> Flows = new();
    private static readonly AsyncLocal<bool> StartsFlow = new();
    private static readonly Lock Change = new();
    private static ActivityListener? s_listener;
    private static int s_recorders;

    private bool _isDisposed;

    /// <summary>Begins to listen.</summary>
    public FlowRecorder()
    {
        lock (Change)
        {
            if (s_recorders++ == 0)
            {
                CallFlows.Install();
                s_listener = Listen();
            }
        }
    }

    /// <summary>Runs a step as a flow of its own.</summary>
    /// <param name="name">The name of its root.</param>
    /// <param name="tags">The tags of its root.</param>
    /// <param name="step">The step; it may add tags to the root, and mark it as failed.</param>
    /// <param name="onStart">Is told each span of the flow when it begins, and may add tags.</param>
    /// <returns>The step's result, and the spans in the order in which they began.</returns>
    public async ValueTask<(T Result, IReadOnlyList<RecordedSpan> Spans)> RecordAsync<T>(
        string name, IEnumerable<KeyValuePair<string, object?>> tags, Func<Activity, ValueTask<T>> step, Action<Activity>? onStart = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        StartsFlow.Value = true;
        var root = ClientTracing.BeginRecorded(name, tags)!;
        StartsFlow.Value = false;
        var spans = new ConcurrentQueue<RecordedSpan>();
        Flows[root.TraceId] = new Flow(spans, onStart);
        try
        {
            var result = await step(root).ConfigureAwait(false);
            root.Stop();
            return (result, [.. spans.OrderBy(span => span.Start)]);
        }
        finally
        {
            root.Dispose();
            Flows.TryRemove(root.TraceId, out _);
        }
    }

    /// <summary>Begins a part of the flow that runs beside others: a span below the root, whose own spans are those of the code that follows.</summary>
    /// <param name="root">The root of the flow.</param>
    /// <param name="name">The part's name.</param>
    /// <param name="tags">Its tags.</param>
    public static Activity StartPart(Activity root, string name, IEnumerable<KeyValuePair<string, object?>> tags) =>
        ClientTracing.BeginPart(root.Context, name, tags)!;

    /// <summary>Stops listening when this was the last recorder.</summary>
    public void Dispose()
    {
        lock (Change)
        {
            if (!_isDisposed && --s_recorders == 0)
            {
                s_listener!.Dispose();
                s_listener = null;
            }

            _isDisposed = true;
        }
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => TelemetrySources.All.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                StartsFlow.Value || Flows.ContainsKey(options.TraceId) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStarted = activity =>
            {
                if (Flows.TryGetValue(activity.TraceId, out var flow))
                {
                    flow.OnStart?.Invoke(activity);
                }
            },
            ActivityStopped = activity =>
            {
                if (Flows.TryGetValue(activity.TraceId, out var flow))
                {
                    flow.Spans.Enqueue(RecordedSpan.Of(activity));
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private readonly record struct Flow(ConcurrentQueue<RecordedSpan> Spans, Action<Activity>? OnStart);
}

/// <summary>The activity sources whose spans belong to a flow.</summary>
public static class TelemetrySources
{
    /// <summary>The messages between grains: Orleans' own source, which the embedded engine uses as well.</summary>
    public const string Messages = "Microsoft.Orleans.Application";

    /// <summary>Its version.</summary>
    internal const string MessagesVersion = "1.1.0";

    /// <summary>Steps of clients, messages, and kernel routines.</summary>
    public static IReadOnlyList<string> All { get; } = [ClientTracing.SourceName, Messages, KernelTracing.SourceName];
}
