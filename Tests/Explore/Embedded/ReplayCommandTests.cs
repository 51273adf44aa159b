using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Explore;
using Hugesim.Museum;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

/// <summary>A schedule that was found, opened by the commands that show a scenario step by step.</summary>
public sealed class ReplayCommandTests
{
    private static readonly Lazy<string[]> FoundRace = new(() => ["museum:R17", "--bug", "uncompensated-commit", "--replay", Explore()]);

    private static string[] Race => FoundRace.Value;

    [Fact]
    public async Task Trace_OfASchedule_ShowsDeliveriesWithTheirRoutines_AndWhatIsWrong_ExitCode1()
    {
        using var cli = new TestConsole();

        (await cli.RunOnGrainsAsync(["trace", .. Race])).ShouldBe(ExitCodes.Differs);

        cli.ErrorText.ShouldBe("");
        cli.OutputText.ShouldStartWith($"museum:R17  kernel 7.3+repair+bug:uncompensated-commit, schedule {Race[^1]}\n");
        cli.OutputText.ShouldContain("> q        q calls process 2: Mmap\n");
        cli.OutputText.ShouldMatch(@"  q        inode A/0/0 calls hstate 2048kB: Reserve  resv 0 -> 1, cg.rsvd \d -> \d\n +hugetlb_acct_memory");
        cli.OutputText.ShouldContain("  q mmap n 1 shared fd=g  ok\n");
        cli.OutputText.ShouldEndWith("audit after line 8: resv-sum: resv=1, but maps have promised 0 and subpools hold 0 [m/2048kB]\n");
    }

    [Fact]
    public async Task Trace_OfASchedule_WithOutput_IsOneTraceForTheBlock_InWhichItsCommandsLieSideBySide()
    {
        using var folder = new TemporaryFolder();
        using var cli = new TestConsole();
        var file = Path.Combine(folder.Path, "trace.json");

        (await cli.RunOnGrainsAsync(["trace", .. Race, "-o", file])).ShouldBe(ExitCodes.Differs);

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var traces = json.RootElement.GetProperty("data").EnumerateArray().ToArray();
        traces.Length.ShouldBe(8);
        var spans = traces[^1].GetProperty("spans").EnumerateArray().ToArray();
        spans.Select(Id).ShouldBeUnique();
        var root = spans.Single(span => Parent(span) is null);
        root.GetProperty("operationName").GetString().ShouldBe("parallel");
        spans.Where(span => Parent(span) == Id(root)).Select(span => span.GetProperty("operationName").GetString()).ShouldBe(["store", "mmap"], ignoreOrder: true);
        spans.Where(span => Parent(span) is { } parent && spans.All(other => Id(other) != parent)).ShouldBeEmpty();
        spans.Select(span => span.GetProperty("operationName").GetString()).ShouldContain("vma_needs_reservation");
    }

    [Fact]
    public async Task Explain_AStepInABlock_SaysWhatChangedThePool()
    {
        using var cli = new TestConsole();

        (await cli.RunOnGrainsAsync(["trace", .. Race])).ShouldBe(ExitCodes.Differs);
        var line = cli.OutputText.Split('\n').First(text => text.Contains("hstate 2048kB: Reserve  resv", StringComparison.Ordinal));
        using var explain = new TestConsole();
        (await explain.RunOnGrainsAsync(["explain", .. Race, "--step", line.Trim().Split(' ')[0]])).ShouldBe(ExitCodes.Differs);

        explain.OutputText.ShouldContain("resv 0 -> 1");
        explain.OutputText.ShouldContain("hugetlb_acct_memory");
        explain.OutputText.ShouldContain("audit after line 8: resv-sum");
    }

    [Fact]
    public async Task Trace_OfABlockWithoutASchedule_TakesTheUsualOrder_AndASeedTheFirstThatExploreTries()
    {
        const string Text = "pool 2\nproc p\nproc q\nparallel\np mmap m 2 private\nq mmap n 2 private\nend\n";
        using var usual = new TestConsole(Text);
        (await usual.RunOnGrainsAsync("trace", "-")).ShouldBe(ExitCodes.Success);
        usual.OutputText.ShouldStartWith("standard input  kernel 7.3, schedule usual\n");
        usual.OutputText.ShouldContain("p mmap m 2 private  ok\n");
        usual.OutputText.ShouldContain("q mmap n 2 private  ENOMEM\n");

        using var seeded = new TestConsole(Text);
        (await seeded.RunOnGrainsAsync("trace", "-", "--seed", "3")).ShouldBe(ExitCodes.Success);
        seeded.OutputText.ShouldMatch(@"^standard input  kernel 7.3, schedule \d+:\d");
    }

    [Fact]
    public async Task Museum_ARace_PrintsLinesThatShowIt()
    {
        using var cli = new TestConsole();
        (await cli.RunOnGrainsAsync("museum", "R17")).ShouldBe(ExitCodes.Success);
        var lines = cli.OutputText.Split('\n').Where(line => line.StartsWith("try it", StringComparison.Ordinal)).Select(line => line["try it".Length..].Trim().Split(' ')).ToArray();
        lines.Select(line => line[1]).ShouldBe(["explore", "trace", "console"]);

        using var replayed = new TestConsole();
        (await replayed.RunOnGrainsAsync(lines[0][1..])).ShouldBe(ExitCodes.Differs);
        replayed.OutputText.ShouldContain("resv-sum");
        using var traced = new TestConsole();
        (await traced.RunOnGrainsAsync(lines[1][1..^2])).ShouldBe(ExitCodes.Differs);
        traced.OutputText.ShouldContain("resv-sum");
    }

    [Theory]
    [InlineData("trace museum:no --replay usual", "museum:no: the museum has no exhibit 'no'")]
    [InlineData("trace museum:R17 --replay 4:1 --seed 2", "--replay and --seed contradict each other")]
    [InlineData("trace museum:R17 --replay 4:1 --cluster local", "--replay and --cluster contradict each other")]
    [InlineData("trace museum:R17 --replay 4-1", "--replay: '4-1' is not a part of a schedule")]
    [InlineData("console --replay 4:1", "--replay is for a scenario that is shown at once: name its file.")]
    [InlineData("console nowhere.txt", "nowhere.txt: no such file or folder")]
    [InlineData("trace museum:R17 --cluster nowhere", "there is no cluster 'nowhere'")]
    public async Task BadCommandLine_IsExplained_ExitCode2(string line, string message)
    {
        using var cli = new TestConsole();

        (await cli.RunOnGrainsAsync(line.Split(' '))).ShouldBe(ExitCodes.BadInput);

        cli.ErrorText.ShouldContain(message);
        cli.OutputText.ShouldBe("");
    }

    private static string Explore()
    {
        var program = ScenarioProgram.Parse("museum:R17", Exhibits.Find("R17")!.Lines).Program!;
        var plan = new ExplorationPlan(new ExplorationMachine("7.3+repair+bug:uncompensated-commit")) { Schedules = 500, Seed = 1 };
        return ScheduleExplorer.Explore(program, plan).Finding!.Trace.ToString();
    }

    private static string Id(JsonElement span) => span.GetProperty("spanID").GetString()!;

    private static string? Parent(JsonElement span) =>
        span.GetProperty("references").EnumerateArray().Select(reference => reference.GetProperty("spanID").GetString()).FirstOrDefault();
}
