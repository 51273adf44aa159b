using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Kernel;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Kernel;

/// <summary><c>hugesim kernel</c>, <c>diff</c> and <c>fuzz</c> on machines that the tests write.</summary>
public sealed class DiffAndFuzzCommandTests
{
    private const string Scenario = "pool 4\nproc p\np mmap m 1 private\np w m 0\n";

    [Fact]
    public async Task Kernel_Scenario_IsShownWithTheKernelsRelease()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(_ => "ok") };

        (await console.RunAsync("kernel", "-")).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldStartWith("standard input  kernel 6.18.44-test, 1 node\n   1  pool 4");
    }

    [Fact]
    public async Task Kernel_FormatRecording_IsARecording()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(_ => "ok") };

        (await console.RunAsync("kernel", "--format", "recording", "-")).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldStartWith("> pool 4\n< ok | nr=0 ");
    }

    [Fact]
    public async Task Kernel_FileMissing_IsBadInput()
    {
        using var console = new TestConsole { Kernel = Kernel(_ => "ok") };

        (await console.RunAsync("kernel", "no-such-file.txt")).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain("no-such-file.txt: no such file or folder");
    }

    [Fact]
    public async Task Diff_SameAnswers_AgreesOnTheNearestProfile()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(_ => "ok") };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        (await console.RunAsync(machines, "diff", "-")).ShouldBe(ExitCodes.Success);

        machines.Requested[0].Profile.ShouldBe("6.18.44");
        console.OutputText.ShouldContain("-: agrees in 4 steps\n1 of 1 scenarios agree\n");
    }

    [Fact]
    public async Task Diff_OtherAnswers_ShowsOnlyTheFirstSideBySide()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(command => command.StartsWith("p ", StringComparison.Ordinal) ? "ENOMEM" : "ok") };

        (await console.RunAsync("diff", "-")).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldContain("-:3: p mmap m 1 private\n");
        console.OutputText.ShouldContain("kernel  simulated\n  * answer      ENOMEM  ok\n");
        console.OutputText.ShouldNotContain("-:4:");
    }

    [Fact]
    public async Task Diff_AllDifferencesAsJson_NamesEachField()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(command => command.StartsWith("p ", StringComparison.Ordinal) ? "ENOMEM" : "ok") };

        (await console.RunAsync("diff", "--all-differences", "--json", "--profile", "7.3", "-")).ShouldBe(ExitCodes.Differs);

        using var json = JsonDocument.Parse(console.OutputText.Split('\n')[0]);
        json.RootElement.GetProperty("profile").GetString().ShouldBe("7.3");
        json.RootElement.GetProperty("differences").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task Fuzz_OneCommandDiffers_IsShortenedAndSaved()
    {
        using var folder = new TemporaryFolder();
        using var console = new TestConsole { Kernel = Kernel(command => command.Contains(" munmap ", StringComparison.Ordinal) ? "EPERM" : "ok") };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        var exitCode = await console.RunAsync(machines, "fuzz", "--seed", "1", "--count", "40", "--save", folder.Path);

        exitCode.ShouldBe(ExitCodes.Differs);
        console.OutputText.ShouldContain("munmap: EPERM / ok");
        var saved = Directory.GetFiles(folder.Path).ShouldHaveSingleItem();
        var lines = await File.ReadAllLinesAsync(saved, TestContext.Current.CancellationToken);
        lines[0].ShouldMatch(@"^# hugesim fuzz, seed \d+: munmap: EPERM / ok$");
        lines.Count(line => line.StartsWith('>')).ShouldBe(3);
    }

    [Fact]
    public async Task Fuzz_NothingDiffers_IsSuccessWithCounts()
    {
        var kernel = Kernel(_ => "ok");
        using var console = new TestConsole { Kernel = kernel };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        (await console.RunAsync(machines, "fuzz", "--seed", "1", "--count", "20", "--json")).ShouldBe(ExitCodes.Success);

        kernel.Started.ShouldBe(20);
        console.OutputText.ShouldContain("""{"kind":"summary","scenarios":20,""");
        console.OutputText.ShouldContain("\"differing\":0,\"explained\":0}");
    }

    [Fact]
    public async Task Fuzz_Interrupted_EndsWithTheCountsSoFar()
    {
        using var stop = new CancellationTokenSource();
        var commands = 0;
        using var console = new TestConsole
        {
            Kernel = Kernel(_ =>
            {
                if (++commands == 100)
                {
                    stop.Cancel();
                }

                return "ok";
            }),
            CancellationToken = stop.Token,
        };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        (await console.RunAsync(machines, "fuzz", "--seed", "1", "--count", "20")).ShouldBe(ExitCodes.Interrupted);

        console.OutputText.ShouldMatch(@"\n\d of \d scenarios agree");
        console.ErrorText.ShouldBe("interrupted\n");
    }

    [Fact]
    public async Task Fuzz_InternalErrorOfTheSimulator_IsADifference()
    {
        using var folder = new TemporaryFolder();
        using var console = new TestConsole { Kernel = Kernel(_ => "ok") };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([])
        {
            OnExecute = command =>
            {
                if (command.Source.Text == "counters")
                {
                    throw new InvalidOperationException("wrong");
                }
            },
        });

        (await console.RunAsync(machines, "fuzz", "--seed", "1", "--count", "60", "--save", folder.Path)).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldContain("counters: ok / internal error: InvalidOperationException: wrong\n    counters\n");
    }

    [Fact]
    public async Task Fuzz_DifferenceThatDoesNotComeBack_IsSaidToBeSo()
    {
        var commands = 0;
        using var folder = new TemporaryFolder();
        using var console = new TestConsole { Kernel = Kernel(_ => ++commands == 30 ? "EPERM" : "ok") };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        (await console.RunAsync(machines, "fuzz", "--seed", "1", "--count", "5", "--save", folder.Path)).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldContain(": EPERM / ok (not a second time: ");
        console.OutputText.ShouldContain("\n4 of 5 scenarios agree");
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("diff")]
    public async Task Help_EachCommand_HasAnExample(string command)
    {
        using var console = new TestConsole();

        (await console.RunAsync(command, "--help")).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldContain($"Examples:\n  sudo hugesim {command} ");
    }

    [Fact]
    public async Task Diff_Repair_SimulatesTheRepairedKernel()
    {
        using var console = new TestConsole(Scenario) { Kernel = Kernel(_ => "ok") };
        var machines = new ScriptedMachineFactory(_ => new ScriptedMachine([]));

        (await console.RunAsync(machines, "diff", "--repair", "-")).ShouldBe(ExitCodes.Success);

        machines.Requested[0].Profile.ShouldBe("6.18.44+repair");
    }

    [Theory]
    [InlineData("fuzz --nodes 2", "--nodes is for --against invariants")]
    [InlineData("fuzz --against invariants --force", "--force is for --against kernel")]
    [InlineData("fuzz --against kernels", "--against: unknown value 'kernels'. Did you mean 'kernel'?")]
    public async Task Fuzz_OptionOfTheOtherSearch_IsRefused(string line, string message)
    {
        using var console = new TestConsole { Kernel = Kernel(_ => "ok") };

        (await console.RunAsync(line.Split(' '))).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain(message);
    }

    private static FakeKernel Kernel(Func<string, string> answer) => new(() => new AnsweringMachine(answer));
}
