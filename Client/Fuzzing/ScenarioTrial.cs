using Hugesim.Audit;
using Hugesim.Scenarios;

namespace Hugesim.Fuzzing;

/// <summary>What is wrong with a scenario.</summary>
/// <param name="Kind">What it is, without its numbers: findings of one kind are shown once.</param>
/// <param name="Line">The scenario's line at which it shows, from 1.</param>
public sealed record TrialFault(string Kind, int Line)
{
    /// <summary>Where two machines differ.</summary>
    public IReadOnlyList<RecordingDifference> Differences { get; init; } = [];

    /// <summary>What does not hold on the machine.</summary>
    public IReadOnlyList<AuditViolation> Violations { get; init; } = [];
}

/// <summary>How a scenario went.</summary>
/// <param name="Steps">Commands executed.</param>
/// <param name="Fault">What is wrong, or null.</param>
/// <param name="Text">The scenario as it is saved.</param>
public sealed record TrialOutcome(int Steps, TrialFault? Fault, string Text)
{
    /// <summary>Whether it shows nothing but the accounting bugs that the simulated kernel has by name.</summary>
    public bool Explained { get; init; }
}

/// <summary>What a scenario is put to.</summary>
public interface IScenarioTrial
{
    /// <summary>Puts a scenario to the trial.</summary>
    /// <param name="lines">The scenario.</param>
    /// <param name="seed">Its seed; decides what else is left to chance.</param>
    /// <param name="whole">Whether to go on after the first thing that is wrong.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<TrialOutcome> RunAsync(IReadOnlyList<string> lines, int seed, bool whole, CancellationToken cancellationToken);
}
