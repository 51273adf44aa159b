using System.Text.RegularExpressions;
using Hugesim.Silo;
using Hugesim.Telemetry;
using Hugesim.Tests.Telemetry.Otlp;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>A flow asked for on silos that have recorded only parts of it, against what all silos have sent to a collector.</summary>
[Collection(ObservedClusterCollection.Name)]
public sealed class JoinedFlowTests(ObservedCluster cluster) : IDisposable
{
    private const int MostMachines = 20;

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Trace_AskedFromEachSilo_IsWhatAllSilosSent()
    {
        var sent = await FailOverTwoSilosAsync();
        var trace = sent[0].Span.TraceId;
        var ids = sent.Select(received => received.Span.SpanId).Order().ToArray();

        foreach (var silo in cluster.Consoles)
        {
            var asked = await ObservedCluster.EventuallyAsync(async () =>
            {
                var spans = await QueriedSpan.TraceAsync(_http, silo, trace);
                return spans.Count >= ids.Length ? spans : null;
            });

            asked.Select(span => span.Id).Order().ToArray().ShouldBe(ids, silo.ToString());
            asked.ShouldAllBe(span => span.Trace == trace && span.Warnings.Count == 0);
        }
    }

    [Fact]
    public async Task Messages_OfAFlowOverTwoSilos_SayWhoTalksToWhom()
    {
        var spans = (await FailOverTwoSilosAsync()).Select(received => received.Span).ToDictionary(span => span.SpanId);
        var messages = spans.Values.Where(span => span.Source == TelemetrySources.Messages).ToArray();

        messages.Count(message => MessageAround(message) is not null).ShouldBeGreaterThan(0);
        messages.ShouldAllBe(message => Regex.IsMatch($"{message.Tag("orleans.rpc.target_id")}", "^[a-z]+/.+$"));
        foreach (var message in messages)
        {
            message.Tag("orleans.rpc.source_id").ShouldBe(MessageAround(message)?.Tag("orleans.rpc.target_id"), message.Name);
            $"{message.Tag("hugesim.silo")}".ShouldNotBeEmpty();
        }

        RecordedSpan? MessageAround(RecordedSpan span) =>
            span.ParentId is not { } parent || !spans.TryGetValue(parent, out var outer) ? null
                : outer.Source == TelemetrySources.Messages ? outer
                : MessageAround(outer);
    }

    // Each machine is placed anew. On the embedded engine one process is both silos.
    private async Task<OtlpReceiver.Received[]> FailOverTwoSilosAsync()
    {
        for (var machine = 1; machine <= MostMachines; machine++)
        {
            var command = $"p mmap joined{machine} 9 shared fd=f";
            await cluster.RunAsync(0, "pool 4", "mount A", "proc p", "p open f A/x", command);
            var sent = await WholeFlowAsync(command);
            if (EngineChoice.Engine != "Orleans" || sent.Select(received => received.Resource["service.instance.id"]).Distinct().Count() > 1)
            {
                return sent;
            }
        }

        throw new InvalidOperationException($"no flow of {MostMachines} machines was on two silos");
    }

    // What the silos sent of a flow, once that and the client's own span hang together and the failure is among it.
    private Task<OtlpReceiver.Received[]> WholeFlowAsync(string command) => cluster.Receiver.WaitForAsync<OtlpReceiver.Received[]>(
        received =>
        {
            var root = received.FirstOrDefault(one => one.Span.ParentId is null && one.Span.Tag("hugesim.command") == command);
            var flow = root is null ? [] : received.Where(one => one.Span.TraceId == root.Span.TraceId).ToArray();
            var known = flow.Select(one => one.Span.SpanId).ToHashSet();
            return flow.Any(one => one.Span.Name == "hugetlb_acct_memory") && flow.All(one => one.Span.ParentId is not { } parent || known.Contains(parent))
                ? [.. flow.Where(one => one.Resource["service.name"] == "hugesim")]
                : null;
        },
        TestContext.Current.CancellationToken);
}
