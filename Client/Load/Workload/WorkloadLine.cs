using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>A line is wrong: the rest of it is not read.</summary>
internal sealed class WorkloadSyntaxException(Token at, string message, string hint) : Exception(message)
{
    public Token At { get; } = at;

    public string Hint { get; } = hint;
}

/// <summary>The words of a line, taken one after the other.</summary>
internal sealed class WorkloadLine(SourceLine source, IReadOnlyList<Token> words)
{
    private int _next;

    public SourceLine Source => source;

    public bool HasMore => _next < words.Count;

    /// <summary>Takes the next word, which must be there.</summary>
    public Token Next(string what, string usage)
    {
        if (HasMore)
        {
            return words[_next++];
        }

        var last = words[^1];
        throw new WorkloadSyntaxException(new Token("", last.Column + last.Text.Length), $"{what} is missing", $"usage: {usage}");
    }

    /// <summary>Looks at the next word, which is there.</summary>
    public Token Peek() => words[_next];

    /// <summary>Refuses words that are left.</summary>
    public void End(string usage)
    {
        if (HasMore)
        {
            throw new WorkloadSyntaxException(words[_next], $"unexpected '{words[_next].Text}'", $"usage: {usage}");
        }
    }

    /// <summary>Reads a whole number within bounds.</summary>
    public static long Whole(Token token, string what, long min, long max)
    {
        if (!long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            throw new WorkloadSyntaxException(token, $"'{token.Text}' is not a number for the {what}", Bounds(min, max));
        }

        return value >= min && value <= max
            ? value
            : throw new WorkloadSyntaxException(token, $"the {what} {token.Text} is out of range", Bounds(min, max));
    }

    /// <summary>Reads <c>N</c> or <c>N..M</c>.</summary>
    public static PageCount Range(Token token, string what, long min, long max)
    {
        var dots = token.Text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
        {
            var one = Whole(token, what, min, max);
            return new PageCount(one, one);
        }

        var first = Whole(new Token(token.Text[..dots], token.Column), what, min, max);
        var last = Whole(token.From(dots + 2), what, min, max);
        return first <= last
            ? new PageCount(first, last)
            : throw new WorkloadSyntaxException(token, $"the range {token.Text} is empty", "write the lower number first: 1..4");
    }

    /// <summary>What to say of a word that is none of those known.</summary>
    public static WorkloadSyntaxException Unknown(Token token, string what, IReadOnlyCollection<string> known)
    {
        var similar = Suggestion.For(token.Text, known);
        var guess = similar is null ? "" : $"did you mean '{similar}'? ";
        return new WorkloadSyntaxException(token, $"unknown {what} '{token.Text}'", $"{guess}Known: {string.Join(", ", known)}");
    }

    private static string Bounds(long min, long max) => string.Create(CultureInfo.InvariantCulture, $"write a whole number from {min} to {max}");
}
