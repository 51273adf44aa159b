using System.Net;
using System.Text.Json;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>A span as somebody sees it who asks a silo as he would ask Jaeger.</summary>
/// <param name="Trace">Its trace.</param>
/// <param name="Id">The span.</param>
/// <param name="Name">Its name.</param>
/// <param name="Failed">It is marked as failed.</param>
/// <param name="Warnings">What Jaeger's UI would show as warnings.</param>
internal sealed record QueriedSpan(string Trace, string Id, string Name, bool Failed, IReadOnlyList<string> Warnings)
{
    /// <summary>The spans that a query finds; none if there is no such trace.</summary>
    public static async Task<IReadOnlyList<QueriedSpan>> AskAsync(HttpClient http, Uri silo, string query)
    {
        using var answer = await http.GetAsync(new Uri(silo, "/api/v3/traces" + query), TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }

        using var json = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return
        [
            .. json.RootElement.GetProperty("result").GetProperty("resourceSpans").EnumerateArray()
                .SelectMany(resource => resource.GetProperty("scopeSpans").EnumerateArray())
                .SelectMany(scope => scope.GetProperty("spans").EnumerateArray())
                .Select(Of),
        ];
    }

    /// <summary>One trace.</summary>
    public static Task<IReadOnlyList<QueriedSpan>> TraceAsync(HttpClient http, Uri silo, string trace) => AskAsync(http, silo, "/" + trace);

    /// <summary>All traces that a silo lists.</summary>
    public static Task<IReadOnlyList<QueriedSpan>> ListAsync(HttpClient http, Uri silo) => AskAsync(
        http, silo, "?query.service_name=hugesim&query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=2100-01-01T00:00:00Z&query.search_depth=1000");

    private static QueriedSpan Of(JsonElement span) => new(
        span.GetProperty("traceId").GetString()!,
        span.GetProperty("spanId").GetString()!,
        span.GetProperty("name").GetString()!,
        span.GetProperty("status").TryGetProperty("code", out var code) && code.GetInt32() == 2,
        [
            .. span.GetProperty("attributes").EnumerateArray().Where(attribute => attribute.GetProperty("key").GetString() == "@jaeger@warnings")
                .SelectMany(attribute => attribute.GetProperty("value").GetProperty("arrayValue").GetProperty("values").EnumerateArray())
                .Select(value => value.GetProperty("stringValue").GetString()!),
        ]);
}
