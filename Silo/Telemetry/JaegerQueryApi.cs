using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.Telemetry;

/// <summary>
/// Jaeger's query API v3 over a <see cref="SpanStore"/>: what asks Jaeger for services, operations and traces can ask a console or silo instead.
/// Traces are OTLP JSON in an envelope <c>{"result": ...}</c>; errors are <c>{"error": {"httpCode", "message"}}</c>.
/// </summary>
public static class JaegerQueryApi
{
    /// <summary>The service that all spans belong to.</summary>
    public const string Service = "hugesim";

    private const int MostTraces = 1000;
    private const string NoTraces = "No traces found";

    // Where Jaeger itself puts what is to be said of a span or of its whole trace; its UI shows it there.
    private const string Warnings = "@jaeger@warnings";

    /// <summary>Adds the endpoints.</summary>
    /// <param name="app">Where to.</param>
    /// <param name="store">The spans of this process: what can be searched.</param>
    /// <param name="find">Finds one trace, with the spans that other processes have of it.</param>
    public static void Map(IEndpointRouteBuilder app, SpanStore store, Func<string, Task<GatheredFlow>> find)
    {
        app.MapGet("/api/v3/services", () => Results.Json(new { services = store.Count == 0 ? Array.Empty<string>() : [Service] }));
        app.MapGet("/api/v3/operations", (string? service) => Results.Json(new
        {
            operations = service is null or Service ? store.Operations().Select(operation => new { name = operation.Name, spanKind = operation.Kind }) : [],
        }));
        app.MapGet("/api/v3/traces/{id}", async (string id) => Trace(await find(Normalize(id)).ConfigureAwait(false)));
        app.MapGet("/api/v3/traces", (HttpRequest request) => FindTraces(store, request.Query));
    }

    // Identifiers of 64 bits are written with 16 digits.
    private static string Normalize(string id) => id.ToLowerInvariant().PadLeft(32, '0');

    private static IResult FindTraces(SpanStore store, IQueryCollection query)
    {
        try
        {
            if (Read(query, "service_name", "serviceName") is { } service && service != Service)
            {
                return Traces([]);
            }

            var asked = new TraceQuery(
                Time(query, "start_time_min", "startTimeMin"),
                Time(query, "start_time_max", "startTimeMax"),
                Read(query, "operation_name", "operationName"),
                Duration(query, "duration_min", "durationMin"),
                Duration(query, "duration_max", "durationMax"),
                Math.Clamp(int.Parse(Read(query, "search_depth", "searchDepth") ?? Read(query, "num_traces", "numTraces") ?? "100", CultureInfo.InvariantCulture), 1, MostTraces));
            return Traces(store.Find(asked).SelectMany(trace => trace));
        }
        catch (FormatException error)
        {
            return Error(StatusCodes.Status400BadRequest, error.Message);
        }
    }

    private static IResult Trace(GatheredFlow flow) => flow switch
    {
        { Missing.Count: 0 } => Traces(flow.Spans),
        { Spans.Count: 0 } => Error(StatusCodes.Status404NotFound, $"{NoTraces}; {string.Join("; ", flow.Missing)}"),
        _ => Traces(flow.Spans.Select((span, i) => i > 0 ? span : span with
        {
            Tags = [.. span.Tags, KeyValuePair.Create<string, object>(Warnings, flow.Missing.Select(why => $"spans may be missing: {why}"))],
        })),
    };

    private static IResult Traces(IEnumerable<RecordedSpan> spans)
    {
        var all = spans.ToArray();
        return all.Length == 0 ? Error(StatusCodes.Status404NotFound, NoTraces) : Results.Stream(
            async body =>
            {
                var json = new Utf8JsonWriter(body);
                await using (json.ConfigureAwait(false))
                {
                    json.WriteStartObject();
                    json.WritePropertyName("result");
                    OtlpJson.Write(json, Service, all);
                    json.WriteEndObject();
                }
            },
            "application/json");
    }

    private static IResult Error(int code, string message) => Results.Json(new { error = new { httpCode = code, message } }, statusCode: code);

    // Jaeger takes both spellings of a field's name.
    private static string? Read(IQueryCollection query, string name, string camelName) =>
        query["query." + name].FirstOrDefault() ?? query["query." + camelName].FirstOrDefault();

    private static DateTime Time(IQueryCollection query, string name, string camelName)
    {
        var text = Read(query, name, camelName) ?? throw new FormatException("query.start_time_min and query.start_time_max are required");
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new FormatException($"malformed parameter query.{name}: '{text}' is no time in the form of RFC 3339");
    }

    // Durations as Go writes them, of one unit.
    private static TimeSpan? Duration(IQueryCollection query, string name, string camelName)
    {
        if (Read(query, name, camelName) is not { } text)
        {
            return null;
        }

        foreach (var (unit, ticks) in new[] { ("ns", 0.01), ("us", 10.0), ("ms", 10_000.0), ("s", 10_000_000.0) })
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                return TimeSpan.FromTicks((long)(number * ticks));
            }
        }

        throw new FormatException($"malformed parameter query.{name}: '{text}' is no duration such as 10ms");
    }
}
