using Hugesim.Explore;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Hugesim.Tests.WebConsole;

/// <summary>A failure that was found by exploring, in the page.</summary>
public sealed class SchedulePageTests(ConsoleFixture console)
{
    private const string Race = "pool 2\nmount A\nproc p\nproc q\np open f A/x\nq open g A/x\np mmap m 1 shared fd=f noreserve\nparallel\np w m 0\nq mmap n 1 shared fd=g\nend";
    private const string Kernel = "7.3+repair+bug:uncompensated-commit";

    [Fact]
    public async Task Page_OfAFailureThatWasFound_ShowsItDeliveryByDelivery()
    {
        var id = console.Console.Show(Found());

        var page = await console.OpenAsync(path: $"/#run={id}");

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("audit after line 8: resv-sum: resv=1, but maps have promised 0");
        await Expect(page.Locator("#scenario")).ToHaveValueAsync(Race);
        await Expect(page.Locator("#profile")).ToHaveValueAsync(Kernel);
        await Expect(page.Locator("#schedule")).ToHaveValueAsync(Trace().ToString());
        await Expect(page.Locator("#steps li.switch").First).ToContainTextAsync("q goes on: q calls process 2: Mmap");

        await page.Locator("#steps li", new() { HasText = "inode A/0/0 calls hstate 2048kB: Reserve" }).ClickAsync();
        await Expect(page.Locator("#step-line")).ToContainTextAsync("In q (q mmap n 1 shared fd=g): inode A/0/0 calls hstate 2048kB: Reserve");
        await Expect(page.Locator("#pool dd").Nth(2)).ToContainTextAsync("1 was 0");
        await Expect(page.Locator("#why")).ToContainTextAsync("resv 0 -> 1 by hugetlb_acct_memory");
        await Expect(page.Locator("#lanes .message.now")).ToHaveCountAsync(1);
        await Expect(page.Locator("#lanes .message.now")).ToContainTextAsync("Reserve");

        // Back in the middle of the block: the fault has found no reservation, and the mmap has not reserved yet.
        await page.Locator("#steps li", new() { HasText = "vma 1/vma0 calls inode A/0/0: FaultShared" }).ClickAsync();
        await Expect(page.Locator("#waterfall")).ToContainTextAsync("vma_needs_reservation");
        await Expect(page.Locator("#pool dd").Nth(2)).ToHaveTextAsync("0");
    }

    [Fact]
    public async Task Page_AnEditedSchedule_IsRunAgain()
    {
        var page = await console.OpenAsync(path: $"/#run={console.Console.Show(Found())}");
        await Expect(page.Locator("#steps li.switch").First).ToBeVisibleAsync();

        await page.Locator("#schedule").FillAsync("usual");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();

        await Expect(page.Locator("#steps li.delivery").First).ToBeVisibleAsync();
        await Expect(page.Locator("#steps li.switch")).ToHaveCountAsync(0);
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeEmptyAsync();
        await Expect(page.Locator("#end")).ToContainTextAsync("no leak");

        await page.Locator("#schedule").FillAsync("3-4");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("'3-4' is not a part of a schedule");
    }

    [Theory]
    [InlineData(1300, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Page_OfASchedule_FitsAndCanBeRead(int width, ColorScheme scheme)
    {
        var page = await console.OpenAsync(width, scheme: scheme, path: $"/#run={console.Console.Show(Found())}");
        await page.Locator("#steps li.switch").First.ClickAsync();
        await Expect(page.Locator("#lanes .message.now")).ToHaveCountAsync(1);

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        (await page.EvaluateAsync<string[]>(Readability.PoorContrast)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(Readability.WithoutName)).ShouldBeEmpty();
    }

    private static Hugesim.History.RecordedRun Found() =>
        ScheduleExplorer.Record(Program(), new ExplorationMachine(Kernel), new ReplayStrategy(Trace()));

    private static ScheduleTrace Trace() =>
        ScheduleExplorer.Explore(Program(), new ExplorationPlan(new ExplorationMachine(Kernel)) { Schedules = 500, Seed = 1 }).Finding!.Trace;

    private static ScenarioProgram Program() => ScenarioProgram.Parse("race", Race.Split('\n')).Program!;
}
