using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hugesim.Tests.Telemetry;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Hugesim.Tests.WebConsole;

/// <summary>The console of a running cluster in a real browser.</summary>
[Collection(ObservedClusterCollection.Name)]
public sealed class LivePageTests(ConsoleFixture browser, ObservedCluster cluster) : IDisposable
{
    private readonly ConcurrentQueue<string> _errors = new();

    // Nothing may have been written to the browser's console as an error.
    public void Dispose() => _errors.ShouldBeEmpty();

    [Fact]
    public async Task Page_OfARunningMachine_ShowsItAndFollowsItsChanges()
    {
        await using var machine = await cluster.StartAsync(
            pages: 7, nodes: 1, "mount A min_size=3", "proc p", "p mmap m 2 private", "p w m 0 5", "p fork c", "proc last");
        var page = await OpenAsync(machine.Name);

        await Expect(page.Locator("#pool dd").First).ToHaveTextAsync("7");
        await Expect(page.Locator("#mounts td").Nth(2)).ToHaveTextAsync("3");
        // The child stands below its parent and shares the page that was written; the reservations are the parent's.
        var child = page.Locator("#processes .tree .tree h3");
        await Expect(child).ToContainTextAsync("process");
        await Expect(page.Locator("#processes ul[aria-label^='Pages of'] li").First).ToHaveAttributeAsync("aria-label", new Regex("page 0: consumed, frame \\d+, also .*vma"));
        await Expect(page.Locator("#processes .tree .tree ul[aria-label^='Pages of'] li").Nth(1)).ToHaveAttributeAsync("aria-label", "page 1: missing, no page yet");
        await Expect(page.Locator("#frames li.several")).ToHaveCountAsync(1);

        await machine.WriteAsync("p w m 1 6");

        await Expect(page.Locator("#processes ul[aria-label^='Pages of'] li").Nth(1)).ToHaveAttributeAsync("aria-label", new Regex("page 1: consumed, frame \\d+"));
    }

    [Fact]
    public async Task Page_OfAFailedFlow_ShowsWhyAndItsWaterfall()
    {
        await using var machine = await cluster.StartAsync(pages: 8, nodes: 1, "proc p", "p mmap m 99 private");
        var silo = await SiloOfFlowAsync(machine.Name, "reservation of 99: free 8 - resv 0 = 8 available");
        var page = await OpenAsync(machine.Name, silo: silo);
        var flow = page.Locator("#flows tr.failed", new() { HasText = "reservation of 99: free 8 - resv 0 = 8 available" });
        await Expect(flow).ToBeVisibleAsync();

        await flow.Locator("button").ClickAsync();

        await Expect(page.Locator("#flow-title")).ToContainTextAsync("spans");
        await Expect(page.Locator("#waterfall tr.failed", new() { HasText = "hugetlb_acct_memory" })).ToBeVisibleAsync();
        // Wherever the process is.
        await Expect(page.Locator("#waterfall tr", new() { HasText = "IProcessGrain/Mmap" })).ToBeVisibleAsync();
        await Expect(page.Locator("#flow-missing")).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData(1300, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Page_AtAnyWidthAndInTheDark_FitsAndCanBeRead(int width, ColorScheme scheme)
    {
        await using var machine = await cluster.StartAsync(pages: 9 + (width == 390 ? 1 : 0), nodes: 2, "mount A", "proc p", "p mmap m 3 private", "p w m 0..1", "p mmap x 99 private");
        var page = await OpenAsync(machine.Name, width, scheme);
        await Expect(page.Locator("#pool dd").First).ToBeVisibleAsync();

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        (await page.EvaluateAsync<string[]>(Readability.PoorContrast)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(Readability.WithoutName)).ShouldBeEmpty();
    }

    // Each silo keeps what was done there.
    private async Task<Uri> SiloOfFlowAsync(string machine, string cause)
    {
        using var http = new HttpClient();
        return await ObservedCluster.EventuallyAsync(async () =>
        {
            foreach (var console in cluster.Consoles)
            {
                var view = await http.GetFromJsonAsync<JsonElement>(new Uri(console, $"/api/machines/{machine}"), TestContext.Current.CancellationToken);
                if (view.GetProperty("flows").EnumerateArray().Any(flow => flow.GetProperty("cause").GetString()?.Contains(cause, StringComparison.Ordinal) == true))
                {
                    return console;
                }
            }

            return null;
        });
    }

    private async Task<IPage> OpenAsync(string machine, int width = 1300, ColorScheme scheme = ColorScheme.Light, Uri? silo = null)
    {
        var page = await browser.NewPageAsync(width, 900, scheme, silo ?? cluster.Consoles[0]);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _errors.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
        await page.GotoAsync("/");
        await page.Locator("#machines").SelectOptionAsync(machine);
        await Expect(page.Locator("#machine")).ToBeVisibleAsync();
        return page;
    }
}
