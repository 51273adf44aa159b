using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>The spans of clients: the roots of flows.</summary>
public static class ClientTracing
{
    /// <summary>The source of the spans around whole steps.</summary>
    public const string SourceName = "Hugesim.Client";

    private static readonly ActivitySource s_source = new(SourceName);

    /// <summary>Begins a flow, which is a trace of its own, also when the caller traces something. Null while nobody listens.</summary>
    /// <param name="name">What the client does.</param>
    /// <param name="tags">More about it.</param>
    public static Activity? BeginFlow(string name, IEnumerable<KeyValuePair<string, object?>> tags)
    {
        Activity.Current = null;
        return s_source.StartActivity(name, ActivityKind.Internal, parentContext: default, tags);
    }

    /// <summary>Begins a part of a flow that runs beside others. Null while nobody listens.</summary>
    /// <param name="parent">The span that it lies in.</param>
    /// <param name="name">What the client does.</param>
    /// <param name="tags">More about it.</param>
    public static Activity? BeginPart(ActivityContext parent, string name, IEnumerable<KeyValuePair<string, object?>> tags) =>
        s_source.StartActivity(name, ActivityKind.Internal, parent, tags);

    /// <summary>Goes on with the flow of a client in another process, or begins one if that traces nothing. Null while nobody listens.</summary>
    /// <param name="name">What the client does.</param>
    /// <param name="traceParent">What came with the request, in the form of W3C's trace context, or null.</param>
    public static Activity? ContinueFlow(string name, string? traceParent)
    {
        Activity.Current = null;
        return s_source.StartActivity(
            name, ActivityKind.Server, ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent) ? parent : default);
    }
}
