using Hugesim.Cli;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>Every recording can be read, and what is written again is the same to the byte.</summary>
public sealed class RecordingRoundTripTests
{
    [Fact]
    public void RecordedAnswer_EveryLineOfEveryRecording_FormatsBackToItself()
    {
        RecordingFiles.All.Count.ShouldBeGreaterThan(1000);
        foreach (var name in RecordingFiles.All)
        {
            foreach (var line in RecordingFiles.Read(name).Split('\n').Where(line => line.StartsWith("< ", StringComparison.Ordinal)))
            {
                var answer = RecordedAnswer.Parse(line[2..]);
                answer.Counters.ShouldNotBeNull($"{name}: {line}");
                answer.Format().ShouldBe(line[2..], name);
            }
        }
    }

    [Fact]
    public async Task RecordingReader_EveryRecording_ReproducesItsLines()
    {
        foreach (var name in RecordingFiles.All)
        {
            var text = RecordingFiles.Read(name);
            var lines = new List<string>();
            await foreach (var entry in RecordingReader.ReadAsync(RecordingFiles.ToStream(text), name, TestContext.Current.CancellationToken))
            {
                lines.AddRange(Lines(entry, name));
            }

            string.Concat(lines.Select(line => line + "\n")).ShouldBe(text, name);
        }
    }

    [Fact]
    public async Task RunRecordingFormat_EveryRecordedScenario_PrintsTheRecording()
    {
        foreach (var name in RecordingFiles.All)
        {
            var text = RecordingFiles.Read(name);
            var machine = RecordingFiles.MachineOf(text);
            using var console = new TestConsole(RecordingFiles.ScenarioOf(text));
            var exitCode = await console.RunAsync(new ScriptedMachineFactory(_ => machine), "run", "-", "--format", "recording");

            console.ErrorText.ShouldBe("", name);
            console.OutputText.ShouldBe(text, name);
            exitCode.ShouldBe(ExitCodes.Success);
        }
    }

    [Fact]
    public async Task ScenarioParser_EveryScenarioByHand_HasNoFault()
    {
        var files = Directory.GetFiles(Path.Combine(RecordingFiles.Root, "cases"), "*.txt");
        files.ShouldNotBeEmpty();
        foreach (var file in files)
        {
            await using var stream = File.OpenRead(file);
            var items = await ScenarioParser.ReadAsync(stream, file, TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken);
            items.OfType<ScenarioFault>().SelectMany(fault => fault.Errors).ShouldBeEmpty();
        }
    }

    [Fact]
    public void RecordingText_TeardownWithLeakAndPagesLeft_SaysBoth()
    {
        var teardown = new TeardownResult(ScriptedMachine.Empty with { Nr = 2, Free = 2, Resv = -1 }, true, 1);

        RecordingText.End(teardown).ShouldBe(
            "= end (all processes killed, shm removed, unmounted) LEAK? | nr=2 free=2 resv=-1 surp=0 oc=0 | n0=0/0/0 | cg=0/0");
        RecordingText.Remainder(teardown).ShouldBe("= pool could not be emptied: nr=1");
    }

    [Fact]
    public void RecordingText_AnswerWithDeaths_PutsThemBeforeTheCounters()
    {
        RecordingText.Answer("ok", ["c killed by SIGKILL", "d exited 0"], ScriptedMachine.Empty)
            .ShouldBe("< ok ! c killed by SIGKILL ! d exited 0 | nr=0 free=0 resv=0 surp=0 oc=0 | n0=0/0/0 | cg=0/0");
        RecordingText.Answer(RecorderAnswers.NoSuchProcess, [], ScriptedMachine.Empty).ShouldBe("< ?no such process or command");
    }

    private static IEnumerable<string> Lines(RecordingEntry entry, string name) => entry switch
    {
        RecordingComment comment => [comment.Text],
        RecordingStep step => [RecordingText.Command(step.Command.Source), step.Expected],
        RecordingEnd { Remainder: { } remainder } end => [end.Expected, remainder],
        RecordingEnd end => [end.Expected],
        RecordingFault fault => throw new InvalidOperationException($"{name}: {fault.Errors[0]}"),
        _ => [],
    };
}
