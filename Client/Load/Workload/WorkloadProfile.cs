namespace Hugesim.Load;

/// <summary>What a fleet of emulated machines does: their pools and mounts, and the kinds of processes on them.</summary>
/// <param name="Name">The profile's name, or the file it was read from.</param>
/// <param name="About">One sentence about it; may be empty.</param>
/// <param name="Nodes">NUMA nodes of a machine.</param>
/// <param name="Pools">The persistent pool of a machine.</param>
/// <param name="Overcommit">Its <c>nr_overcommit_hugepages</c>.</param>
/// <param name="Mounts">Its hugetlbfs mounts.</param>
/// <param name="Kinds">The kinds of processes; parents come before the kinds that are forked from them.</param>
internal sealed record WorkloadProfile(
    string Name,
    string About,
    int Nodes,
    IReadOnlyList<WorkloadPool> Pools,
    PageSum Overcommit,
    IReadOnlyList<WorkloadMount> Mounts,
    IReadOnlyList<ProcessKind> Kinds);

/// <summary>A line <c>pool</c>: pages of one node, or of all with -1.</summary>
internal sealed record WorkloadPool(PageSum Pages, int Node);

/// <summary>A line <c>mount</c>; sizes are null where they are not given.</summary>
internal sealed record WorkloadMount(string Name, PageSum? Size, PageSum? MinSize);

/// <summary>A number of huge pages that may depend on the population: the sum of <c>factor * processes of a kind</c>; an index of -1 stands for 1.</summary>
internal sealed record PageSum(IReadOnlyList<(long Factor, int Kind)> Terms)
{
    /// <summary>No pages.</summary>
    public static PageSum Zero { get; } = new([]);

    /// <summary>The number for a machine with so many processes of each kind.</summary>
    public long For(IReadOnlyList<long> population) => Terms.Sum(term => term.Factor * (term.Kind < 0 ? 1 : population[term.Kind]));
}

/// <summary>How many processes of a kind a machine has.</summary>
internal enum ShareUnit
{
    /// <summary>So many on every machine.</summary>
    Fixed,

    /// <summary>So many of a hundred of those that no fixed number takes.</summary>
    Percent,

    /// <summary>All that the others leave.</summary>
    Rest,
}

/// <summary>A kind of process: what it does first, and what it does over and over.</summary>
internal sealed class ProcessKind
{
    public required string Name { get; init; }

    /// <summary>Its place among the kinds of the profile.</summary>
    public required int Index { get; init; }

    public required ShareUnit Unit { get; init; }

    /// <summary>The number before the unit; 0 for a kind that only <c>fork</c> makes.</summary>
    public required long Share { get; init; }

    /// <summary>The kind that it is forked from, or null where it is a new process.</summary>
    public required ProcessKind? From { get; init; }

    /// <summary>How often it repeats before it ends and another one takes its place; null for ever.</summary>
    public PageCount? Life { get; set; }

    /// <summary>What it does once.</summary>
    public List<WorkloadStep> Start { get; } = [];

    /// <summary>What it does afterwards: one of these lines at a time, drawn by weight.</summary>
    public List<WeightedLine> Repeat { get; } = [];

    /// <summary>The names of its mappings, those of the kind that it is forked from first.</summary>
    public List<string> Mappings { get; } = [];

    /// <summary>The names of its files.</summary>
    public List<string> Files { get; } = [];

    /// <summary>The names of its shared memory segments.</summary>
    public List<string> Segments { get; } = [];

    /// <summary>The sum of the weights of <see cref="Repeat"/>.</summary>
    public long TotalWeight { get; set; }
}

/// <summary>A line under <c>repeat</c>.</summary>
internal sealed record WeightedLine(int Weight, WorkloadStep[] Steps);
