namespace Hugesim.Bench;

/// <summary>One side of a comparison.</summary>
/// <param name="Name">What does the work.</param>
/// <param name="RunAsync">Does so many operations.</param>
internal sealed record BenchSide(string Name, Func<long, ValueTask> RunAsync);

/// <summary>A ratio to be measured.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Subject">The side whose rate is divided.</param>
/// <param name="Reference">The side that it is divided by, or null where it cannot be measured here.</param>
internal sealed record BenchItem(string Name, BenchSide Subject, BenchSide? Reference)
{
    /// <summary>The ratio that is wanted, at least; null where the ratio is only to be known.</summary>
    public double? Goal { get; init; }

    /// <summary>Why there is no reference.</summary>
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
    public bool? IsReached => Item.Goal is { } goal && Ratio is { } ratio ? ratio >= goal : null;
}
