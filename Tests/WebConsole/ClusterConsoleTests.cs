using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Hugesim.Tests.Telemetry;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Hugesim.Tests.WebConsole;

/// <summary>The console whose scenarios run on a cluster, in a real browser.</summary>
[Collection(ObservedClusterCollection.Name)]
public sealed class ClusterConsoleTests(ConsoleFixture browser, ObservedCluster cluster)
{
    [Theory]
    [InlineData(1280, 900)]
    [InlineData(390, 844)]
    public async Task Page_OfARunOnACluster_StepsForwardsAndBackAndSaysWhyAStepFailed(int width, int height)
    {
        using var console = await cluster.StartConsoleAsync();
        var errors = new ConcurrentQueue<string>();
        var page = await browser.NewPageAsync(width, height, ColorScheme.Light, console.Address);
        page.Console += (_, message) => errors.Enqueue($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => errors.Enqueue(error);
        await page.GotoAsync("/");
        await Expect(page.Locator("#cluster")).ToHaveTextAsync("on cluster local");
        await page.Locator("#example").SelectOptionAsync("fork-cow");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();
        await Expect(page.Locator("#step-title")).ToContainTextAsync("Step 1 of 15");

        await page.GetByRole(AriaRole.Button, new() { Name = "Next failure" }).ClickAsync();
        await Expect(page.Locator("#step-line")).ToContainTextAsync("SIGBUS(code=2) at page 0");
        await Expect(page.Locator("#why .bad")).ToContainTextAsync("free 0 - resv 0 = 0 available");
        await Expect(page.Locator("#waterfall tr.failed", new() { HasText = "dequeue_hugetlb_folio" })).ToBeVisibleAsync();

        // Whoever reads the flow keeps his place while he steps, and the buttons are at hand.
        await page.Locator("#waterfall tr").Last.ScrollIntoViewIfNeededAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Step back" }).ClickAsync();
        await Expect(page.Locator("#step-title")).ToContainTextAsync("Step 7 of 15");
        await page.GetByRole(AriaRole.Button, new() { Name = "Step forwards" }).ClickAsync();
        await Expect(page.Locator("#step-title")).ToContainTextAsync("Step 8 of 15");
        (await page.EvaluateAsync<double>("scrollY")).ShouldBeGreaterThan(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Last step" }).ClickAsync();
        await Expect(page.Locator("#flow-facts")).ToHaveTextAsync(new Regex("^\\d+ messages, \\d+ spans, "));

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Page_OfParallelBlocksOnACluster_RefusesThemAndSaysWhatToDo()
    {
        using var console = await cluster.StartConsoleAsync();
        var page = await browser.NewPageAsync(1280, 900, ColorScheme.Light, console.Address);
        await page.GotoAsync("/");
        await Expect(page.Locator("#cluster")).ToHaveTextAsync("on cluster local");
        await Expect(page.Locator("#schedule")).ToBeHiddenAsync();
        await page.Locator("#scenario").FillAsync("pool 1\nproc p\nparallel\np mmap m 1 private\nend");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("scenario:3:1: parallel: here one command is executed at a time");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("hugesim explore");
    }
}
