using System.Globalization;
using Hugesim.Scenarios;
using Hugesim.Tests.Audit;
using Shouldly;

namespace Hugesim.Tests.Documents;

/// <summary>
/// A scenario with what a document says of it. One step a line: <c>command =&gt; answer | counter=value ...</c>. The answer is "ok" where none is given; counters
/// that are not named are not looked at. A mount's counter is its name, with <c>blocks/bfree</c>. Lines that begin with # quote the document.
/// </summary>
internal static class Script
{
    public static async Task PlayAsync(string profile, string text, int nodes = 1)
    {
        await using var run = await AuditedRun.StartAsync(new MachineOptions(profile, nodes, "parallel", 0, 1));
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#'))
        {
            var (step, counters) = Cut(line, " | ");
            var (command, answer) = Cut(step, " => ");
            (await run.StepAsync(command)).ShouldBe(answer.Length == 0 ? "ok" : answer, $"{profile}: {command}{run.Describe()}");
            foreach (var expected in counters.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var (name, value) = Cut(expected, "=");
                Read(run.Counters!, name).ShouldBe(value, $"{profile}: {name} after {command}{run.Describe()}");
            }
        }
    }

    private static (string Before, string After) Cut(string text, string mark)
    {
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? (text.Trim(), "") : (text[..at].Trim(), text[(at + mark.Length)..].Trim());
    }

    private static string Read(MachineCounters counters, string name) => name switch
    {
        "nr" => Text(counters.Nr),
        "free" => Text(counters.Free),
        "resv" => Text(counters.Resv),
        "surp" => Text(counters.Surp),
        "n0" => Text(counters.Nodes[0].Free),
        "n1" => Text(counters.Nodes[1].Free),
        _ => counters.Mounts.FirstOrDefault(m => m.Name == name) is { } mount ? $"{mount.Blocks}/{mount.FreeBlocks}" : "gone",
    };

    private static string Text(long pages) => pages.ToString(CultureInfo.InvariantCulture);
}
