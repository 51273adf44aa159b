using System.Globalization;
using System.Text.Json;

namespace Hugesim.Telemetry;

/// <summary>The JSON that Jaeger's UI opens with "upload" and writes with "download": traces of spans, times in microseconds.</summary>
public static class JaegerJson
{
    private const string Process = "p1";

    /// <summary>Writes <c>{"data": [...]}</c> with one element for each trace, in the order in which they first appear.</summary>
    public static void Write(Utf8JsonWriter json, string service, IEnumerable<RecordedSpan> spans)
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var trace in spans.GroupBy(span => span.TraceId, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("traceID", trace.Key);
            json.WriteStartArray("spans");
            foreach (var span in trace)
            {
                WriteSpan(json, span);
            }

            json.WriteEndArray();
            json.WriteStartObject("processes");
            json.WriteStartObject(Process);
            json.WriteString("serviceName", service);
            json.WriteStartArray("tags");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteNull("warnings");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("total", 0);
        json.WriteNumber("limit", 0);
        json.WriteNumber("offset", 0);
        json.WriteNull("errors");
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, RecordedSpan span)
    {
        json.WriteStartObject();
        json.WriteString("traceID", span.TraceId);
        json.WriteString("spanID", span.SpanId);
        json.WriteString("operationName", span.Name);
        json.WriteStartArray("references");
        if (span.ParentId is not null)
        {
            json.WriteStartObject();
            json.WriteString("refType", "CHILD_OF");
            json.WriteString("traceID", span.TraceId);
            json.WriteString("spanID", span.ParentId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("startTime", Microseconds(span.Start - DateTime.UnixEpoch));
        json.WriteNumber("duration", Microseconds(span.Duration));
        json.WriteStartArray("tags");
        foreach (var (key, value) in Tags(span))
        {
            WriteTag(json, key, value);
        }

        json.WriteEndArray();
        json.WriteStartArray("logs");
        json.WriteEndArray();
        json.WriteString("processID", Process);
        json.WriteNull("warnings");
        json.WriteEndObject();
    }

    // What OpenTelemetry keeps in fields of their own are tags by convention here.
    private static IEnumerable<KeyValuePair<string, object>> Tags(RecordedSpan span)
    {
        yield return new("otel.scope.name", span.Source);
        yield return new("span.kind", span.Kind.ToString().ToLowerInvariant());
        foreach (var tag in span.Tags)
        {
            yield return tag;
        }

        if (span.Failed)
        {
            yield return new("error", true);
            yield return new("otel.status_code", "ERROR");
            yield return new("otel.status_description", span.Cause ?? "");
        }
    }

    private static void WriteTag(Utf8JsonWriter json, string key, object value)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        switch (value)
        {
            case bool flag:
                json.WriteString("type", "bool");
                json.WriteBoolean("value", flag);
                break;
            case int or long:
                json.WriteString("type", "int64");
                json.WriteNumber("value", Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            default:
                json.WriteString("type", "string");
                json.WriteString("value", Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }

        json.WriteEndObject();
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;
}
