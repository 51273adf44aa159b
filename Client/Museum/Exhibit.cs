using Hugesim.Model;

namespace Hugesim.Museum;

/// <summary>A real bug of hugetlb accounting: what it was, and the scenario that shows it on the simulated kernel that has it.</summary>
/// <param name="Number">Its place in the museum: a number, B1 to B8 for those that recordings found, R17 for the race of the reservation document.</param>
/// <param name="Bug">The switch.</param>
/// <param name="Year">The year of the fix.</param>
/// <param name="Title">One line.</param>
public sealed record Exhibit(string Number, KernelBug Bug, int Year, string Title)
{
    /// <summary>The name that <c>--bug</c> takes.</summary>
    public string Name => KernelBugs.NameOf(Bug);

    /// <summary>What stands for its scenario where a command takes a file.</summary>
    public string File => "museum:" + Name;

    /// <summary>The commits that fixed it, or the kernels that have it.</summary>
    public required string Commits { get; init; }

    /// <summary>What the code did.</summary>
    public required string Did { get; init; }

    /// <summary>Which step or race shows it.</summary>
    public required string Shows { get; init; }

    /// <summary>Which counter or answer goes wrong, and how.</summary>
    public required string Wrong { get; init; }

    /// <summary>What the fix did.</summary>
    public required string Fix { get; init; }

    /// <summary>Where that stands; "(from memory)" where it was not looked up.</summary>
    public required string Reference { get; init; }

    /// <summary>The check that catches it: an invariant of the audit, or a name of <see cref="MuseumChecks"/>.</summary>
    public required string Check { get; init; }

    /// <summary>The commands.</summary>
    public required string Scenario { get; init; }

    /// <summary>
    /// Answers that the documents promise where no recording has them: who maps successfully faults successfully (row A2), and nobody but the owner's children
    /// is refused a page that is free (row R22).
    /// </summary>
    public IReadOnlyDictionary<string, string> Promised { get; init; } = new Dictionary<string, string>();

    /// <summary>The kernel without the bug.</summary>
    public string Profile { get; init; } = "7.3+repair";

    /// <summary>NUMA nodes.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>The real kernel that answered the same scenario and has not the bug, or null.</summary>
    public string? Kernel { get; init; }

    /// <summary>The most schedules that may be needed; 0 for a bug that shows in every schedule.</summary>
    public long Schedules { get; init; }

    /// <summary>Whether it is a race: only some schedules show it, and finding one takes the deterministic scheduler.</summary>
    public bool IsRace => Schedules > 0;

    /// <summary>The kernel with the bug.</summary>
    public string MutantProfile => Profile + KernelBugs.BugMark + Name;

    /// <summary>The commands, one a line.</summary>
    public IReadOnlyList<string> Lines => Scenario.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A real bug that is not shown, and why.</summary>
/// <param name="Number">Its place in the museum.</param>
/// <param name="Commits">The commits that fixed it.</param>
/// <param name="Year">The year of the fix.</param>
/// <param name="Title">One line.</param>
/// <param name="Reason">Why it cannot be expressed here.</param>
public sealed record MissingExhibit(string Number, string Commits, int Year, string Title, string Reason);

/// <summary>What catches a bug besides the invariants of the audit. None of them knows of bugs.</summary>
public static class MuseumChecks
{
    /// <summary>A real kernel answered the same scenario otherwise.</summary>
    public const string Recording = "recording";

    /// <summary>All processes and mounts are gone, and pages are in use or reserved, or surplus is left.</summary>
    public const string Leak = "leak";

    /// <summary>The kernel stops at an assertion of its own.</summary>
    public const string KernelBug = "kernel-bug";

    /// <summary>A page that the documents promise could not be had.</summary>
    public const string Promise = "promise";

    /// <summary>Nothing can move.</summary>
    public const string Deadlock = "deadlock";

    /// <summary>Answers that no order of the operations could have given.</summary>
    public const string Linearizability = "linearizability";
}
