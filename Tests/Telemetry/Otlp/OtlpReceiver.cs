using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hugesim.Tests.Telemetry.Otlp;

/// <summary>Receives traces as any collector does: OTLP over HTTP, in protobuf, on a port of the loopback interface.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly WebApplication _application;
    private readonly ConcurrentQueue<Received> _spans = new();

    private OtlpReceiver(WebApplication application) => _application = application;

    /// <summary>Where exporters are to send to, without the path of a signal.</summary>
    public string Address => _application.Urls.First();

    /// <summary>All spans that have come.</summary>
    public IReadOnlyCollection<Received> Spans => _spans;

    /// <summary>Begins to listen.</summary>
    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new OtlpReceiver(builder.Build());
        receiver._application.MapPost("/v1/traces", receiver.ReceiveAsync);
        await receiver._application.StartAsync();
        return receiver;
    }

    /// <summary>Waits for spans until there is what is looked for.</summary>
    public async Task<T> WaitForAsync<T>(Func<IReadOnlyCollection<Received>, T?> look, CancellationToken cancellationToken)
        where T : class
    {
        var began = Stopwatch.GetTimestamp();
        while (look(_spans) is not { } found)
        {
            if (Stopwatch.GetElapsedTime(began) > s_patience)
            {
                throw new TimeoutException($"not received: {string.Join(", ", _spans.Select(span => span.Span.Name).Distinct())}");
            }

            await Task.Delay(20, cancellationToken);
        }

        return look(_spans)!;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        foreach (var resource in ExportTraceServiceRequest.Parser.ParseFrom(body.ToArray()).ResourceSpans)
        {
            var from = resource.Resource.Attributes.ToDictionary(pair => pair.Key, pair => $"{Value(pair.Value)}");
            foreach (var scope in resource.ScopeSpans)
            {
                foreach (var span in scope.Spans)
                {
                    _spans.Enqueue(new Received(ToRecorded(span, scope.Scope.Name), from));
                }
            }
        }

        // An empty answer of the protocol: all were taken.
        context.Response.ContentType = "application/x-protobuf";
    }

    private static RecordedSpan ToRecorded(Span span, string source)
    {
        var start = DateTime.UnixEpoch.AddTicks((long)span.StartTimeUnixNano / 100);
        return new RecordedSpan(
            Hex(span.TraceId), Hex(span.SpanId), span.ParentSpanId.IsEmpty ? null : Hex(span.ParentSpanId), span.Name,
            // SpanKind counts from "unspecified".
            span.Kind switch { 2 => ActivityKind.Server, 3 => ActivityKind.Client, _ => ActivityKind.Internal },
            source, start, TimeSpan.FromTicks((long)(span.EndTimeUnixNano - span.StartTimeUnixNano) / 100),
            [.. span.Attributes.Select(pair => KeyValuePair.Create(pair.Key, Value(pair.Value)))], span.Status?.Code == 2, span.Status?.Message);
    }

    private static string Hex(Google.Protobuf.ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static object Value(AnyValue value) => value.ValueCase switch
    {
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue,
        _ => value.StringValue,
    };

    /// <summary>A span, and the attributes of who sent it.</summary>
    public sealed record Received(RecordedSpan Span, IReadOnlyDictionary<string, string> Resource);
}
