using Hugesim.Telemetry;
using Hugesim.Tests.Telemetry.Otlp;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>
/// What a collector receives over HTTP from running silos and a client of them, span by span. The flows are those of <see cref="FlowTests"/>, which come from the
/// documents; here their spans come from three processes (two on the embedded engine).
/// </summary>
[Collection(ObservedClusterCollection.Name)]
public sealed class OtlpTests(ObservedCluster cluster)
{
    [Fact]
    public async Task Otlp_MmapOverMinSize_ShowsThreeOfTheSubpoolAndTwoOfThePool()
    {
        await cluster.RunAsync(1, "pool 6", "mount A min_size=3", "proc p", "p open f A/x", "p mmap exports1 5 shared fd=f");

        await ShouldShowAsync("p mmap exports1 5 shared fd=f", DocumentFlows.MmapOverMinSize);
    }

    [Fact]
    public async Task Otlp_CowByTheOwnerWithoutFreePages_TakesThePageFromTheChild()
    {
        await cluster.RunAsync(1, "pool 1", "proc p", "p mmap exports2 1 private", "p w exports2 0 7", "p fork c", "p w exports2 0 8");

        await ShouldShowAsync("p w exports2 0 8", DocumentFlows.CowByTheOwner);
    }

    [Fact]
    public async Task Otlp_Truncate_RemovesPagesAndThenTheReservationsBehindTheEnd()
    {
        await cluster.RunAsync(
            1, "pool 4", "mount A", "proc p", "p open exports3 A/x", "p mmap s 3 shared fd=exports3", "p w s 0", "p trunc exports3 0");

        await ShouldShowAsync("p trunc exports3 0", DocumentFlows.Truncate);
    }

    [Fact]
    public async Task Otlp_FailedFlow_ComesWholeThoughNothingIsDrawn()
    {
        // The mapping fails at the hstate; what the process and the file did before is no failure, and may have been done on another silo.
        await cluster.RunAsync(0, "pool 4", "mount A", "proc p", "p open f A/x", "p mmap well 3 shared fd=f", "p mmap exports4 9 shared fd=f");

        var flow = await SpansAsync("p mmap exports4 9 shared fd=f", spans: 9);

        var failed = flow.Where(span => span.Failed).Select(span => span.Name).ToArray();
        failed.ShouldBe(["hugetlb_acct_memory", "hugetlb_reserve_pages", "mmap"], ignoreOrder: true);
        flow.Select(span => span.Name).ShouldContain("region_chg");
        flow.Single(span => span.Name == "hugetlb_acct_memory").Cause.ShouldBe("reservation of 6: free 4 - resv 3 = 1 available, surplus 0 of overcommit 0");
        flow.Single(span => span.Name == "region_chg").Tag(KernelTracing.Tags.Answer).ShouldBe("6");
        // Those before it went well, and nobody asked for them.
        cluster.Receiver.Spans.ShouldNotContain(received => received.Span.Tag("hugesim.command") == "p mmap well 3 shared fd=f");
    }

    [Fact]
    public async Task Otlp_Resource_SaysWhichSiloSentASpan()
    {
        await cluster.RunAsync(1, "pool 2", "proc exports5", "exports5 mmap m 1 private");

        var flow = await ReceivedAsync("exports5 mmap m 1 private", spans: 5);

        flow.Single(received => received.Span.ParentId is null).Resource["service.name"].ShouldBe("hugesim-client");
        var silos = flow.Where(received => received.Span.Source == KernelTracing.SourceName).ToArray();
        silos.ShouldNotBeEmpty();
        silos.ShouldAllBe(received => received.Resource["service.name"] == "hugesim" && received.Resource["service.instance.id"].Length > 0);
    }

    private async Task ShouldShowAsync(string command, string tree) =>
        FlowTree.Of(await SpansAsync(command, tree.Count(character => character == '\n'))).ShouldBe(tree);

    private async Task<IReadOnlyList<RecordedSpan>> SpansAsync(string command, int spans)
    {
        var flow = (await ReceivedAsync(command, spans)).Select(received => received.Span).ToArray();
        // Where one process has all silos, a client's command is a request over HTTP to it, with a span of its own.
        var requests = flow.Where(IsRequest).ToDictionary(span => span.SpanId);
        return
        [
            .. flow.Where(span => !requests.ContainsKey(span.SpanId))
                .Select(span => span.ParentId is { } parent && requests.TryGetValue(parent, out var request) ? span with { ParentId = request.ParentId } : span),
        ];
    }

    private static bool IsRequest(RecordedSpan span) => span.Source == ClientTracing.SourceName && span.ParentId is not null;

    // All spans of the flow of a command, once they hang together and are so many. Requests over HTTP are not counted.
    private async Task<IReadOnlyList<OtlpReceiver.Received>> ReceivedAsync(string command, int spans) => await cluster.Receiver.WaitForAsync(
        received =>
        {
            var root = received.FirstOrDefault(one => one.Span.ParentId is null && one.Span.Tag("hugesim.command") == command);
            var flow = root is null ? [] : received.Where(one => one.Span.TraceId == root.Span.TraceId).ToArray();
            var known = flow.Select(one => one.Span.SpanId).ToHashSet();
            var isWhole = flow.All(one => one.Span.ParentId is not { } parent || known.Contains(parent));
            return isWhole && flow.Count(one => !IsRequest(one.Span)) >= spans ? flow : null;
        },
        TestContext.Current.CancellationToken);
}
