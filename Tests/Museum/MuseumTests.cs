using Hugesim.Cli;
using Hugesim.Model;
using Hugesim.Museum;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Museum;

/// <summary>Every exhibit is found by the check that it names, and the kernel without the bug passes.</summary>
public sealed class MuseumTests
{
    /// <summary>The exhibits by name.</summary>
    public static TheoryData<string> Names => [.. Exhibits.All.Select(exhibit => exhibit.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Exhibit_WithAndWithoutItsBug_IsFoundAndPasses(string name)
    {
        var verdict = await new MuseumRunner(TestMachines.Factory).RunAsync(Exhibits.Find(name)!, TestContext.Current.CancellationToken);

        Assert.SkipWhen(verdict.Skipped, $"the {GrainHost.EngineName} engine has no deterministic scheduler");
        verdict.CleanFindings.ShouldBeEmpty();
        verdict.Findings.ShouldContain(finding => finding.Check == verdict.Exhibit.Check, $"found: {string.Join(", ", verdict.Findings)}");
    }

    [Fact]
    public void Exhibits_OfTheMuseum_ShowEachBugOnceAndSayEverything()
    {
        Exhibits.All.Select(exhibit => exhibit.Bug).ShouldBeUnique();
        KernelBugs.All.Except(Exhibits.All.Select(exhibit => exhibit.Bug)).ShouldBeEmpty("bugs that can be switched on are shown");
        Exhibits.All.Count.ShouldBeGreaterThanOrEqualTo(36);

        // 39 is B5.
        var numbers = Exhibits.All.Select(exhibit => exhibit.Number).Concat(Exhibits.Missing.Select(bug => bug.Number)).ToArray();
        numbers.ShouldBe(
            [.. Enumerable.Range(1, 42).Where(n => n != 39).Select(n => $"{n}"), .. Enumerable.Range(1, 8).Select(n => $"B{n}"), "R17"], ignoreOrder: true);
        Exhibits.All.ShouldAllBe(exhibit => exhibit.Scenario.Contains("parallel", StringComparison.Ordinal) == exhibit.IsRace);
    }

    [Fact]
    public async Task Run_WithABug_ShowsWhatTheBugDoes()
    {
        var (exitCode, output) = await RunAsync(
            "pool 2\nproc p\np mmap m 2 private\np mmap n 1 shared noreserve\np w n 0\n", "run", "--bug", "steal-reserved-page", "-");

        exitCode.ShouldBe(ExitCodes.Success);
        output.ShouldContain("kernel 7.3+bug:steal-reserved-page");
        output.ShouldContain("free 2 -> 1");
    }

    [Theory]
    [InlineData("--bug: unknown value 'steal-page'", "run", "--bug", "steal-page", "-")]
    [InlineData("there is no exhibit 'steal-reserved-pge'. Did you mean 'steal-reserved-page'?", "museum", "steal-reserved-pge")]
    public async Task CommandLine_UnknownBug_IsRefusedWithAGuess(string message, params string[] arguments)
    {
        using var console = new TestConsole();

        (await console.RunAsync(arguments)).ShouldBe(ExitCodes.BadInput);
        console.ErrorText.ShouldContain(message);
    }

    [Fact]
    public async Task Museum_OneExhibit_IsToldStepByStep()
    {
        var (exitCode, output) = await RunAsync("", "museum", "7");

        exitCode.ShouldBe(ExitCodes.Success);
        output.ShouldContain("72231b03ccf1");
        output.ShouldContain("resv-free: resv=10 is not in 0..free=9");
        output.ShouldContain("found by resv-free; without the bug nothing is found");
    }

    /// <summary>After a change: <c>hugesim museum --markdown > docs/museum.md</c>.</summary>
    [Fact]
    public void Page_InTheDocs_IsWhatTheCommandWrites() =>
        File.ReadAllText(Path.Combine(RecordingFiles.Root, "..", "..", "..", MuseumPage.File)).ShouldBe(MuseumPage.Write());

    [Fact]
    public async Task Museum_List_NamesEveryExhibitAndWhatIsMissing()
    {
        var (exitCode, output) = await RunAsync("", "museum", "--list");

        exitCode.ShouldBe(ExitCodes.Success);
        foreach (var exhibit in Exhibits.All)
        {
            output.ShouldContain(exhibit.Name);
        }

        output.ShouldContain("needs a page that outlives its mount");
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string input, params string[] arguments)
    {
        using var console = new TestConsole(input);
        return (await console.RunOnGrainsAsync(arguments), console.OutputText);
    }
}
