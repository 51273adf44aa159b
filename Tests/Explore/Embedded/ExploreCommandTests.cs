using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Machine;
using Hugesim.Model;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class ExploreCommandTests
{
    private const string Race = "pool 2\nproc p\nproc q\nparallel\np mmap m 2 private\nq mmap n 2 private\np munmap m\nq munmap n\nend\n";

    // Kernels up to 6.12 lose track of min_size when mmap fails (bug B5).
    private const string Failing = "pool 4\nmount A min_size=2\nproc p\np open f A/x\nparallel\np mmap m 2 shared fd=f\np mmap k 5 shared fd=f off=2\nend\n";

    [Fact]
    public async Task Explore_ACleanScenario_ShowsWhatWasAnswered_ExitCode0()
    {
        var (code, output, error) = await RunAsync(Race, "explore", "-", "--strategy", "exhaustive");
        error.ShouldBe("");
        code.ShouldBe(ExitCodes.Success);
        output.ShouldStartWith("standard input  kernel 7.3+repair, 1 node, 1 silo, all schedules\n");
        output.ShouldContain("p mmap m 2 private                ok (");
        output.ShouldMatch(@"all \d+ schedules up to the order of what commutes, \d+ deliveries, \d+ results: no rule broken\n$");
    }

    [Fact]
    public async Task Explore_AFailure_IsReplayedByTheLineThatItPrints()
    {
        var (code, output, _) = await RunAsync(Failing, "explore", "-", "--profile", "6.12");
        code.ShouldBe(ExitCodes.Differs);
        var replay = output.Split('\n').First(line => line.Contains("replay: hugesim ", StringComparison.Ordinal)).Split("replay: hugesim ")[1];
        replay.ShouldBe("explore - --profile 6.12 --replay usual");

        (code, output, _) = await RunAsync(Failing, replay.Split(' '));
        code.ShouldBe(ExitCodes.Differs);
        output.ShouldContain("p calls process/m/1: IProcessGrain.Mmap  nr=4 free=4 resv=2 surp=0");
        output.ShouldContain("audit after line 5: ");
    }

    [Fact]
    public async Task Explore_Save_WritesAScenarioThatFailsAlike_AndItsSchedule()
    {
        using var folder = new TemporaryFolder();
        var (code, output, _) = await RunAsync(Failing, "explore", "-", "--profile", "6.12", "--save", folder.Path);
        code.ShouldBe(ExitCodes.Differs);
        var saved = Path.Combine(folder.Path, "input-audit.txt");
        output.ShouldContain($"replay: hugesim explore {saved} --profile 6.12 --replay ");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(saved, ".json"), TestContext.Current.CancellationToken));
        var schedule = json.RootElement.GetProperty("schedule").GetString()!;
        json.RootElement.GetProperty("failure").GetProperty("rule").GetString().ShouldBe("resv-sum");
        json.RootElement.GetProperty("answers").GetArrayLength().ShouldBeGreaterThan(3);

        (code, _, _) = await RunAsync("", "explore", saved, "--profile", "6.12", "--replay", schedule);
        code.ShouldBe(ExitCodes.Differs);
    }

    [Fact]
    public async Task Explore_Json_IsOneObjectALine()
    {
        var (code, output, _) = await RunAsync(Race, "explore", "-", "--json", "--schedules", "50");
        code.ShouldBe(ExitCodes.Success);
        var kinds = output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        kinds.Select(line => line.GetProperty("kind").GetString()).Distinct().ShouldBe(["begin", "answers", "summary"]);
        kinds[^1].GetProperty("schedules").GetInt64().ShouldBe(50);
    }

    [Theory]
    [InlineData("explore - --strategy all", "--strategy: unknown value 'all'")]
    [InlineData("explore - --replay 3-4", "--replay: '3-4' is not a part of a schedule")]
    [InlineData("explore - --faults rain", "--faults: unknown fault 'rain'. Known: delay, loss, duplicate, crash.")]
    [InlineData("explore - --faults crash", "--faults crash needs a second silo: add --silos 2")]
    [InlineData("explore - --faults delay --strategy exhaustive", "--faults cannot be explored exhaustively")]
    [InlineData("explore", "Required argument missing")]
    [InlineData("explore nowhere.txt", "nowhere.txt: no such file or folder")]
    [InlineData("explore -", "-: there is no parallel block, so there is one schedule only")]
    public async Task BadCommandLine_IsExplained_ExitCode2(string line, string message)
    {
        var (code, output, error) = await RunAsync("pool 1\n", line.Split(' '));
        error.ShouldContain(message);
        code.ShouldBe(ExitCodes.BadInput);
        output.ShouldBe("");
    }

    [Fact]
    public async Task Explore_BadScenario_IsReportedWithItsPlace()
    {
        var (code, _, error) = await RunAsync("pool 1\nparallel\npol 2\nend\n", "explore", "-");
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldStartWith("-:3:1: unknown command 'pol'\n  hint: did you mean 'pool'?");
    }

    [Fact]
    public async Task Run_AFileWithABlock_GivesTheSameAnswersEachTime()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "race.txt");
        await File.WriteAllTextAsync(file, Race, TestContext.Current.CancellationToken);
        var (code, first, error) = await RunAsync("", "run", file);
        error.ShouldBe("");
        code.ShouldBe(ExitCodes.Success);
        (await RunAsync("", "run", file)).Output.ShouldBe(first);
        first.ShouldContain("# parallel\n");

        var seeds = new HashSet<string>();
        for (var seed = 0; seed < 20; seed++)
        {
            seeds.Add((await RunAsync("", "run", "--scheduler", "deterministic", "--seed", $"{seed}", file)).Output);
        }

        seeds.Count.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task Run_ABlockFromStandardInput_NeedsTheDeterministicScheduler()
    {
        var (code, _, error) = await RunAsync(Race, "run", "-");
        code.ShouldBe(ExitCodes.BadInput);
        error.ShouldContain("-:4:1: parallel: commands are executed at the same time only where a seed decides their order\n  hint: add --scheduler deterministic");
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        await using var machines = new GrainMachineFactory();
        var services = new CliServices(machines, [.. KernelProfiles.All.Select(p => p.Name)])
        {
            RepairedProfiles = [.. KernelProfiles.AllRepaired.Select(p => p.Name)],
        };
        var console = new CliConsole(RecordingFiles.ToStream(input), output, error, isTerminal: false, useColor: false);
        var code = await HugesimCli.RunAsync(arguments, services, console, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
