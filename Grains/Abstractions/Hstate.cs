using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// The hstate of a machine: all pool counters behind one activation, the serialization point that the kernel's <c>hugetlb_lock</c> is. It calls
/// no other grain, so it is never held up.
/// </summary>
public interface IHstateGrain : IGrainWithStringKey
{
    /// <summary>Sets up an empty pool. The first message of a machine.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Boot(HstateBoot boot, Operation operation);

    /// <summary>A part of the machine is lost: from now on every call answers with that, because no counter could be right.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask Break(StateLoss loss);

    /// <summary>Takes or returns reservations: <c>hugetlb_acct_memory</c>, with the cgroup charge of <c>hugetlb_reserve_pages</c>.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Reserve(ReserveRequest request, Operation operation);

    /// <summary>Returns reservations and cgroup charges; cannot fail.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Unreserve(UnreserveRequest request, Operation operation);

    /// <summary>Takes a page for a fault: cgroup charges, then <c>dequeue_hugetlb_folio_vma</c> or a surplus page.</summary>
    /// <returns>The frame, or <see cref="Model.Pfn.None"/> where pool or cgroup refused.</returns>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<long>> AllocHugePage(AllocRequest request, Operation operation);

    /// <summary>Frees pages: the part of <c>free_huge_folio</c> under hugetlb_lock, in the order given.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> FreeHugePages(FreedPage[] pages, Operation operation);

    /// <summary>Carries out several calls in their order, each as if it had come alone.</summary>
    /// <returns>The answers in the same order.</returns>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<CombinedAnswers> Combined(CombinedCalls calls);

    /// <summary>Moves a page in use to a frame of another node; the old frame is free afterwards.</summary>
    /// <returns>The new frame, or <see cref="Model.Pfn.None"/>.</returns>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<long>> Migrate(MigratePage request, Operation operation);

    /// <summary>Sets the persistent pool: <c>set_max_huge_pages</c>.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Model.Errno> SetMaxHugePages(SetPoolRequest request, Operation operation = default);

    /// <summary>Sets nr_overcommit_hugepages.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask SetOvercommit(long pages, Operation operation = default);

    /// <summary>Makes a cgroup and returns its number.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<int> CreateCgroup(string name, int parent, Operation operation = default);

    /// <summary>Removes a cgroup: <c>hugetlb_cgroup_css_offline</c>.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask RemoveCgroup(int cgroup, Operation operation = default);

    /// <summary>Sets a limit file of a cgroup, in huge pages; <see cref="long.MaxValue"/> is "max".</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Model.Errno> SetCgroupLimit(int cgroup, bool rsvd, long pages, Operation operation = default);

    /// <summary>All counters, as sysfs and the cgroup files show them.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<HstateCounters> ReadCounters();

    /// <summary>Counters, free lists and charges, for the audit of a machine; null when there is no such hstate.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<HstateAudit?> Audit();

    /// <summary>The machine is switched off: the last message of its hstate's life.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask PowerOff();
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

/// <summary>A page in use that is to be on another node.</summary>
/// <param name="Pfn">Its frame.</param>
/// <param name="ToNode">The node.</param>
[GenerateSerializer, Immutable, Alias("MigratePage")]
public readonly record struct MigratePage(long Pfn, int ToNode);

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
