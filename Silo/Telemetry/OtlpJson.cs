using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hugesim.Telemetry;

/// <summary>
/// OTLP as JSON: <c>TracesData</c> of the OpenTelemetry protocol, with identifiers in hexadecimal and times as decimal strings of nanoseconds,
/// as its specification asks for. Jaeger's API v3 answers in the same form.
/// </summary>
public static class OtlpJson
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Writes <c>{"resourceSpans": [...]}</c>: one resource, one scope for each source.</summary>
    public static void Write(Utf8JsonWriter json, string service, IEnumerable<RecordedSpan> spans)
    {
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans");
        json.WriteStartObject();
        json.WriteStartObject("resource");
        WriteAttributes(json, [KeyValuePair.Create<string, object>("service.name", service)]);
        json.WriteEndObject();
        json.WriteStartArray("scopeSpans");
        foreach (var scope in spans.GroupBy(span => span.Source, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteStartObject("scope");
            json.WriteString("name", scope.Key);
            json.WriteEndObject();
            json.WriteStartArray("spans");
            foreach (var span in scope)
            {
                WriteSpan(json, span);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter json, RecordedSpan span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId);
        json.WriteString("spanId", span.SpanId);
        if (span.ParentId is not null)
        {
            json.WriteString("parentSpanId", span.ParentId);
        }

        json.WriteString("name", span.Name);
        json.WriteNumber("kind", KindNumber(span.Kind));
        json.WriteString("startTimeUnixNano", Nanoseconds(span.Start));
        json.WriteString("endTimeUnixNano", Nanoseconds(span.Start + span.Duration));
        WriteAttributes(json, span.Tags);
        json.WriteStartObject("status");
        if (span.Failed)
        {
            json.WriteNumber("code", 2);
            json.WriteString("message", span.Cause ?? "");
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object>> tags)
    {
        json.WriteStartArray("attributes");
        foreach (var (key, value) in tags)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WritePropertyName("value");
            WriteValue(json, value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case bool flag:
                json.WriteBoolean("boolValue", flag);
                break;
            case int or long:
                // int64 is a string in the JSON of protobuf.
                json.WriteString("intValue", Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            case IEnumerable<string> texts:
                json.WriteStartObject("arrayValue");
                json.WriteStartArray("values");
                foreach (var text in texts)
                {
                    WriteValue(json, text);
                }

                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default:
                json.WriteString("stringValue", Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }

        json.WriteEndObject();
    }

    private static string Nanoseconds(DateTime time) =>
        ((time - DateTime.UnixEpoch).Ticks * NanosecondsPerTick).ToString(CultureInfo.InvariantCulture);

    // SpanKind of the protocol counts from "unspecified".
    private static int KindNumber(ActivityKind kind) => kind switch
    {
        ActivityKind.Server => 2,
        ActivityKind.Client => 3,
        ActivityKind.Producer => 4,
        ActivityKind.Consumer => 5,
        _ => 1,
    };
}
