namespace Hugesim.Scenarios;

/// <summary>What is wrong with the input, where, and what to do about it.</summary>
/// <param name="File">The file's name as the user gave it, <c>-</c> for standard input.</param>
/// <param name="Line">The line from 1; 0 when the error concerns the whole file.</param>
/// <param name="Column">The column in characters from 1; 0 when the error concerns the whole line.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do about it, or null.</param>
public sealed record ScenarioError(string File, int Line, int Column, string Message, string? Hint)
{
    /// <summary>The error as <c>file:line:column: message</c>, without the hint.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => $"{File}: {Message}",
        (_, 0) => $"{File}:{Line}: {Message}",
        _ => $"{File}:{Line}:{Column}: {Message}",
    };
}
