using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hugesim.Telemetry;

/// <summary>Makes of the compact spans of flows that are sent what stores and exporters take.</summary>
internal static class KeptSpan
{
    // Each has the name and version of the source that would have made the span, and so the exporter's scope.
    private static readonly Dictionary<string, ActivitySource> s_sources =
        TelemetrySources.All.ToDictionary(name => name, name => new ActivitySource(name, name == TelemetrySources.Messages ? TelemetrySources.MessagesVersion : ""));

    /// <summary>For a store.</summary>
    public static RecordedSpan ToRecorded(CompactSpan span) => new(
        span.Flow.TraceId,
        Hex(span.Id),
        span.ParentId == 0 ? null : Hex(span.ParentId),
        span.Name,
        span.Kind,
        SourceOf(span),
        span.Flow.TimeOf(span.Began),
        Stopwatch.GetElapsedTime(span.Began, span.Ended),
        span.Tags(),
        span.Failed,
        span.Cause);

    /// <summary>For an exporter: a span of .NET that has ended, though it never was under way. Null while nobody listens.</summary>
    public static Activity? ToActivity(CompactSpan span)
    {
        var parent = new ActivityContext(
            ActivityTraceId.CreateFromString(span.Flow.TraceId), span.ParentId == 0 ? default : ActivitySpanId.CreateFromString(Hex(span.ParentId)),
            ActivityTraceFlags.Recorded);
        var activity = s_sources[SourceOf(span)].CreateActivity(span.Name, span.Kind, parent);
        if (activity is null)
        {
            return null;
        }

        SpanIdOf(activity) = Hex(span.Id);
        foreach (var (tag, value) in span.Tags())
        {
            activity.SetTag(tag, value);
        }

        if (span.Failed)
        {
            activity.SetStatus(ActivityStatusCode.Error, span.Cause);
        }

        var began = span.Flow.TimeOf(span.Began);
        return activity.SetStartTime(began).SetEndTime(began + Stopwatch.GetElapsedTime(span.Began, span.Ended));
    }

    private static string SourceOf(CompactSpan span) => span.Origin switch
    {
        SpanOrigin.Message => TelemetrySources.Messages,
        SpanOrigin.Step => ClientTracing.SourceName,
        _ => KernelTracing.SourceName,
    };

    // .NET draws the identifier when a span begins. This one began long ago, and other spans, also of other processes, say that they lie in it.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity activity);

    private static string Hex(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);
}
