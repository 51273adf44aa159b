namespace Hugesim.Model;

/// <summary>
/// The huge pages of one NUMA node inside an hstate: its counters, its free list, and the buddy allocator behind it. Plain data; the rules
/// are in <see cref="HugePagePool"/>.
/// </summary>
public sealed class NodePool
{
    /// <summary>nr_huge_pages_node: pages on the free list and in use.</summary>
    public long NrPages { get; set; }

    /// <summary>surplus_huge_pages_node: pages beyond the persistent pool.</summary>
    public long SurplusPages { get; set; }

    /// <summary>hugepage_freelists: the last frame added is the first taken, as the kernel's list head.</summary>
    public List<long> FreeList { get; init; } = [];

    /// <summary>Frames that were given back to the buddy allocator, the last one first to come back.</summary>
    public List<long> Buddy { get; init; } = [];

    /// <summary>The number of the next frame that was never a huge page before.</summary>
    public long NextFresh { get; set; }

    /// <summary>Huge pages that the node's memory can hold.</summary>
    public long CapacityPages { get; set; }

    /// <summary>free_huge_pages_node.</summary>
    public long FreePages => FreeList.Count;
}
