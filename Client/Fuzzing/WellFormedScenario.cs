using Hugesim.Scenarios;

namespace Hugesim.Fuzzing;

/// <summary>Scenarios as lists of lines that the strict parser accepts.</summary>
public static class WellFormedScenario
{
    /// <summary>Leaves out every line that cannot be executed, such as one that uses a name which no line before it creates.</summary>
    public static IReadOnlyList<string> Keep(IEnumerable<string> lines)
    {
        var kept = lines.ToList();
        int before;
        do
        {
            // A line may have created a name before it was found to be bad: without the line, the lines that use the name are bad as well.
            before = kept.Count;
            var parser = new ScenarioParser("scenario");
            var number = 0;
            kept = [.. kept.Where(line => parser.ParseLine(++number, line) is not (null or ScenarioFault))];
            if (parser.Finish() is not null)
            {
                // Without its end a block does not begin.
                kept.RemoveAt(kept.FindLastIndex(line => line.TrimStart().StartsWith(ScenarioParser.BlockBegin, StringComparison.Ordinal)));
            }
        }
        while (kept.Count < before);

        return kept;
    }

    /// <summary>Reads lines as a scenario.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="name">The scenario's name for messages.</param>
    public static async IAsyncEnumerable<ScenarioItem> ReadAsync(IReadOnlyList<string> lines, string name)
    {
        var parser = new ScenarioParser(name);
        for (var i = 0; i < lines.Count; i++)
        {
            if (parser.ParseLine(i + 1, lines[i]) is { } item)
            {
                yield return item;
            }
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }
}
