using System.Text;
using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary><c>hugesim run</c>: output in each format, exit codes, interruption.</summary>
public sealed class RunCommandTests
{
    private const string Scenario = "# first\npool 2\nproc p\np mmap m 2 private\np w m 0\n";

    [Fact]
    public async Task Text_Steps_ShowAnswerAndChangedCounters()
    {
        using var console = new TestConsole(Scenario);
        var exitCode = await console.RunAsync(Machine(), "run", "-");

        exitCode.ShouldBe(ExitCodes.Success);
        console.OutputText.ShouldBe(
            """
            standard input  kernel 7.3, 1 node
               1  # first
               2  pool 2                                ok          nr 0 -> 2, free 0 -> 2
               3  proc p                                ok
               4  p mmap m 2 private                    ok          resv 0 -> 2, cg.rsvd 0 -> 2
               5  p w m 0                               ok          free 2 -> 1, resv 2 -> 1, cg.usage 0 -> 1
             end  all processes killed, shm removed, unmounted  no leak  nr=2 free=2 resv=0 surp=0

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Text_SeveralNodes_ShowsTheirCounters()
    {
        using var console = new TestConsole("pool 2\n");
        await console.RunAsync(Machine(), "run", "-", "--nodes", "2", "--profile", "6.1");

        console.OutputText.ShouldStartWith("standard input  kernel 6.1, 2 nodes\n");
        console.OutputText.ShouldContain("n0.nr 0 -> 2, n0.free 0 -> 2");
    }

    [Fact]
    public async Task Text_DeathsAndLeak_StandOut()
    {
        using var console = new TestConsole("pool 2\n");
        var machine = new ScriptedMachine(
            [new RecordedAnswer("ok", ["c killed by SIGKILL"], ScriptedMachine.Empty)],
            new TeardownResult(ScriptedMachine.Empty with { Resv = 1 }, true, 2));
        await console.RunAsync(machine, "run", "-");

        console.OutputText.ShouldContain("\n      ! c killed by SIGKILL\n");
        console.OutputText.ShouldContain("unmounted  LEAK  nr=0 free=0 resv=1 surp=0\n");
        console.OutputText.ShouldContain("      ! the pool could not be emptied: nr=2\n");
    }

    [Theory]
    [InlineData("p munmap m\np w m 0", "ok,SIGSEGV(code=1) at page 0", "m was unmapped at line 3")]
    [InlineData("p munmap m 1 1\np w m 0..1", "ok,killed by SIGSEGV at page 1", "this part of m was unmapped at line 3")]
    [InlineData("p munmap m 1 1\np w m 0", "ok,SIGSEGV(code=1) at page 0", null)]
    [InlineData("p munmap m\np mmap m 1 private\np w m 0", "ok,ok,SIGSEGV(code=1) at page 0", null)]
    [InlineData("p munmap m\np fork c\nc r m 0", "ok,ok,killed by SIGSEGV at page 0", "m was unmapped at line 3")]
    [InlineData("p munmap m\np kread m 0", "ok,EFAULT", "m was unmapped at line 3")]
    [InlineData("p mmap n 9 private\np w n 0", "ENOMEM,?bad mapping or arguments", "p has no mapping n: line 3 answered ENOMEM")]
    [InlineData("p exec\np w m 0", "ok,?bad mapping or arguments", "p lost its names with exec at line 3")]
    [InlineData("proc q\nq w m 0", "ok,?bad mapping or arguments", "q has no mapping m: names belong to the process")]
    [InlineData("p kill\np w m 0", "killed by SIGKILL,(p is dead: killed by SIGKILL)", "p died at line 3")]
    public async Task Text_AnswerThatEarlierLinesExplain_HasAHint(string lines, string answers, string? hint)
    {
        using var console = new TestConsole("proc p\np mmap m 2 private\n" + lines + "\n");
        var machine = new ScriptedMachine(("ok,ok," + answers).Split(',').Select(answer => new RecordedAnswer(answer, [], null)));
        await console.RunAsync(machine, "run", "-");

        if (hint is null)
        {
            console.OutputText.ShouldNotContain("hint:");
        }
        else
        {
            console.OutputText.ShouldContain("\n      hint: " + hint);
        }
    }

    [Fact]
    public async Task Text_Terminal_IsColouredAndControlCharactersAreHarmless()
    {
        using var console = new TestConsole("# \u001b[31mred\npool 2\n") { UseColor = true };
        await console.RunAsync(Machine(), "run", "-");

        console.OutputText.ShouldContain("\u001b[32mok\u001b[0m");
        console.OutputText.ShouldContain("\\x1b[31mred");
    }

    [Fact]
    public async Task Json_Steps_AreOneObjectEachWithStableFields()
    {
        using var console = new TestConsole(Scenario);
        await console.RunAsync(Machine(), "run", "--json", "-");

        var objects = console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        objects.Length.ShouldBe(5);
        var step = objects[2];
        step.EnumerateObject().Select(property => property.Name)
            .ShouldBe(["kind", "file", "profile", "step", "line", "command", "answer", "deaths", "before", "after", "changes"]);
        step.GetProperty("step").GetInt32().ShouldBe(3);
        step.GetProperty("line").GetInt32().ShouldBe(4);
        step.GetProperty("command").GetString().ShouldBe("p mmap m 2 private");
        step.GetProperty("before").GetProperty("resv").GetInt64().ShouldBe(0);
        step.GetProperty("after").GetProperty("resv").GetInt64().ShouldBe(2);
        step.GetProperty("after").GetProperty("nodes")[0].GetProperty("surplus").GetInt64().ShouldBe(0);
        step.GetProperty("changes")[0].GetRawText().ShouldBe("""{"counter":"resv","before":0,"after":2}""");
        objects[4].GetProperty("kind").GetString().ShouldBe("end");
        objects[4].GetProperty("leak").GetBoolean().ShouldBeFalse();
        objects[4].GetProperty("engine").GetString().ShouldBe(EngineChoice.Engine);
    }

    [Fact]
    public async Task BadLine_StepsBeforeItAreShownThenTheError_ExitCode2()
    {
        using var console = new TestConsole("pool 2\npol 3\npool 4\n");
        var machine = Machine();
        var exitCode = await console.RunAsync(machine, "run", "--format", "recording", "-");

        exitCode.ShouldBe(ExitCodes.BadInput);
        console.OutputText.ShouldBe("> pool 2\n< ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0\n");
        console.ErrorText.ShouldBe("-:2:1: unknown command 'pol'\n  hint: did you mean 'pool'?\n");
        machine.Executed.Count.ShouldBe(1);
        machine.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task BadLinesInAFile_AreAllReported()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("a.txt", "pol 3\npool 4\nproc\n");
        using var console = new TestConsole();
        var machine = Machine();

        (await console.RunAsync(machine, "run", file)).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain($"{file}:1:1: ");
        console.ErrorText.ShouldContain($"{file}:3:5: proc: P is missing");
        machine.Executed.ShouldBeEmpty();
    }

    [Fact]
    public async Task SeveralFiles_EachHasAFreshMachine_AMissingOneIsReported()
    {
        using var folder = new TemporaryFolder();
        using var console = new TestConsole();
        var factory = new ScriptedMachineFactory(_ => Machine());
        var missing = Path.Combine(folder.Path, "missing.txt");
        var exitCode = await console.RunAsync(
            factory, "run", folder.Write("a.txt", "pool 2\n"), missing, folder.Write("b.txt", "pool 2\n"), folder.Path,
            "--scheduler", "deterministic", "--seed", "-5", "--silos", "3", "--nodes", "2");

        exitCode.ShouldBe(ExitCodes.BadInput);
        var options = new MachineOptions("7.3", 2, "deterministic", -5, 3);
        factory.Requested.ShouldBe([options, options]);
        console.ErrorText.ShouldContain($"{missing}: no such file or folder\n  hint: ");
        console.ErrorText.ShouldContain($"{folder.Path}: this is a folder\n  hint: ");
    }

    [Fact]
    public async Task CancelDuringAStep_FinishesItAndEnds_ExitCode130()
    {
        using var cancellation = new CancellationTokenSource();
        using var console = new TestConsole("pool 2\nproc p\ncounters\n") { CancellationToken = cancellation.Token };
        var machine = Machine();
        machine.OnExecute = command =>
        {
            if (command is ProcCommand)
            {
                cancellation.Cancel();
            }
        };

        (await console.RunAsync(machine, "run", "--format", "recording", "-")).ShouldBe(ExitCodes.Interrupted);

        console.OutputText.ShouldEndWith("> proc p\n< ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0\n");
        console.ErrorText.ShouldBe("-: interrupted after 2 steps\n");
        machine.Executed.Count.ShouldBe(2);
        machine.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task CancelWhileWaitingForInput_Ends_ExitCode130()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        using var console = new TestConsole(new SilentStream()) { CancellationToken = cancellation.Token };

        (await console.RunAsync(Machine(), "run", "-")).ShouldBe(ExitCodes.Interrupted);
    }

    [Fact]
    public async Task MachineFailure_IsToldInOneSentence_ExitCode3()
    {
        using var console = new TestConsole("pool 2\n");
        var machines = new ScriptedMachineFactory(_ => throw new MachineFailureException("no silo answers; start one"));

        (await console.RunAsync(machines, "run", "-")).ShouldBe(ExitCodes.Failure);

        console.ErrorText.ShouldBe("hugesim: no silo answers; start one\n");
    }

    [Fact]
    public async Task UnexpectedException_IsAnInternalError_ExitCode3()
    {
        using var console = new TestConsole("pool 2\n");
        var machine = new ScriptedMachine([]) { OnExecute = _ => throw new InvalidOperationException("boom") };

        (await console.RunAsync(machine, "run", "-")).ShouldBe(ExitCodes.Failure);

        console.ErrorText.ShouldStartWith("hugesim: internal error: boom\n  hint: ");
    }

    [Fact]
    public async Task ReaderOfTheOutputGone_EndsQuietly()
    {
        await using var output = new ClosedWriter();
        await using var error = new StringWriter();
        var services = new CliServices(new ScriptedMachineFactory(_ => Machine()), TestConsole.Profiles);
        var closed = new CliConsole(RecordingFiles.ToStream("pool 2\n"), output, error, isTerminal: false, useColor: false);
        var exitCode = await HugesimCli.RunAsync(["run", "-"], services, closed, TestContext.Current.CancellationToken);

        exitCode.ShouldBe(ExitCodes.Success);
        error.ToString().ShouldBe("");
    }

    [Theory]
    [InlineData("", "hugesim: no command is given\n  hint: the commands are run, check, ")]
    [InlineData("rnu x", "hugesim: unknown command 'rnu'\n  hint: did you mean 'hugesim run'? Otherwise see 'hugesim --help'\n")]
    [InlineData("run", "Required argument missing")]
    [InlineData("run - --profile 7.4", "--profile: unknown value '7.4'. Did you mean '7.3'? Known: 2.6.27, 4.10, 5.10, 6.1, 6.12, 6.18.15, 6.18.44, 7.3.")]
    [InlineData("run - --nodes 17", "--nodes: '17' is not a whole number from 1 to 16.")]
    [InlineData("run - --seed x", "--seed: 'x' is not a whole number.")]
    [InlineData("run - --bogus", "unknown option '--bogus'")]
    [InlineData("run - --json --format text", "contradict each other")]
    [InlineData("check --jobs 0 x", "--jobs: '0' is not a whole number from 1 to 1024.")]
    public async Task BadCommandLine_IsExplained_ExitCode2(string line, string message)
    {
        using var console = new TestConsole();

        (await console.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldContain(message);
        console.OutputText.ShouldBe("");
    }

    [Theory]
    [InlineData("--help", "hugesim run Client/Examples/5-3-2.txt")]
    [InlineData("run --help", "--scheduler")]
    [InlineData("check --help", "hugesim check Tests/Truth/Recordings/7.3")]
    [InlineData("--version", "hugesim 0.1.0\nengine: ")]
    public async Task HelpAndVersion_AreOnStandardOutput(string line, string expected)
    {
        using var console = new TestConsole();

        (await console.RunAsync(line.Split(' '))).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldContain(expected);
        console.ErrorText.ShouldBe("");
    }

    private static ScriptedMachine Machine()
    {
        string[] answers =
        [
            "ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0",
            "ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0",
            "ok | nr=2 free=2 resv=2 surp=0 oc=0 | n0=2/2/0 | cg=0/2",
            "ok | nr=2 free=1 resv=1 surp=0 oc=0 | n0=2/1/0 | cg=1/2",
        ];
        var end = ScriptedMachine.Empty with { Nr = 2, Free = 2 };
        return new ScriptedMachine(answers.Select(RecordedAnswer.Parse), new TeardownResult(end, false, 0));
    }

    private sealed class ClosedWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new OutputClosedException(new IOException());
    }

    /// <summary>A terminal where nobody types.</summary>
    private sealed class SilentStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return 0;
        }
    }
}
