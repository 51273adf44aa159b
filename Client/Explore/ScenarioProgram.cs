using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>A part of a scenario: one command, or a block of commands at the same time.</summary>
/// <param name="Step">The command, or null.</param>
/// <param name="Block">The block, or null.</param>
public sealed record ProgramPart(ScenarioCommand? Step, ParallelBlock? Block);

/// <summary>A scenario that has been read, ready to be run many times.</summary>
/// <param name="File">Its name for messages.</param>
/// <param name="Lines">Its text.</param>
/// <param name="Parts">Its commands.</param>
public sealed record ScenarioProgram(string File, IReadOnlyList<string> Lines, IReadOnlyList<ProgramPart> Parts)
{
    private const int MaximumErrors = 20;

    /// <summary>Whether anything in it happens at the same time.</summary>
    public bool HasBlocks => Parts.Any(part => part.Block is not null);

    /// <summary>All commands, as written.</summary>
    public IEnumerable<ScenarioCommand> Commands => Parts.SelectMany(part => part.Step is { } step ? [step] : part.Block!.Commands);

    /// <summary>The names of a block's threads, by their numbers, over all blocks.</summary>
    public IReadOnlyList<string> ThreadNames(int block) => [.. Parts.Where(part => part.Block is not null).ElementAt(block).Block!.Threads.Select(t => t.Name)];

    /// <summary>Reads a scenario.</summary>
    /// <param name="file">Its name for messages.</param>
    /// <param name="lines">Its text.</param>
    /// <returns>The program, or what is wrong with the text.</returns>
    public static (ScenarioProgram? Program, IReadOnlyList<ScenarioError> Errors) Parse(string file, IReadOnlyList<string> lines)
    {
        var parser = new ScenarioParser(file);
        var items = lines.Select((line, i) => parser.ParseLine(i + 1, line)).ToList();
        items.Add(parser.Finish());
        var errors = items.OfType<ScenarioFault>().SelectMany(fault => fault.Errors).Take(MaximumErrors).ToArray();
        return errors.Length > 0 ? (null, errors) : (new ScenarioProgram(file, lines, Sort(items)), []);
    }

    private static List<ProgramPart> Sort(List<ScenarioItem?> items)
    {
        var parts = new List<ProgramPart>();
        var inBlock = new List<ScenarioCommand>();
        SourceLine? block = null;
        foreach (var item in items)
        {
            switch (item)
            {
                case ScenarioStep step when block is not null:
                    inBlock.Add(step.Command);
                    break;
                case ScenarioStep step:
                    parts.Add(new ProgramPart(step.Command, null));
                    break;
                case ScenarioBlockBegin begin:
                    block = begin.Source;
                    inBlock = [];
                    break;
                case ScenarioBlockEnd:
                    parts.Add(new ProgramPart(null, ParallelBlock.Of(block!, inBlock)));
                    block = null;
                    break;
            }
        }

        return parts;
    }
}
