using System.Globalization;

namespace Hugesim.Embedded;

/// <summary>
/// The source of every decision of the deterministic scheduler: drawn from a seed, or taken from the trace of an earlier
/// run. Decisions with one outcome are none and are not recorded.
/// </summary>
public sealed class Chooser
{
    private readonly List<Choice> _made = [];
    private IReadOnlyList<Choice>? _replay;
    private ulong _state;

    internal Chooser(long seed, DecisionTrace? replay) => Reset(seed, replay);

    /// <summary>The decisions so far.</summary>
    public DecisionTrace Trace => new([.. _made]);

    /// <summary>One of so many outcomes, from 0.</summary>
    public int Choose(int outcomes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outcomes, 1);
        if (outcomes == 1)
        {
            return 0;
        }

        var chosen = _replay is not null && _made.Count < _replay.Count ? Replayed(outcomes) : (int)Math.BigMul(Draw(), (ulong)outcomes, out _);
        _made.Add(new Choice(outcomes, chosen));
        return chosen;
    }

    /// <summary>True in so many of a hundred cases.</summary>
    public bool Chance(int percent) => percent > 0 && Choose(100) < percent;

    internal void Reset(long seed, DecisionTrace? replay)
    {
        _made.Clear();
        _replay = replay?.Choices;
        _state = (ulong)seed;
    }

    private int Replayed(int outcomes)
    {
        var choice = _replay![_made.Count];
        return choice.Outcomes == outcomes
            ? choice.Chosen
            : throw new InvalidOperationException(
                $"The replay has left its trace: decision {_made.Count} had {choice.Outcomes} outcomes and has {outcomes} now. " +
                "The program or its input is not the one that was recorded.");
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014): the numbers of a seed are the same on every version of .NET, unlike those of Random.</summary>
    private ulong Draw()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>One decision.</summary>
/// <param name="Outcomes">How many outcomes there were.</param>
/// <param name="Chosen">The one that was taken.</param>
public readonly record struct Choice(int Outcomes, int Chosen);

/// <summary>All decisions of a run: enough, with the same program, to have the run again.</summary>
/// <param name="choices">The decisions in order.</param>
public sealed class DecisionTrace(IReadOnlyList<Choice> choices) : IEquatable<DecisionTrace>
{
    /// <summary>The decisions in order.</summary>
    public IReadOnlyList<Choice> Choices { get; } = choices;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static DecisionTrace Parse(string text) => new([.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ParseChoice)]);

    /// <inheritdoc/>
    public bool Equals(DecisionTrace? other) => other is not null && Choices.SequenceEqual(other.Choices);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DecisionTrace);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var choice in Choices)
        {
            hash.Add(choice);
        }

        return hash.ToHashCode();
    }

    /// <summary>One word for each decision: the outcome, a slash, the number of outcomes.</summary>
    public override string ToString() =>
        string.Join(' ', Choices.Select(choice => string.Create(CultureInfo.InvariantCulture, $"{choice.Chosen}/{choice.Outcomes}")));

    private static Choice ParseChoice(string word) =>
        word.Split('/') is [var chosen, var outcomes]
        && int.TryParse(chosen, CultureInfo.InvariantCulture, out var c) && int.TryParse(outcomes, CultureInfo.InvariantCulture, out var o)
            ? new Choice(o, c)
            : throw new FormatException($"'{word}' is not a decision: one looks like 1/3.");
}
