using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;

namespace Hugesim.Museum;

/// <summary>Something that a check found wrong.</summary>
/// <param name="Check">The check: an invariant of the audit or one of <see cref="MuseumChecks"/>.</param>
/// <param name="Message">What is wrong, with the numbers.</param>
/// <param name="Step">The command after which it showed, from 1; 0 for the end.</param>
public sealed record MuseumFinding(string Check, string Message, int Step);

/// <summary>A step of a scenario as it was played.</summary>
/// <param name="Command">The command.</param>
/// <param name="Answer">The machine's answer and the deaths that came with it.</param>
/// <param name="Before">The counters before it.</param>
/// <param name="After">The counters after it.</param>
/// <param name="Findings">What was found wrong for the first time.</param>
public sealed record PlayedStep(string Command, string Answer, MachineCounters Before, MachineCounters After, IReadOnlyList<MuseumFinding> Findings);

/// <summary>A scenario as it was played.</summary>
/// <param name="Steps">Its steps, up to the one at which the kernel stopped.</param>
/// <param name="Findings">What each check found first, in that order.</param>
public sealed record PlayedScenario(IReadOnlyList<PlayedStep> Steps, IReadOnlyList<MuseumFinding> Findings);

/// <summary>
/// Plays a scenario step by step, audits the machine after each one, and compares it with what a real kernel answered. The checks know nothing of bugs.
/// </summary>
internal sealed class ExhibitPlay
{
    private readonly IScenarioMachine _machine;
    private readonly IReadOnlyDictionary<int, RecordingEntry> _recorded;
    private readonly string _kernel;
    private readonly IReadOnlyDictionary<string, string> _promised;
    private readonly List<MuseumFinding> _findings = [];
    private readonly List<PlayedStep> _steps = [];

    private ExhibitPlay(Exhibit exhibit, IScenarioMachine machine, IReadOnlyDictionary<int, RecordingEntry> recorded) =>
        (_machine, _recorded, _kernel, _promised) = (machine, recorded, exhibit.Kernel ?? "", exhibit.Promised);

    /// <summary>Plays.</summary>
    /// <param name="exhibit">The exhibit whose scenario it is.</param>
    /// <param name="machine">A fresh machine.</param>
    /// <param name="cancellationToken">Ends it between two steps.</param>
    public static async Task<PlayedScenario> RunAsync(Exhibit exhibit, IScenarioMachine machine, CancellationToken cancellationToken)
    {
        var recorded = exhibit.Kernel is null ? new Dictionary<int, RecordingEntry>() : await MuseumRecordings.ReadAsync(exhibit, cancellationToken).ConfigureAwait(false);
        var play = new ExhibitPlay(exhibit, machine, recorded);
        try
        {
            await play.PlayAsync(exhibit, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception bug) when (bug is InvalidOperationException or ArgumentException)
        {
            // Model and grains assert what the kernel does; what comes here is its BUG.
            play.Report(MuseumChecks.KernelBug, bug.Message, play._steps.Count + 1, []);
        }

        return new PlayedScenario(play._steps, play._findings);
    }

    private async Task PlayAsync(Exhibit exhibit, CancellationToken cancellationToken)
    {
        var parser = new ScenarioParser(exhibit.Name);
        var before = await _machine.ReadCountersAsync(cancellationToken).ConfigureAwait(false);
        foreach (var line in exhibit.Lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var step = (ScenarioStep)parser.ParseLine(_steps.Count + 1, line)!;
            before = await StepAsync(step.Command, before, cancellationToken).ConfigureAwait(false);
        }

        var end = await _machine.TearDownAsync(cancellationToken).ConfigureAwait(false);
        if (end.Leak)
        {
            Report(MuseumChecks.Leak, $"all is gone, and the counters are {RecordingText.End(end).Split(" | ", 2)[1]}", 0, []);
        }

        Compare(0, RecordingText.End(end), []);
    }

    private async Task<MachineCounters> StepAsync(ScenarioCommand command, MachineCounters before, CancellationToken cancellationToken)
    {
        var number = _steps.Count + 1;
        var answer = await _machine.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        var deaths = _machine.TakeDeaths();
        var after = await _machine.ReadCountersAsync(cancellationToken).ConfigureAwait(false);
        var found = new List<MuseumFinding>();
        Compare(number, RecordingText.Answer(answer, deaths, after), found);
        if (_promised.TryGetValue(command.Source.Text, out var promised) && answer != promised)
        {
            Report(MuseumChecks.Promise, $"answered {answer} where {promised} is promised", number, found);
        }

        foreach (var violation in await ((IAuditedMachine)_machine).AuditAsync(cancellationToken).ConfigureAwait(false))
        {
            Report(violation.Rule, violation.Message, number, found);
        }

        _steps.Add(new PlayedStep(command.Source.Text, string.Join("; ", deaths.Prepend(answer)), before, after, found));
        return after;
    }

    private void Compare(int step, string actual, List<MuseumFinding> found)
    {
        var expected = _recorded.GetValueOrDefault(step) switch
        {
            RecordingStep recorded => recorded.Expected,
            RecordingEnd end => end.Expected,
            _ => actual,
        };
        if (expected != actual)
        {
            Report(MuseumChecks.Recording, $"a real {_kernel} answers {expected[2..]}", step, found);
        }
    }

    private void Report(string check, string message, int step, List<MuseumFinding> found)
    {
        if (!_findings.Exists(finding => finding.Check == check))
        {
            var finding = new MuseumFinding(check, message, step);
            _findings.Add(finding);
            found.Add(finding);
        }
    }
}
