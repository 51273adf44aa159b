using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary><c>hugesim audit</c> and <c>hugesim fuzz --against invariants</c> on simulated machines.</summary>
public sealed class AuditCommandTests
{
    // mremap of a part (bug B4): what stays behind loses its reserve map.
    private const string PartialMove = """
        # a comment is no step
        pool 6
        proc p
        p mmap m 4 private
        p w m 0
        p mmap x 1 private
        p mremap m 2 1 1 n at=x+64
        counters
        """;

    [Fact]
    public async Task Audit_SoundScenario_SaysSo()
    {
        using var console = new TestConsole("pool 2\nproc p\np mmap m 1 private\n");

        (await console.RunAsync(TestMachines.Factory, "audit", "-")).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldBe("-:3: p mmap m 1 private  sound\n1 of 1 machines are sound\n");
    }

    [Fact]
    public async Task Audit_EveryStep_EndsAtTheFirstViolationAndNamesTheGrains()
    {
        using var console = new TestConsole(PartialMove);

        (await console.RunAsync(TestMachines.Factory, "audit", "--every-step", "--profile", "7.3", "-")).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldContain("-:6: p mmap x 1 private  sound\n");
        console.OutputText.ShouldMatch(@"-:7: p mremap m 2 1 1 n at=x\+64  2 violations\n  resv-sum: resv=4, but maps have promised 2 and subpools hold 0\n      m\d+/2048kB\n");
        console.OutputText.ShouldMatch(@"\n  cgroup: group 0: rsvd=5, but 2 pages are reserved\n      m\d+/2048kB\n");
        console.OutputText.ShouldNotContain("counters");
        console.OutputText.ShouldEndWith("0 of 1 machines are sound\n");
    }

    [Fact]
    public async Task Audit_Step_AuditsThereAndEnds()
    {
        using var console = new TestConsole(PartialMove);

        (await console.RunAsync(TestMachines.Factory, "audit", "--step", "5", "-")).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldBe("-:6: p mmap x 1 private  sound\n1 of 1 machines are sound\n");
    }

    [Fact]
    public async Task Audit_Repair_IsSound()
    {
        using var console = new TestConsole(PartialMove);

        (await console.RunAsync(TestMachines.Factory, "audit", "--repair", "--every-step", "-")).ShouldBe(ExitCodes.Success);
    }

    [Fact]
    public async Task Audit_Json_HasRuleMessageAndGrains()
    {
        using var console = new TestConsole(PartialMove);

        (await console.RunAsync(TestMachines.Factory, "audit", "--json", "-")).ShouldBe(ExitCodes.Differs);

        var lines = console.OutputText.TrimEnd('\n').Split('\n');
        using var audit = JsonDocument.Parse(lines[0]);
        audit.RootElement.GetProperty("step").GetInt32().ShouldBe(7);
        audit.RootElement.GetProperty("line").GetInt32().ShouldBe(8);
        audit.RootElement.GetProperty("sound").GetBoolean().ShouldBeFalse();
        var violation = audit.RootElement.GetProperty("violations").EnumerateArray().First(v => v.GetProperty("rule").GetString() == "cgroup");
        violation.GetProperty("message").GetString().ShouldBe("group 0: rsvd=5, but 2 pages are reserved");
        violation.GetProperty("grains").GetArrayLength().ShouldBe(1);
        lines[1].ShouldBe("""{"kind":"summary","sound":0,"total":1}""");
    }

    [Theory]
    [InlineData("audit --step 9 -", "-: the scenario has only 7 steps")]
    [InlineData("audit --every-step --step 2 -", "--every-step and --step contradict each other")]
    [InlineData("audit no-such-file.txt", "no-such-file.txt: no such file or folder")]
    [InlineData("audit", "Required argument missing")]
    public async Task Audit_WrongInput_IsRefused(string line, string message)
    {
        using var console = new TestConsole(PartialMove);

        (await console.RunAsync(TestMachines.Factory, line.Split(' '))).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain(message);
    }

    [Fact]
    public async Task Audit_BadLine_IsBadInputWithItsPlace()
    {
        using var console = new TestConsole("pool 2\nproc p\np mmapp m 1 private\n");

        (await console.RunAsync(TestMachines.Factory, "audit", "--every-step", "-")).ShouldBe(ExitCodes.BadInput);

        console.OutputText.ShouldContain("-:2: proc p  sound\n");
        console.ErrorText.ShouldContain("-:3:3: ");
    }

    [Fact]
    public async Task FuzzInvariants_RepairedKernel_FindsNothing()
    {
        using var console = new TestConsole();

        var exitCode = await console.RunAsync(
            TestMachines.Factory, "fuzz", "--against", "invariants", "--repair", "--nodes", "2", "--seed", "1", "--count", "20");

        exitCode.ShouldBe(ExitCodes.Success);
        console.OutputText.ShouldMatch(@"^invariants of 7\.3\+repair, 2 nodes, scenarios from seed 1\n20 of 20 scenarios keep the invariants \(\d+ steps\)\n$");
    }

    [Fact]
    public async Task FuzzInvariants_KernelWithBugs_CountsWhatTheyExplain()
    {
        using var console = new TestConsole();

        var exitCode = await console.RunAsync(
            TestMachines.Factory, "fuzz", "--against", "invariants", "--profile", "6.18.15", "--seed", "1", "--count", "60", "--json");

        exitCode.ShouldBe(ExitCodes.Success);
        using var summary = JsonDocument.Parse(console.OutputText.TrimEnd('\n').Split('\n')[^1]);
        summary.RootElement.GetProperty("differing").GetInt32().ShouldBe(0);
        summary.RootElement.GetProperty("explained").GetInt32().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task FuzzInvariants_BrokenMachine_IsShortenedSavedAndReplayable()
    {
        using var folder = new TemporaryFolder();
        using var console = new TestConsole();

        // The real kernel under the name of one that has no bugs to explain what they do.
        var exitCode = await console.RunAsync(
            new RenamedMachineFactory("6.18.15"), "fuzz", "--against", "invariants", "--profile", "7.3+repair", "--seed", "1", "--count", "40", "--findings", "1",
            "--save", folder.Path);

        exitCode.ShouldBe(ExitCodes.Differs);
        var saved = Directory.GetFiles(folder.Path).ShouldHaveSingleItem();
        var seed = Path.GetFileNameWithoutExtension(saved)["fuzz-".Length..];
        console.OutputText.ShouldContain($"  replay: hugesim fuzz --against invariants --seed {seed} --count 1 --steps 40 --profile 7.3+repair --nodes 1\n");
        using var again = new TestConsole();
        (await again.RunAsync(TestMachines.Factory, "audit", "--every-step", "--profile", "6.18.15", saved)).ShouldBe(ExitCodes.Differs);
        var lines = await File.ReadAllLinesAsync(saved, TestContext.Current.CancellationToken);
        lines[0].ShouldStartWith($"# hugesim fuzz, seed {seed}: ");
        lines.Length.ShouldBeLessThan(20);
    }

    private sealed class RenamedMachineFactory(string profile) : IScenarioMachineFactory
    {
        public ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct) =>
            TestMachines.Factory.CreateAsync(options with { Profile = profile }, ct);
    }
}
