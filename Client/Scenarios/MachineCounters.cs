namespace Hugesim.Scenarios;

/// <summary>The counters of a machine after a step, in huge pages. Underflowed counters are negative.</summary>
/// <param name="Nr">Pages in the pool (<c>nr_hugepages</c>).</param>
/// <param name="Free">Free pages (<c>free_hugepages</c>).</param>
/// <param name="Resv">Reserved pages (<c>resv_hugepages</c>).</param>
/// <param name="Surp">Surplus pages (<c>surplus_hugepages</c>).</param>
/// <param name="Oc">The surplus limit (<c>nr_overcommit_hugepages</c>).</param>
/// <param name="Nodes">Per NUMA node, in the order of their numbers.</param>
/// <param name="Mounts">Per mount, in mount order.</param>
/// <param name="Cgroups">Per cgroup in creation order; the recorder's own, named <c>""</c>, is the first. Empty where the machine has none.</param>
public sealed record MachineCounters(
    long Nr,
    long Free,
    long Resv,
    long Surp,
    long Oc,
    IReadOnlyList<NodeCounters> Nodes,
    IReadOnlyList<MountCounters> Mounts,
    IReadOnlyList<CgroupCounters> Cgroups);

/// <summary>The pool on one NUMA node.</summary>
/// <param name="Node">The node's number.</param>
/// <param name="Nr">Pages on this node.</param>
/// <param name="Free">Free pages on this node.</param>
/// <param name="Surplus">Surplus pages on this node.</param>
public sealed record NodeCounters(int Node, long Nr, long Free, long Surplus);

/// <summary>What <c>statfs</c> says about a mount.</summary>
/// <param name="Name">The mount's name.</param>
/// <param name="Blocks">The size in huge pages, -1 with <c>min_size</c> but no <c>size</c>, 0 with neither.</param>
/// <param name="FreeBlocks">Free huge pages, -1 and 0 as above.</param>
public sealed record MountCounters(string Name, long Blocks, long FreeBlocks);

/// <summary>The hugetlb charges of a cgroup.</summary>
/// <param name="Name">The cgroup's name; <c>""</c> is the recorder's own.</param>
/// <param name="Usage">Pages in use (<c>hugetlb.2MB.current</c>).</param>
/// <param name="Reserved">Pages reserved (<c>hugetlb.2MB.rsvd.current</c>).</param>
public sealed record CgroupCounters(string Name, long Usage, long Reserved);

/// <summary>What is left when a scenario is over.</summary>
/// <param name="Counters">The counters after everything was killed, removed and unmounted, before the pool is emptied.</param>
/// <param name="Leak">Whether free != nr, resv != 0 or surplus != 0 in <paramref name="Counters"/>.</param>
/// <param name="RemainingPoolPages">Pages that emptying the pool could not free; 0 when it is empty.</param>
public sealed record TeardownResult(MachineCounters Counters, bool Leak, long RemainingPoolPages);
