using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Museum;

/// <summary>What came of one exhibit.</summary>
/// <param name="Exhibit">The exhibit.</param>
/// <param name="Schedules">Schedules that were run until one showed the bug; 0 if none could be run.</param>
/// <param name="Findings">What each check found first on the kernel with the bug.</param>
/// <param name="CleanSchedules">Schedules that were run on the kernel without it.</param>
/// <param name="CleanFindings">What the same checks found there.</param>
public sealed record ExhibitVerdict(
    Exhibit Exhibit, long Schedules, IReadOnlyList<MuseumFinding> Findings, long CleanSchedules, IReadOnlyList<MuseumFinding> CleanFindings)
{
    /// <summary>The schedule that shows the bug, or null where each does.</summary>
    public string? Trace { get; init; }

    /// <summary>The exhibit needs the deterministic scheduler, which this build has not.</summary>
    public bool Skipped { get; init; }

    /// <summary>The check that was to catch the bug has caught it.</summary>
    public bool Found => Findings.Any(finding => finding.Check == Exhibit.Check);

    /// <summary>The kernel without the bug passed the same scenario, under as many schedules as the exhibit may need.</summary>
    public bool CleanPassed => CleanFindings.Count == 0;
}

/// <summary>Runs exhibits: on the kernel with the bug until it shows, and on the kernel without it, which must pass the same budget.</summary>
/// <param name="machines">Makes machines.</param>
public sealed class MuseumRunner(IScenarioMachineFactory machines)
{
    /// <summary>The seed of all schedules: the same on every machine.</summary>
    public const long Seed = 1;

    /// <summary>Runs an exhibit.</summary>
    public async Task<ExhibitVerdict> RunAsync(Exhibit exhibit, CancellationToken cancellationToken)
    {
        if (exhibit.IsRace)
        {
            return MuseumRaces.IsSupported
                ? await Task.Run(() => MuseumRaces.Run(exhibit, cancellationToken), cancellationToken).ConfigureAwait(false)
                : new ExhibitVerdict(exhibit, 0, [], 0, []) { Skipped = true };
        }

        var mutant = await PlayAsync(exhibit, exhibit.MutantProfile, cancellationToken).ConfigureAwait(false);
        var clean = await PlayAsync(exhibit, exhibit.Profile, cancellationToken).ConfigureAwait(false);
        return new ExhibitVerdict(exhibit, 1, mutant.Findings, 1, clean.Findings);
    }

    /// <summary>Plays an exhibit that is no race.</summary>
    /// <param name="exhibit">The exhibit.</param>
    /// <param name="profile">The kernel.</param>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    public async Task<PlayedScenario> PlayAsync(Exhibit exhibit, string profile, CancellationToken cancellationToken)
    {
        var scheduler = GrainHost.SupportsDeterministic ? "deterministic" : "parallel";
        var machine = await machines.CreateAsync(new MachineOptions(profile, exhibit.Nodes, scheduler, Seed, 1), cancellationToken).ConfigureAwait(false);
        await using (machine.ConfigureAwait(false))
        {
            return await ExhibitPlay.RunAsync(exhibit, machine, cancellationToken).ConfigureAwait(false);
        }
    }
}
