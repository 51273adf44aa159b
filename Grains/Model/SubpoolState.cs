namespace Hugesim.Model;

/// <summary>
/// All of a subpool as plain data, so that the grain that owns it can be stored or moved. Counts are huge pages.
/// The default value is a subpool without limits. Source: <c>struct hugepage_subpool</c>, include/linux/hugetlb.h.
/// </summary>
public sealed record SubpoolState
{
    /// <summary>The mount option that stands for "no limit".</summary>
    public const long NoLimit = -1;

    /// <summary>Handles on the subpool: 1 while the file system is mounted. Source: <c>count</c>.</summary>
    public int Count { get; set; } = 1;

    /// <summary>Most pages the mount may use (mount option size), or <see cref="NoLimit"/>. Source: <c>max_hpages</c>.</summary>
    public long MaxHpages { get; set; } = NoLimit;

    /// <summary>Pages the mount keeps reserved for itself (mount option min_size), or <see cref="NoLimit"/>. Source: <c>min_hpages</c>.</summary>
    public long MinHpages { get; set; } = NoLimit;

    /// <summary>Pages in use or reserved, counted only when there is a <see cref="MaxHpages"/>; negative after some kernels' bugs. Source: <c>used_hpages</c>.</summary>
    public long UsedHpages { get; set; }

    /// <summary>Pages of <see cref="MinHpages"/> that are reserved and not handed out; 0 without a minimum. Source: <c>rsv_hpages</c>.</summary>
    public long RsvHpages { get; set; }

    /// <summary>Whether the subpool gave its reserve back and must not be used any more, which the kernel says by freeing it.</summary>
    public bool Released { get; set; }
}
