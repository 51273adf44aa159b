namespace Hugesim.Model;

/// <summary>
/// All of a reserve map as plain data, so that the grain that owns the map can be stored or moved. The default value is the state of a new map.
/// The array is compared by reference, as arrays are. Source: <c>struct resv_map</c>, include/linux/hugetlb.h.
/// </summary>
public sealed record ReserveMapState
{
    /// <summary>The regions in ascending order, disjoint; regions of one cgroup never touch.</summary>
    public FileRegion[] Regions { get; init; } = [];

    /// <summary>Descriptors promised to additions that were announced by region_chg and neither made nor aborted yet.</summary>
    public long AddsInProgress { get; init; }

    /// <summary>Descriptors at hand; never fewer than <see cref="AddsInProgress"/>.</summary>
    public long RegionCacheCount { get; init; } = 1;

    /// <summary>Holders of the map (<c>refs</c>): the inode, or the VMAs that share a private map.</summary>
    public int Refs { get; init; } = 1;
}
