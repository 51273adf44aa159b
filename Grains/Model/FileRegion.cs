namespace Hugesim.Model;

/// <summary>
/// One entry of a reserve map: the half-open range of huge pages [<paramref name="From"/>, <paramref name="To"/>).
/// What an entry means depends on the map: "reserved" in the map of a shared mapping, "reservation consumed" in the map of a
/// private one. Source: <c>struct file_region</c>, mm/hugetlb.c.
/// </summary>
/// <param name="From">First page of the range, in huge pages from the start of the file or mapping.</param>
/// <param name="To">First page after the range, in huge pages; always greater than <paramref name="From"/>.</param>
/// <param name="UnchargeCgroup">
/// Number of the hugetlb cgroup whose rsvd counter holds these pages and is to be uncharged when they leave the map
/// (<c>reservation_counter</c> and <c>css</c>); null when no cgroup was charged through the region.
/// </param>
public readonly record struct FileRegion(long From, long To, int? UnchargeCgroup = null)
{
    /// <summary>Length of the range in huge pages.</summary>
    public long Pages => To - From;

    /// <summary>Whether two regions that touch may become one. Source: <c>has_same_uncharge_info</c>, mm/hugetlb.c.</summary>
    /// <param name="other">The neighbour.</param>
    /// <returns>True when both hold the counter of the same cgroup, or both hold none.</returns>
    public bool HasSameUnchargeInfo(FileRegion other) => UnchargeCgroup == other.UnchargeCgroup;

    /// <summary>The range as the kernel's comments write it, with the cgroup if there is one.</summary>
    public override string ToString() => UnchargeCgroup is null ? $"[{From},{To})" : $"[{From},{To}) of cgroup {UnchargeCgroup}";
}

/// <summary>
/// Pages to be taken off a cgroup's rsvd counter because their region, or a part of it, left the reserve map.
/// Source: <c>hugetlb_cgroup_uncharge_file_region</c>, mm/hugetlb_cgroup.c.
/// </summary>
/// <param name="Cgroup">Number of the hugetlb cgroup.</param>
/// <param name="Pages">Huge pages to uncharge, at least 1.</param>
public readonly record struct Uncharge(int Cgroup, long Pages);
