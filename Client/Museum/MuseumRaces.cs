using Hugesim.Explore;

namespace Hugesim.Museum;

/// <summary>Exhibits that only some schedules show.</summary>
internal static class MuseumRaces
{
    /// <summary>Whether this build can run schedules.</summary>
    public static bool IsSupported => ScheduleRunner.IsSupported;

    /// <summary>Searches for a schedule that shows the bug, and runs as many as it may need on the kernel without it.</summary>
    /// <exception cref="OperationCanceledException">The user ended it.</exception>
    public static ExhibitVerdict Run(Exhibit exhibit, CancellationToken cancellationToken)
    {
        var program = Read(exhibit);
        var mutant = ScheduleExplorer.Explore(program, Plan(exhibit, exhibit.MutantProfile), null, cancellationToken);
        var clean = ScheduleExplorer.Explore(program, Plan(exhibit, exhibit.Profile) with { Shortens = false }, null, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return new ExhibitVerdict(exhibit, mutant.Schedules, Findings(mutant), clean.Schedules, Findings(clean)) { Trace = mutant.Finding?.Trace.ToString() };
    }

    /// <summary>Runs the shortened schedule of a verdict again and tells what happens; null if it found none.</summary>
    public static (ScenarioProgram Program, ExplorationPlan Plan, ScheduleOutcome Outcome, ScheduleStory Story)? Replay(ExhibitVerdict verdict)
    {
        if (verdict.Trace is not { } trace)
        {
            return null;
        }

        var program = Read(verdict.Exhibit);
        var plan = Plan(verdict.Exhibit, verdict.Exhibit.MutantProfile);
        var (outcome, story) = ScheduleExplorer.Replay(program, plan.Machine, ScheduleTrace.Parse(trace));
        return (program, plan, outcome, story);
    }

    private static ScenarioProgram Read(Exhibit exhibit)
    {
        var (program, errors) = ScenarioProgram.Parse(exhibit.File, exhibit.Lines);
        return program ?? throw new InvalidOperationException(errors[0].ToString());
    }

    private static ExplorationPlan Plan(Exhibit exhibit, string profile) =>
        new(new ExplorationMachine(profile, exhibit.Nodes)) { Schedules = exhibit.Schedules, Seed = MuseumRunner.Seed };

    private static IReadOnlyList<MuseumFinding> Findings(ExplorationResult result) =>
        result.Finding is { Failure: var failure } ? [new MuseumFinding(CheckOf(failure), failure.Message, failure.Line)] : [];

    private static string CheckOf(ScheduleFailure failure) => failure.Kind switch
    {
        FailureKind.Audit => failure.Rule,
        FailureKind.Leak => MuseumChecks.Leak,
        FailureKind.Promise => MuseumChecks.Promise,
        FailureKind.Linearizability => MuseumChecks.Linearizability,
        FailureKind.Deadlock => MuseumChecks.Deadlock,
        FailureKind.Exception => MuseumChecks.KernelBug,
        _ => failure.Rule,
    };
}
