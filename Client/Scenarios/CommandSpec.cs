namespace Hugesim.Scenarios;

/// <summary>How one command is written and read.</summary>
/// <param name="Name">The command's word.</param>
/// <param name="Usage">Its arguments as the documentation writes them: those before the first bracket must be given.</param>
/// <param name="Read">Reads the arguments; those that must be given are there.</param>
internal sealed record CommandSpec(string Name, string Usage, Func<ArgumentReader, ScenarioCommand> Read)
{
    /// <summary>The arguments that must be given.</summary>
    public IReadOnlyList<string> Required { get; } =
        Usage.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeWhile(word => word[0] != '[').ToArray();

    /// <summary>What the recorder answers when arguments are missing, where it has an answer to that.</summary>
    public string? AnswerToMissing { get; init; }
}
