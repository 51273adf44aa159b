using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Hugesim.Tests.WebConsole;

/// <summary>The page in a real browser.</summary>
public sealed class ConsolePageTests(ConsoleFixture console)
{
    [Fact]
    public async Task Page_StepsForwardsAndBack_ShowsTheMachineOfEachStep()
    {
        var page = await RunAsync("5-3-2");
        var free = page.Locator("#pool dd").Nth(1);

        await Expect(page.Locator("#steps li[aria-selected=true]")).ToContainTextAsync("pool 6");
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator("#pool dd").Nth(2)).ToContainTextAsync("3 was 0");
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator("#step-title")).ToContainTextAsync("Step 13 of 13");
        await Expect(free).ToHaveTextAsync("6");
        for (var i = 0; i < 6; i++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Step back" }).ClickAsync();
        }

        await Expect(page.Locator("#step-line")).ToContainTextAsync("p w s 2..4");
        await Expect(free).ToHaveTextAsync("1 was 4");
        await Expect(page.Locator("#mounts td").Nth(3)).ToHaveTextAsync("0");
    }

    [Fact]
    public async Task Page_NextFailure_FindsTheSigbusAndSaysWhy()
    {
        var page = await RunAsync("fork-cow");

        await page.Keyboard.PressAsync("f");

        await Expect(page.Locator("#step-line")).ToContainTextAsync("SIGBUS(code=2) at page 0");
        await Expect(page.Locator("#why .bad")).ToContainTextAsync("free 0 - resv 0 = 0 available");
        await Expect(page.Locator("#why")).ToContainTextAsync("2 in use: p's m, since step 4 (line 5: p w m 0..1 7)");
        await Expect(page.Locator("#waterfall tr.failed", new() { HasText = "dequeue_hugetlb_folio" })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("f");
        await Expect(page.Locator("#why .bad")).ToContainTextAsync("HPAGE_RESV_UNMAPPED");
        await Expect(page.Locator("#why")).ToContainTextAsync("step 9 (line 10: p w m 0 8)");
        await Expect(page.Locator("#processes .mark.hot", new() { HasText = "UNMAPPED" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Page_Ribbons_TellReservedConsumedAndMissingApart()
    {
        var page = await RunAsync(null, "pool 4\nproc p\np mmap m 2 private\np w m 0 5\np fork c");

        await page.Keyboard.PressAsync("End");

        var owner = page.Locator("ul[aria-label=\"Pages of p's m\"] li");
        await Expect(owner.Nth(0)).ToHaveAttributeAsync("aria-label", "page 0: consumed, frame 3, also c's m");
        await Expect(owner.Nth(1)).ToHaveAttributeAsync("aria-label", "page 1: reserved, no page yet");
        await Expect(page.Locator("ul[aria-label=\"Pages of c's m\"] li").Nth(1)).ToHaveAttributeAsync("aria-label", "page 1: missing, no page yet");
    }

    [Fact]
    public async Task Page_PlayMessages_NamesEachInTurn()
    {
        var page = await RunAsync(null, "pool 1\nproc p\np mmap m 1 private");
        await page.Keyboard.PressAsync("End");

        await page.GetByRole(AriaRole.Button, new() { Name = "Play messages" }).ClickAsync();

        await Expect(page.Locator("#message")).ToContainTextAsync("1 of 3: client → process 1: Mmap");
        await Expect(page.Locator("#message")).ToContainTextAsync("3 of 3: vma 1/vma0 → hstate 2048kB: Reserve");
    }

    [Fact]
    public async Task Page_PlayBeforeTheChosenStepHasCome_PlaysThatStepAndNotTheOneBefore()
    {
        var page = await RunAsync(null, "pool 1\nproc p\np mmap m 1 private");
        var isPlayPressed = new TaskCompletionSource();
        await page.RouteAsync("**/steps/3", async route =>
        {
            await isPlayPressed.Task;
            await route.ContinueAsync();
        });
        await page.Keyboard.PressAsync("End");

        await page.GetByRole(AriaRole.Button, new() { Name = "Play messages" }).ClickAsync();
        await Expect(page.Locator("#message")).ToBeEmptyAsync();
        isPlayPressed.SetResult();

        await Expect(page.Locator("#message")).ToContainTextAsync("3 of 3: vma 1/vma0 → hstate 2048kB: Reserve");
    }

    [Fact]
    public async Task Page_BadScenario_SaysWhereAndWhatToDo()
    {
        var page = await console.OpenAsync();
        await page.Locator("#scenario").FillAsync("pool 1\nproc p\np mapm m 1 private");

        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("scenario:3:3: unknown command 'mapm'");
        await Expect(page.Locator("#steps li")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Page_TextFromTheScenario_IsNeverMarkup()
    {
        var page = await RunAsync(null, "proc <img/src=x>\npool 1");

        await Expect(page.Locator("#steps li").First).ToContainTextAsync("<img/src=x>");
        (await page.Locator("main img").CountAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData(1300, ColorScheme.Light)]
    [InlineData(1300, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Page_AtAnyWidthAndInTheDark_FitsAndCanBeRead(int width, ColorScheme scheme)
    {
        var page = await RunAsync("fork-cow", width: width, scheme: scheme);
        await page.Keyboard.PressAsync("f");
        await Expect(page.Locator("#why .bad")).ToBeVisibleAsync();

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        (await page.EvaluateAsync<string[]>(Readability.PoorContrast)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(Readability.WithoutName)).ShouldBeEmpty();
    }

    // Opens a page that must not write an error to the browser's console, and runs an example or a text.
    private async Task<IPage> RunAsync(string? example, string? text = null, int width = 1300, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await console.OpenAsync(width, scheme: scheme);
        page.Console += (_, message) => message.Type.ShouldNotBe("error", message.Text);
        page.PageError += (_, error) => throw new InvalidOperationException(error);
        if (example is not null)
        {
            await page.Locator("#example").SelectOptionAsync(example);
        }
        else
        {
            await page.Locator("#scenario").FillAsync(text!);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();
        await Expect(page.Locator("#steps li[aria-selected=true]")).ToBeVisibleAsync();
        await Expect(page.Locator("#step-line")).Not.ToBeEmptyAsync();
        return page;
    }
}
