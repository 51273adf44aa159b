using System.Diagnostics;
using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Telemetry;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>The files against the formats' documentation: Jaeger's JSON (model of its UI) and the JSON encoding of OTLP.</summary>
public sealed class TraceFileTests
{
    private static readonly RecordedSpan Span = new(
        "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7", "hugetlb_acct_memory", ActivityKind.Server, "Hugesim.Kernel",
        new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(1234567), TimeSpan.FromTicks(1234),
        [new("hugesim.chg_pages", 3L), new("text", "x\"y"), new("flag", true)], Failed: true, "no pages");

    [Fact]
    public void Jaeger_Span_HasEveryFieldOfTheFormat()
    {
        using var json = Write(JaegerJson.Write);

        var trace = json.RootElement.GetProperty("data")[0];
        trace.GetProperty("traceID").GetString().ShouldBe(Span.TraceId);
        var process = trace.GetProperty("processes").GetProperty("p1");
        process.GetProperty("serviceName").GetString().ShouldBe("service");
        var span = trace.GetProperty("spans")[0];
        span.GetProperty("traceID").GetString().ShouldBe(Span.TraceId);
        span.GetProperty("spanID").GetString().ShouldBe(Span.SpanId);
        span.GetProperty("operationName").GetString().ShouldBe("hugetlb_acct_memory");
        span.GetProperty("processID").GetString().ShouldBe("p1");
        span.GetProperty("logs").GetArrayLength().ShouldBe(0);
        // Microseconds since 1970, as numbers.
        span.GetProperty("startTime").GetInt64().ShouldBe(1767323045123456);
        span.GetProperty("duration").GetInt64().ShouldBe(123);
        var parent = span.GetProperty("references")[0];
        parent.GetProperty("refType").GetString().ShouldBe("CHILD_OF");
        parent.GetProperty("spanID").GetString().ShouldBe(Span.ParentId);
        var tags = span.GetProperty("tags").EnumerateArray()
            .ToDictionary(tag => tag.GetProperty("key").GetString()!, tag => (tag.GetProperty("type").GetString(), tag.GetProperty("value").ToString()));
        tags["hugesim.chg_pages"].ShouldBe(("int64", "3"));
        tags["text"].ShouldBe(("string", "x\"y"));
        tags["flag"].ShouldBe(("bool", "True"));
        tags["error"].ShouldBe(("bool", "True"));
        tags["otel.status_description"].ShouldBe(("string", "no pages"));
        tags["span.kind"].ShouldBe(("string", "server"));
    }

    [Fact]
    public void Otlp_Span_HasEveryFieldOfTheProtocol()
    {
        using var json = Write(OtlpJson.Write);

        var resource = json.RootElement.GetProperty("resourceSpans")[0];
        var service = resource.GetProperty("resource").GetProperty("attributes")[0];
        service.GetProperty("key").GetString().ShouldBe("service.name");
        service.GetProperty("value").GetProperty("stringValue").GetString().ShouldBe("service");
        var scope = resource.GetProperty("scopeSpans")[0];
        scope.GetProperty("scope").GetProperty("name").GetString().ShouldBe("Hugesim.Kernel");
        var span = scope.GetProperty("spans")[0];
        span.GetProperty("traceId").GetString().ShouldBe(Span.TraceId);
        span.GetProperty("spanId").GetString().ShouldBe(Span.SpanId);
        span.GetProperty("parentSpanId").GetString().ShouldBe(Span.ParentId);
        span.GetProperty("kind").GetInt32().ShouldBe(2);
        // Nanoseconds since 1970: 64 bits are strings in the JSON of protobuf.
        span.GetProperty("startTimeUnixNano").GetString().ShouldBe("1767323045123456700");
        span.GetProperty("endTimeUnixNano").GetString().ShouldBe("1767323045123580100");
        span.GetProperty("status").GetProperty("code").GetInt32().ShouldBe(2);
        span.GetProperty("status").GetProperty("message").GetString().ShouldBe("no pages");
        var attributes = span.GetProperty("attributes").EnumerateArray().ToDictionary(a => a.GetProperty("key").GetString()!, a => a.GetProperty("value"));
        attributes["hugesim.chg_pages"].GetProperty("intValue").GetString().ShouldBe("3");
        attributes["flag"].GetProperty("boolValue").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("jaeger", "data")]
    [InlineData("otlp", "resourceSpans")]
    public async Task Trace_WithOutput_WritesATraceForEachStep(string format, string root)
    {
        using var console = new TestConsole();
        var (scenario, output) = (Path.GetTempFileName(), Path.GetTempFileName());
        await File.WriteAllTextAsync(scenario, "pool 2\nproc p\np mmap m 1 private\n", TestContext.Current.CancellationToken);
        try
        {
            (await console.RunOnGrainsAsync("trace", scenario, "--format", format, "-o", output)).ShouldBe(ExitCodes.Success);

            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken));
            json.RootElement.GetProperty(root).GetArrayLength().ShouldBe(format == "jaeger" ? 3 : 1);
        }
        finally
        {
            File.Delete(scenario);
            File.Delete(output);
        }
    }

    private static JsonDocument Write(Action<Utf8JsonWriter, string, IEnumerable<RecordedSpan>> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json, "service", [Span]);
        }

        return JsonDocument.Parse(buffer.ToArray());
    }
}
