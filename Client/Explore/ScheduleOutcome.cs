using System.Globalization;
using Hugesim.History;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>What a schedule can show to be wrong.</summary>
public enum FailureKind
{
    /// <summary>An invariant of the machine does not hold.</summary>
    Audit,

    /// <summary>All processes and mounts are gone, and pages are in use or reserved.</summary>
    Leak,

    /// <summary>A reserved page could not be had.</summary>
    Promise,

    /// <summary>A process read from its private memory what it did not write there.</summary>
    Memory,

    /// <summary>Answers of the hstate or of a subpool are none that one operation after the other could have given.</summary>
    Linearizability,

    /// <summary>Nothing can move.</summary>
    Deadlock,

    /// <summary>A grain failed.</summary>
    Exception,
}

/// <summary>What is wrong.</summary>
/// <param name="Kind">The check that found it.</param>
/// <param name="Rule">What exactly the check found, without numbers: an invariant's name, an exception's type.</param>
/// <param name="Message">The same for people, with numbers.</param>
/// <param name="Line">The line after which it showed; 0 for the end.</param>
public sealed record ScheduleFailure(FailureKind Kind, string Rule, string Message, int Line)
{
    /// <summary>Whether another failure is the same for the purpose of shortening.</summary>
    public bool IsLike(ScheduleFailure? other) => other is not null && other.Kind == Kind && other.Rule == Rule;

    /// <summary>The check, the line and the message.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind.ToString().ToLowerInvariant()}{(Line > 0 ? $" after line {Line}" : "")}: {Message}");
}

/// <summary>How one schedule went.</summary>
/// <param name="Failure">What was wrong, or null.</param>
/// <param name="Trace">The schedule.</param>
/// <param name="Deliveries">Deliveries in its blocks.</param>
/// <param name="Answers">The answers of all commands, in the order of the scenario, and the counters at the end: what the schedule came to.</param>
/// <param name="Abandoned">Given up as equivalent to another.</param>
public sealed record ScheduleOutcome(
    ScheduleFailure? Failure, ScheduleTrace Trace, int Deliveries, IReadOnlyList<(ScenarioCommand Command, string Answer)> Answers, bool Abandoned)
{
    /// <summary>The rare paths that were taken.</summary>
    public IReadOnlyCollection<Rare> RarePaths { get; init; } = [];

    /// <summary>The answers as one text, to compare outcomes.</summary>
    public string Result => string.Join('\n', Answers.Select(a => a.Answer));
}

/// <summary>Runs a scenario under schedules, each on a fresh machine.</summary>
public interface IScheduleRunner : IDisposable
{
    /// <summary>Runs one schedule, which the strategy has begun.</summary>
    ScheduleOutcome Run(IScheduleStrategy strategy);

    /// <summary>What happened in the last schedule, if the runner was made to tell.</summary>
    ScheduleStory? Story { get; }

    /// <summary>The last schedule as a run that can be looked at step by step, if the runner was made to record.</summary>
    RecordedRun? Recording { get; }
}

/// <summary>What a runner notes of a schedule besides its outcome.</summary>
public enum ScheduleNotes
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Its deliveries.</summary>
    Story,

    /// <summary>Its deliveries, the flows, and the machine after each delivery.</summary>
    Recording,
}

/// <summary>What a scenario is run on.</summary>
/// <param name="Profile">The kernel's name, such as <c>7.3+repair</c>.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="Silos">Silos.</param>
/// <param name="Injected">What fails from the first block on in every inode and mapping that is there then.</param>
public sealed record ExplorationMachine(string Profile, int Nodes = 1, int Silos = 1, InjectedFailures Injected = InjectedFailures.None);
