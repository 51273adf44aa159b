namespace Hugesim.Bench;

/// <summary>One side of a comparison.</summary>
/// <param name="Name">What does the work.</param>
/// <param name="RunAsync">Does so many operations.</param>
internal sealed record BenchSide(string Name, Func<long, ValueTask> RunAsync);

/// <summary>A rate to be measured, mostly as a ratio to another one.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Subject">The side whose rate is divided.</param>
/// <param name="Reference">The side that it is divided by, or null where there is none or it cannot be measured here.</param>
internal sealed record BenchItem(string Name, BenchSide Subject, BenchSide? Reference)
{
    /// <summary>The ratio that is wanted, at least; null where the ratio is only to be known.</summary>
    public double? Goal { get; init; }

    /// <summary>Operations a second that are wanted, at least, where there is nothing to compare with.</summary>
    public double? GoalPerSecond { get; init; }

    /// <summary>How many times longer than others a round takes: where a side begins anew in each and gets faster with time.</summary>
    public int RoundFactor { get; init; } = 1;

    /// <summary>Why there is no reference where one belongs.</summary>
    public string? Skipped { get; init; }
}

/// <summary>What was measured.</summary>
/// <param name="Item">The comparison.</param>
/// <param name="SubjectPerSecond">Operations a second, the median of the rounds.</param>
/// <param name="ReferencePerSecond">The same of the reference.</param>
/// <param name="Ratio">The median of the rounds' ratios.</param>
/// <param name="LeastRatio">The smallest one.</param>
/// <param name="MostRatio">The largest one.</param>
internal sealed record BenchResult(
    BenchItem Item, double SubjectPerSecond, double? ReferencePerSecond, double? Ratio, double? LeastRatio, double? MostRatio)
{
    /// <summary>Whether the goal is reached; null without a goal or a ratio.</summary>
    public bool? IsReached =>
        Item.Goal is { } goal && Ratio is { } ratio ? ratio >= goal
        : Item.GoalPerSecond is { } rate ? SubjectPerSecond >= rate
        : null;
}

/// <summary>A size that was measured.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">How much.</param>
/// <param name="GoalBytes">What it may be, at most.</param>
internal sealed record BenchSize(string Name, long Bytes, long GoalBytes);
