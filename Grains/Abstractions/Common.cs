using Hugesim.Model;

namespace Hugesim.Abstractions;

/// <summary>Which machine a grain belongs to and which kernel it runs. Part of each message that begins a grain's life.</summary>
/// <param name="Machine">Name of the emulated machine.</param>
/// <param name="Profile">Name of the kernel profile.</param>
/// <param name="Life">The life of the machine grain: who calls it says so.</param>
[GenerateSerializer, Immutable, Alias("MachineContext")]
public sealed record MachineContext(string Machine, string Profile, long Life = 0);

/// <summary>What the kernel reads from <c>current</c> while it serves a call: cgroup, memory policy and place of the task.</summary>
/// <param name="Cgroup">Number of the task's hugetlb cgroup.</param>
/// <param name="LocalNode">NUMA node of the CPU it runs on.</param>
/// <param name="MemsAllowed">Nodes that its cpuset allows, as a bit mask.</param>
/// <param name="PolicyMode">Mode of its memory policy.</param>
/// <param name="PolicyNodes">Nodes of its memory policy, as a bit mask.</param>
[GenerateSerializer, Immutable, Alias("TaskContext")]
public sealed record TaskContext(int Cgroup, int LocalNode, long MemsAllowed, PolicyMode PolicyMode, long PolicyNodes)
{
    /// <summary>A task without cgroup limits or policy on node 0.</summary>
    public static TaskContext Default { get; } = new(HugetlbCgroups.Root, 0, ~0L, PolicyMode.Default, 0);

    /// <summary>The task's own memory policy.</summary>
    public MemoryPolicy Policy => new(PolicyMode, PolicyNodes);

    /// <summary>Nodes for a page of an area with that policy; the task's policy counts where the area has none.</summary>
    public NodeChoice Choose(MemoryPolicy areaPolicy, long index) =>
        (areaPolicy.Mode == PolicyMode.Default ? Policy : areaPolicy).Choose(LocalNode, MemsAllowed, index);

    /// <summary>Nodes that count for a reservation: the cpuset, and <c>policy_mbind_nodemask</c> of the task, not of the area.</summary>
    public NodeChoice ChooseForReservation(KernelProfile profile) =>
        profile.ReserveChecksPolicy && PolicyMode == PolicyMode.Bind ? Policy.Choose(LocalNode, MemsAllowed, 0) : new NodeChoice(LocalNode, MemsAllowed, 0);

    /// <summary>Nodes from which surplus pages for a reservation come.</summary>
    public NodeChoice ChooseForSurplus(KernelProfile profile) => profile.ReserveSurplus switch
    {
        ReserveSurplusRule.LocalNode => new NodeChoice(LocalNode, MemsAllowed, 0),
        ReserveSurplusRule.FirstAllowedNode => ChooseForReservation(profile) with { PreferredNode = 0 },
        _ => ChooseForReservation(profile),
    };
}

/// <summary>A page whose last reference is gone, on its way back to subpool and pool: what <c>free_huge_folio</c> reads off the folio.</summary>
/// <param name="Pfn">The frame.</param>
/// <param name="Subpool">Key of the subpool that the page was allocated through, or null.</param>
/// <param name="Cgroup">Cgroup charged for the page, or -1.</param>
/// <param name="RsvdCgroup">Cgroup charged for a reservation of the page's own, or -1.</param>
/// <param name="RestoreReserve">The page's restore-reserve flag.</param>
[GenerateSerializer, Immutable, Alias("FreedPage")]
public readonly record struct FreedPage(long Pfn, string? Subpool, int Cgroup, int RsvdCgroup, bool RestoreReserve);

/// <summary>Pages to take off a cgroup's rsvd counter.</summary>
/// <param name="Cgroup">The cgroup.</param>
/// <param name="Pages">Huge pages.</param>
[GenerateSerializer, Immutable, Alias("RsvdUncharge")]
public readonly record struct RsvdUncharge(int Cgroup, long Pages);
