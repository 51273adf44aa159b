namespace Hugesim.Abstractions;

/// <summary>
/// The hstate of a machine: all pool counters behind one activation, the serialization point that the kernel's <c>hugetlb_lock</c> is. It calls
/// no other grain, so it is never held up.
/// </summary>
public interface IHstateGrain : IGrainWithStringKey
{
    /// <summary>Sets up an empty pool. The first message of a machine.</summary>
    ValueTask Boot(HstateBoot boot);

    /// <summary>Takes or returns reservations: <c>hugetlb_acct_memory</c>, with the cgroup charge of <c>hugetlb_reserve_pages</c>.</summary>
    ValueTask<Model.Errno> Reserve(ReserveRequest request);

    /// <summary>Returns reservations and cgroup charges; cannot fail.</summary>
    ValueTask Unreserve(UnreserveRequest request);

    /// <summary>Takes a page for a fault: cgroup charges, then <c>dequeue_hugetlb_folio_vma</c> or a surplus page.</summary>
    ValueTask<AllocAnswer> AllocHugePage(AllocRequest request);

    /// <summary>Frees pages: the part of <c>free_huge_folio</c> under hugetlb_lock, in the order given.</summary>
    ValueTask FreeHugePages(FreedPage[] pages);

    /// <summary>Moves a page in use to a frame of another node; the old frame is free afterwards.</summary>
    ValueTask<AllocAnswer> Migrate(long oldPfn, int toNode);

    /// <summary>Sets the persistent pool: <c>set_max_huge_pages</c>.</summary>
    ValueTask<Model.Errno> SetMaxHugePages(SetPoolRequest request);

    /// <summary>Sets nr_overcommit_hugepages.</summary>
    ValueTask SetOvercommit(long pages);

    /// <summary>Makes a cgroup and returns its number.</summary>
    ValueTask<int> CreateCgroup(string name, int parent);

    /// <summary>Removes a cgroup: <c>hugetlb_cgroup_css_offline</c>.</summary>
    ValueTask RemoveCgroup(int cgroup);

    /// <summary>Sets a limit file of a cgroup, in huge pages; <see cref="long.MaxValue"/> is "max".</summary>
    ValueTask<Model.Errno> SetCgroupLimit(int cgroup, bool rsvd, long pages);

    /// <summary>All counters, as sysfs and the cgroup files show them.</summary>
    [ReadOnly]
    ValueTask<HstateCounters> ReadCounters();

    /// <summary>Counters, free lists and charges, for the audit of a machine.</summary>
    [ReadOnly]
    ValueTask<HstateAudit> Audit();
}

/// <summary>A machine's kernel and hardware.</summary>
/// <param name="Profile">Kernel profile.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="CapacityPagesPerNode">Huge pages that the memory of a node can hold.</param>
[GenerateSerializer, Immutable, Alias("HstateBoot")]
public sealed record HstateBoot(string Profile, int Nodes, long CapacityPagesPerNode);

/// <summary>A reservation asked of the pool.</summary>
/// <param name="Task">The task that asks.</param>
/// <param name="Pages">Pages to reserve; 0 only charges.</param>
/// <param name="ChargeRsvdPages">Pages charged to the task's cgroup first; given back if the reservation fails.</param>
[GenerateSerializer, Immutable, Alias("ReserveRequest")]
public sealed record ReserveRequest(TaskContext Task, long Pages, long ChargeRsvdPages);

/// <summary>Reservations and charges given back.</summary>
/// <param name="Pages">Pages for <c>hugetlb_acct_memory(-pages)</c>; may be 0.</param>
/// <param name="Uncharges">Cgroup charges that end.</param>
[GenerateSerializer, Immutable, Alias("UnreserveRequest")]
public sealed record UnreserveRequest(long Pages, RsvdUncharge[] Uncharges);

/// <summary>A page asked of the pool.</summary>
/// <param name="Cgroup">Cgroup to charge for the page.</param>
/// <param name="ChargeRsvd">No reservation covers the page: the cgroup's rsvd counter is charged as well.</param>
/// <param name="UseReservation">The page was reserved before.</param>
/// <param name="PreferredNode">First node to look at.</param>
/// <param name="AllowedNodes">Nodes that may be used.</param>
/// <param name="FallbackNodes">Nodes tried last, or 0.</param>
[GenerateSerializer, Immutable, Alias("AllocRequest")]
public sealed record AllocRequest(
    int Cgroup, bool ChargeRsvd, bool UseReservation, int PreferredNode, long AllowedNodes, long FallbackNodes);

/// <summary>The page, or <see cref="Model.Pfn.None"/> where pool or cgroup refused.</summary>
/// <param name="Pfn">The frame.</param>
[GenerateSerializer, Immutable, Alias("AllocAnswer")]
public readonly record struct AllocAnswer(long Pfn);

/// <summary>A new size of the persistent pool.</summary>
/// <param name="Pages">Huge pages.</param>
/// <param name="Node">One NUMA node, or -1 for all.</param>
/// <param name="NodesAllowed">Nodes that may change (nr_hugepages_mempolicy).</param>
[GenerateSerializer, Immutable, Alias("SetPoolRequest")]
public sealed record SetPoolRequest(long Pages, int Node, long NodesAllowed);

/// <summary>The counters of an hstate.</summary>
/// <param name="Nr">nr_hugepages.</param>
/// <param name="Free">free_hugepages.</param>
/// <param name="Resv">resv_hugepages.</param>
/// <param name="Surplus">surplus_hugepages.</param>
/// <param name="Overcommit">nr_overcommit_hugepages.</param>
/// <param name="Nodes">The same per node.</param>
/// <param name="Cgroups">Groups that exist, by number.</param>
[GenerateSerializer, Immutable, Alias("HstateCounters")]
public sealed record HstateCounters(
    long Nr, long Free, long Resv, long Surplus, long Overcommit, NodeCount[] Nodes, CgroupCount[] Cgroups);

/// <summary>nr, free and surplus of a NUMA node.</summary>
[GenerateSerializer, Immutable, Alias("NodeCount")]
public sealed record NodeCount(long Nr, long Free, long Surplus);

/// <summary>The files of a hugetlb cgroup, in huge pages.</summary>
[GenerateSerializer, Immutable, Alias("CgroupCount")]
public sealed record CgroupCount(
    int Cgroup, string Name, long Usage, long Rsvd, long Max, long RsvdMax, long MaxEvents, long MaxEventsLocal);
