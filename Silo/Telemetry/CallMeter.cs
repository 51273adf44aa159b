using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Hugesim.Telemetry;

/// <summary>
/// The metric <c>rpc.server.call.duration</c> of OpenTelemetry's conventions, taken from the spans of messages: so it is the same on both engines, and
/// nothing is measured twice.
/// </summary>
internal sealed class CallMeter(Meter meter)
{
    // In seconds: a message takes microseconds, or milliseconds where a network is in between.
    private static readonly double[] s_bounds =
        [0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10];

    private static readonly KeyValuePair<string, object?> s_system = new("rpc.system.name", "orleans");

    private readonly Histogram<double> _duration = meter.CreateHistogram(
        "rpc.server.call.duration", "s", "Duration of messages to grains.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = s_bounds });

    /// <summary>Counts a span, if it is that of a message.</summary>
    public void Count(Activity span)
    {
        if (span.Kind != ActivityKind.Server || span.Source.Name != TelemetrySources.Messages)
        {
            return;
        }

        Record(span.OperationName, span.Duration, span.Status == ActivityStatusCode.Error ? span.GetTagItem("exception.type") as string ?? "_OTHER" : null);
    }

    /// <summary>The same for a compact one.</summary>
    public void Count(MessageSpan span) =>
        Record(span.Name, Stopwatch.GetElapsedTime(span.Began, span.Ended), span.Failed ? span.Tag("exception.type") as string ?? "_OTHER" : null);

    private void Record(string name, TimeSpan duration, string? error)
    {
        var method = new KeyValuePair<string, object?>("rpc.method", name);
        if (error is null)
        {
            _duration.Record(duration.TotalSeconds, s_system, method);
        }
        else
        {
            _duration.Record(duration.TotalSeconds, s_system, method, new("error.type", error));
        }
    }
}
