using Hugesim.Cli;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

public sealed class ParallelBlockTests
{
    [Theory]
    [InlineData("proc p\nparallel\np status", "a.txt:2:1: the parallel block is not closed")]
    [InlineData("parallel\nproc p\nparallel\nend", "a.txt:3:1: the parallel block of line 1 is still open")]
    [InlineData("pool 1\nend", "a.txt:2:1: no parallel block is open here")]
    [InlineData("  parallel p\nend", "a.txt:1:12: parallel: unexpected argument 'p'")]
    [InlineData("parallel\nend 3", "a.txt:2:5: end: unexpected argument '3'")]
    [InlineData("proc end", "a.txt:1:6: 'end' is a command and cannot name a process")]
    [InlineData("paralel", "a.txt:1:1: unknown command 'paralel'")]
    public async Task BadBlock_IsReportedWithItsPlace(string text, string error)
    {
        var items = await ScenarioParser.ReadAsync(RecordingFiles.ToStream(text), "a.txt", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        items.OfType<ScenarioFault>().First().Errors[0].ToString().ShouldBe(error);
    }

    [Fact]
    public void Block_IsSortedByProcess_AndAChildWaitsForItsFork()
    {
        var parser = new ScenarioParser("a.txt");
        string[] lines = ["proc p", "proc q", "q status", "p fork c", "pool 3", "c status", "proc d", "q exit", "d exit"];
        var commands = lines.Select((line, i) => parser.ParseLine(i + 1, line)).Cast<ScenarioStep>().Select(step => step.Command).Skip(2).ToArray();

        var block = ParallelBlock.Of(new SourceLine("a.txt", 2, "parallel"), commands);

        block.Threads.Select(thread => $"{thread.Name}: {string.Join(", ", thread.Commands.Select(c => c.Source.Line))}").ShouldBe(
            ["q: 3, 8", "p: 4", ": 5, 7", "c: 6", "d: 9"]);
        block.Threads.Select(thread => thread.StartsAfter?.Source.Line).ShouldBe([null, null, null, 4, 7]);
    }

    [Fact]
    public async Task Machine_ThatTakesOneCommandAtATime_RefusesABlock()
    {
        using var console = new TestConsole("pool 1\nparallel\npool 2\nend\n");
        var machine = new ScriptedMachine([]);

        (await console.RunAsync(machine, "run", "-")).ShouldBe(ExitCodes.BadInput);

        console.ErrorText.ShouldStartWith("-:2:1: parallel: here one command is executed at a time");
        machine.Executed.Count.ShouldBe(1, "the lines before the block");
    }
}
