namespace Hugesim.Scenarios;

/// <summary>The commands of one process in a parallel block, or those of the machine; they are executed in order.</summary>
/// <param name="Name">The process, or <c>""</c> for the machine.</param>
/// <param name="Commands">Its commands, at least one.</param>
/// <param name="StartsAfter">The command of another thread of the block that creates the process, or null.</param>
public sealed record BlockThread(string Name, IReadOnlyList<ScenarioCommand> Commands, ScenarioCommand? StartsAfter);

/// <summary>Commands that are executed at the same time, from <c>parallel</c> to <c>end</c>.</summary>
/// <param name="Source">The line <c>parallel</c>.</param>
/// <param name="Commands">All commands, as written.</param>
/// <param name="Threads">The same by process, in the order in which each is first named.</param>
public sealed record ParallelBlock(SourceLine Source, IReadOnlyList<ScenarioCommand> Commands, IReadOnlyList<BlockThread> Threads)
{
    /// <summary>Sorts the commands of a block by process.</summary>
    public static ParallelBlock Of(SourceLine source, IReadOnlyList<ScenarioCommand> commands)
    {
        var threads = commands.GroupBy(ThreadOf).Select(thread => new BlockThread(
            thread.Key,
            [.. thread],
            thread.Key.Length == 0 ? null : commands.FirstOrDefault(command => CreatedBy(command) == thread.Key && ThreadOf(command) != thread.Key)));
        return new ParallelBlock(source, commands, [.. threads]);
    }

    private static string ThreadOf(ScenarioCommand command) => command is ProcessCommand { Process: var process } ? process : "";

    private static string? CreatedBy(ScenarioCommand command) => command switch
    {
        ProcCommand proc => proc.Name,
        ForkCommand fork => fork.Child,
        _ => null,
    };
}

/// <summary>A machine that can execute several commands at the same time.</summary>
public interface IParallelMachine
{
    /// <summary>Why this machine cannot do it, and what to do about that; null if it can.</summary>
    (string Message, string Hint)? RefusesBlocks { get; }

    /// <summary>Executes a block until all its commands have been answered.</summary>
    /// <param name="block">The block.</param>
    /// <param name="onAnswer">Is told each answer when it comes.</param>
    ValueTask ExecuteAsync(ParallelBlock block, Action<ScenarioCommand, string> onAnswer);
}
