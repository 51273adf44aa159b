using System.Text;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>The flows of the documents' own examples, span by span. What the kernel does there is told by the reservation document.</summary>
public sealed class FlowTests
{
    [Fact]
    public async Task Flow_MmapOverMinSize_ShowsThreeOfTheSubpoolAndTwoOfThePool()
    {
        // "the subpool has 3 reserved pages; a request for 5 takes the 3, and 2 more must come from the global pool".
        var run = await Run("pool 6", "mount A min_size=3", "proc p", "p open f A/x", "p mmap s 5 shared fd=f");

        Tree(run.Steps[4]).ShouldBe(DocumentFlows.MmapOverMinSize);
    }

    [Fact]
    public async Task Flow_CowByTheOwnerWithoutFreePages_TakesThePageFromTheChild()
    {
        var run = await Run("pool 1", "proc p", "p mmap m 1 private", "p w m 0 7", "p fork c", "p w m 0 8", "c catch", "c r m 0");

        Tree(run.Steps[5]).ShouldBe(DocumentFlows.CowByTheOwner);
        var fault = run.Steps[7].Spans.Single(span => span.Name == "hugetlb_no_page");
        fault.Failed.ShouldBeTrue();
        fault.Tag(KernelTracing.Tags.Error).ShouldBe("SIGBUS");
        fault.Cause!.ShouldContain("HPAGE_RESV_UNMAPPED");
    }

    [Fact]
    public async Task Flow_Truncate_RemovesPagesAndThenTheReservationsBehindTheEnd()
    {
        var run = await Run("pool 4", "mount A", "proc p", "p open f A/x", "p mmap s 3 shared fd=f", "p w s 0", "p trunc f 0");

        Tree(run.Steps[6]).ShouldBe(DocumentFlows.Truncate);
    }

    [Fact]
    public async Task Flow_MmapOverThePool_FailsWithTheNumbersThatDecided()
    {
        var run = await Run("pool 4", "proc p", "p mmap a 3 private", "p mmap b 2 private");

        var spans = run.Steps[3].Spans;
        spans.Where(span => span.Failed).Select(span => span.Name).Order().ShouldBe(["hugetlb_acct_memory", "hugetlb_reserve_pages", "mmap"]);
        spans.Single(span => span.Name == "hugetlb_acct_memory").Cause.ShouldBe(
            "reservation of 2: free 4 - resv 3 = 1 available, surplus 0 of overcommit 0");
    }

    [Fact]
    public async Task Flows_OfMachinesSideBySide_StayApart()
    {
        var runs = await Task.WhenAll(Enumerable.Range(1, 8).Select(pages => Run("pool 9", "proc p", $"p mmap m {pages} private", $"p w m 0..{pages - 1}")));

        for (var i = 0; i < runs.Length; i++)
        {
            var step = runs[i].Steps[3];
            step.Spans.Select(span => span.TraceId).Distinct().Count().ShouldBe(1);
            step.Spans.Count(span => span.Name == "alloc_hugetlb_folio").ShouldBe(i + 1);
        }
    }

    private static async Task<RecordedRun> Run(params string[] lines)
    {
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var run = await RecordedRun.RunAsync(
            text, "test", new MachineOptions("7.3", 1, "parallel", 0, 1), TestMachines.Factory, inspects: false, TestContext.Current.CancellationToken);
        run.Outcome.Errors.ShouldBeEmpty();
        return run;
    }

    private static string Tree(RecordedStep step) => FlowTree.Of(step.Spans);
}
