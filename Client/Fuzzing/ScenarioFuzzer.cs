using System.Globalization;

namespace Hugesim.Fuzzing;

/// <summary>A scenario with which something is wrong.</summary>
/// <param name="Seed">What the generator made it from.</param>
/// <param name="Kind">What is wrong, without its numbers.</param>
/// <param name="Lines">The shortest such scenario that was found.</param>
/// <param name="Outcome">How it went.</param>
public sealed record FuzzFinding(int Seed, string Kind, IReadOnlyList<string> Lines, TrialOutcome Outcome)
{
    /// <summary>The scenario as it is saved, with a comment that says where it comes from.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"# hugesim fuzz, seed {Seed}: {Kind}\n") + Outcome.Text;
}

/// <summary>How many scenarios and steps were tried.</summary>
/// <param name="Scenarios">Scenarios tried.</param>
/// <param name="Steps">Commands in them.</param>
/// <param name="Faulty">Scenarios with which something is wrong.</param>
/// <param name="Explained">Scenarios that showed nothing but the simulated kernel's own accounting bugs.</param>
public sealed record FuzzCounts(int Scenarios, long Steps, int Faulty, int Explained);

/// <summary>Puts random scenarios to a trial, and shrinks each new kind of fault to its shortest scenario.</summary>
/// <param name="trial">The trial.</param>
/// <param name="steps">Commands in a scenario.</param>
/// <param name="nodes">NUMA nodes of the machines.</param>
public sealed class ScenarioFuzzer(IScenarioTrial trial, int steps, int nodes)
{
    /// <summary>Scenarios to try while one is made shorter.</summary>
    private const int ShrinkBudget = 600;

    private const string NotRepeated = " (not a second time: another program changes the pool, or chance decides)";

    private readonly HashSet<string> _kinds = [];

    /// <summary>What was done so far.</summary>
    public FuzzCounts Counts { get; private set; } = new(0, 0, 0, 0);

    /// <summary>Tries one scenario; returns a finding if something is wrong in a way that it was with no earlier one.</summary>
    public async Task<FuzzFinding?> NextAsync(int seed, CancellationToken cancellationToken)
    {
        var lines = ScenarioGenerator.Generate(seed, steps, nodes);
        var outcome = await trial.RunAsync(lines, seed, whole: false, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Counts = new FuzzCounts(
            Counts.Scenarios + 1, Counts.Steps + outcome.Steps, Counts.Faulty + (outcome.Fault is null ? 0 : 1), Counts.Explained + (outcome.Explained ? 1 : 0));
        if (outcome.Fault is not { } fault || !_kinds.Add(fault.Kind))
        {
            return null;
        }

        if (!await IsFaultyAsync(lines, seed, fault.Kind, cancellationToken).ConfigureAwait(false))
        {
            return new FuzzFinding(seed, fault.Kind + NotRepeated, lines, outcome);
        }

        var shrinker = new ScenarioShrinker(candidate => IsFaultyAsync(candidate, seed, fault.Kind, cancellationToken), ShrinkBudget);
        var shortest = await shrinker.ShrinkAsync([.. lines.Take(fault.Line)]).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return new FuzzFinding(seed, fault.Kind, shortest, await trial.RunAsync(shortest, seed, whole: true, cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<bool> IsFaultyAsync(IReadOnlyList<string> lines, int seed, string kind, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return (await trial.RunAsync(lines, seed, whole: false, cancellationToken).ConfigureAwait(false)).Fault?.Kind == kind;
    }
}
