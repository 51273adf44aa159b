using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>The spans of clients: the roots of flows.</summary>
public static class ClientTracing
{
    /// <summary>The source of the spans around whole steps.</summary>
    public const string SourceName = "Hugesim.Client";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>The span of the code that runs now, as W3C's trace context writes it, or null while nothing is traced.</summary>
    public static string? TraceParent => FrameSpan.Current?.Innermost is { } span
        ? $"00-{span.Flow.TraceId}-{span.Id:x16}-{(span.Flow.IsDrawn ? "01" : "00")}"
        : Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;

    /// <summary>Begins a flow, which is a trace of its own, also when the caller traces something. It records nothing while nobody listens.</summary>
    /// <param name="name">What the client does.</param>
    /// <param name="tags">More about it.</param>
    public static FlowSpan BeginFlow(string name, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        Leave();
        if (!s_source.HasListeners() || FlowRecording.OfProcess is not { } recording)
        {
            return new FlowSpan(BeginRecorded(name, tags));
        }

        var root = recording.BeginStep(name, ActivityKind.Internal);
        foreach (var (tag, value) in tags)
        {
            root.Add(tag, value);
        }

        FrameSpan.Current = root;
        return new FlowSpan(root);
    }

    /// <summary>Goes on with the flow of a client in another process, or begins one if that traces nothing. It records nothing while nobody listens.</summary>
    /// <param name="name">What the client does.</param>
    /// <param name="traceParent">What came with the request, in the form of W3C's trace context, or null.</param>
    public static FlowSpan ContinueFlow(string name, string? traceParent)
    {
        Leave();
        if (!s_source.HasListeners())
        {
            return default;
        }

        var isKnown = ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent);
        if (FlowRecording.OfProcess is not { } recording)
        {
            return new FlowSpan(s_source.StartActivity(name, ActivityKind.Server, parent));
        }

        var span = isKnown ? recording.ContinueStep(FlowRecording.LinkOf(parent), name) : recording.BeginStep(name, ActivityKind.Server);
        FrameSpan.Current = span;
        return new FlowSpan(span);
    }

    /// <summary>Begins a flow all of whose spans are those of .NET. Null while nobody listens.</summary>
    internal static Activity? BeginRecorded(string name, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        Leave();
        return s_source.StartActivity(name, ActivityKind.Internal, parentContext: default, tags);
    }

    /// <summary>Begins a part of such a flow that runs beside others. Null while nobody listens.</summary>
    internal static Activity? BeginPart(ActivityContext parent, string name, IEnumerable<KeyValuePair<string, object?>> tags) =>
        s_source.StartActivity(name, ActivityKind.Internal, parent, tags);

    private static void Leave()
    {
        Activity.Current = null;
        if (FrameSpan.Current is not null)
        {
            FrameSpan.Current = null;
        }
    }
}
