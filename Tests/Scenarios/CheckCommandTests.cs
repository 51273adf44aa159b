using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary><c>hugesim check</c>: verdicts, differences side by side, the kernel of a recording, exit codes.</summary>
public sealed class CheckCommandTests
{
    private const string End = "= end (all processes killed, shm removed, unmounted) | nr=0 free=0 resv=0 surp=0 oc=0 | n0=0/0/0 | cg=0/0\n";

    private const string Recording =
        "# two steps\n> pool 2\n< ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0\n"
        + "> counters\n< ok | nr=2 free=2 resv=0 surp=0 oc=0 | n0=2/2/0 | cg=0/0\n" + End;

    [Fact]
    public async Task RecordingsThatAgree_AreCounted_ExitCode0()
    {
        using var folder = new TemporaryFolder();
        folder.Write("7.3/a.out", Recording);
        folder.Write("7.3/deep/b.out", Recording);
        folder.Write("7.3/readme.txt", "no recording");
        using var console = new TestConsole();

        (await console.RunAsync(Agreeing(), "check", folder.Path)).ShouldBe(ExitCodes.Success);

        console.OutputText.ShouldBe("2 of 2 recordings agree\n");
        console.ErrorText.ShouldBe("");
    }

    [Fact]
    public async Task RecordingThatDiffers_IsShownSideBySide_ExitCode1()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("6.1/a.out", Recording);
        using var console = new TestConsole();

        (await console.RunAsync(Differing(), "check", file)).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldBe(
            $"""
            {file}:2: pool 2
                            recorded  simulated
              * answer      ok        EINVAL
              * deaths      -         c killed by SIGKILL
                nr          2         2
              * free        2         1
                resv        0         0
                surp        0         0
                oc          0         0
                n0.nr       2         2
                n0.free     2         2
                n0.surplus  0         0
                cg.usage    0         0
                cg.rsvd     0         0

            0 of 1 recordings agree

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task AllDifferences_AreShownWhenAskedFor()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("6.1/a.out", Recording);
        using var first = new TestConsole();
        await first.RunAsync(Differing(), "check", file);
        using var all = new TestConsole();
        await all.RunAsync(Differing(), "check", file, "--all-differences");

        first.OutputText.ShouldNotContain("a.out:4:");
        all.OutputText.ShouldContain("a.out:4: counters\n");
    }

    [Fact]
    public async Task EndThatDiffers_IsADifference()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("7.3/a.out", Recording);
        using var console = new TestConsole();
        var machine = new ScriptedMachineFactory(_ =>
        {
            var replay = RecordingFiles.MachineOf(Recording);
            replay.Teardown = new TeardownResult(ScriptedMachine.Empty with { Resv = 1 }, true, 3);
            return replay;
        });

        (await console.RunAsync(machine, "check", "--all-differences", file)).ShouldBe(ExitCodes.Differs);

        console.OutputText.ShouldContain(":6: end\n");
        console.OutputText.ShouldContain("unmounted) LEAK?");
        console.OutputText.ShouldContain(":7: empty the pool\n");
    }

    [Fact]
    public async Task Json_HasOneObjectARecordingAndASummary()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("7.3-numa2/a.out", Recording);
        using var console = new TestConsole();
        await console.RunAsync(Differing(), "check", "--json", file);

        var objects = console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        objects[0].EnumerateObject().Select(property => property.Name)
            .ShouldBe(["kind", "file", "profile", "nodes", "steps", "agrees", "differences", "error"]);
        objects[0].GetProperty("nodes").GetInt32().ShouldBe(2);
        objects[0].GetProperty("differences")[0].GetProperty("fields")[0].GetRawText()
            .ShouldBe("""{"field":"answer","expected":"ok","actual":"EINVAL"}""");
        objects[1].GetRawText().ShouldBe($$"""{"kind":"summary","agree":0,"total":1,"engine":"{{EngineChoice.Engine}}"}""");
    }

    [Theory]
    [InlineData("7.3/a.out", "", "7.3", 1)]
    [InlineData("7.3-numa2/a.out", "", "7.3", 2)]
    [InlineData("6.18.15-numa4/deep/a.out", "", "6.18.15", 4)]
    [InlineData("7.3-numa2/6.1/a.out", "", "6.1", 1)]
    [InlineData("random/6.12/a.out", "--nodes 3", "6.12", 3)]
    [InlineData("7.3-numa2/a.out", "--profile 5.10", "5.10", 2)]
    [InlineData("other/a.out", "--profile 5.10", "5.10", 1)]
    public async Task Kernel_IsTheNearestFolderOrTheOption(string name, string options, string profile, int nodes)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(name, Recording);
        using var console = new TestConsole();
        var factory = Agreeing();

        await console.RunAsync(factory, ["check", file, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        factory.Requested.ShouldBe([new MachineOptions(profile, nodes, "parallel", 0, 1)]);
    }

    [Fact]
    public async Task UnreadableRecordings_AreErrors_ExitCode2()
    {
        using var folder = new TemporaryFolder();
        var noKernel = folder.Write("a.out", Recording);
        var cut = folder.Write("7.3/cut.out", Recording[..^End.Length]);
        var missing = Path.Combine(folder.Path, "missing.out");
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));
        using var console = new TestConsole();

        (await console.RunAsync(Agreeing(), "check", noKernel, cut, missing, Path.Combine(folder.Path, "empty"))).ShouldBe(ExitCodes.BadInput);

        console.OutputText.ShouldBe("0 of 3 recordings agree\n");
        console.ErrorText.ShouldContain($"{noKernel}: no folder in its path is named like a kernel\n  hint: give the kernel with --profile");
        console.ErrorText.ShouldContain($"{cut}: the recording ends without a line '= end'\n  hint: ");
        console.ErrorText.ShouldContain("empty: there are no recordings in this folder\n  hint: ");
    }

    [Fact]
    public async Task MachineThatThrows_FailsItsRecordingOnly_ExitCode3()
    {
        using var folder = new TemporaryFolder();
        folder.Write("6.1/a.out", Recording);
        folder.Write("7.3/b.out", Recording);
        using var console = new TestConsole();
        var machines = new ScriptedMachineFactory(options => options.Profile == "7.3"
            ? RecordingFiles.MachineOf(Recording)
            : new ScriptedMachine([]) { OnExecute = _ => throw new InvalidOperationException("boom") });

        (await console.RunAsync(machines, "check", folder.Path)).ShouldBe(ExitCodes.Failure);

        console.OutputText.ShouldBe("1 of 2 recordings agree\n");
        console.ErrorText.ShouldContain("a.out: internal error: boom\n");
    }

    [Fact]
    public async Task Cancel_EndsBetweenSteps_ExitCode130()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("7.3/a.out", Recording);
        using var cancellation = new CancellationTokenSource();
        using var console = new TestConsole { CancellationToken = cancellation.Token };
        var machine = RecordingFiles.MachineOf(Recording);
        machine.OnExecute = _ => cancellation.Cancel();

        (await console.RunAsync(machine, "check", file)).ShouldBe(ExitCodes.Interrupted);

        machine.Executed.Count.ShouldBe(1);
        console.ErrorText.ShouldContain("interrupted: only 0 of 1 recordings were compared");
    }

    [Fact]
    public async Task AllRecordings_ReplayedOnMachinesThatKnowThem_AllAgree()
    {
        using var console = new TestConsole();
        var names = RecordingFiles.All.Where(name => name.StartsWith("7.3", StringComparison.Ordinal)).ToArray();
        var next = 0;
        var machines = new ScriptedMachineFactory(_ => RecordingFiles.MachineOf(RecordingFiles.Read(names[next++])));

        var exitCode = await console.RunAsync(machines, ["check", "--jobs", "1", .. names.Select(name => Path.Combine(RecordingFiles.Root, name))]);

        console.OutputText.ShouldBe($"{names.Length} of {names.Length} recordings agree\n");
        exitCode.ShouldBe(ExitCodes.Success);
    }

    private static ScriptedMachineFactory Agreeing() => new(_ => RecordingFiles.MachineOf(Recording));

    private static ScriptedMachineFactory Differing() => new(_ => RecordingFiles.MachineOf(Recording
        .Replace("ok | nr=2 free=2", "EINVAL ! c killed by SIGKILL | nr=2 free=1", StringComparison.Ordinal)));
}
