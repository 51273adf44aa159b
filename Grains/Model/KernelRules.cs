namespace Hugesim.Model;

/// <summary>What a kernel hands back when <c>hugetlb_reserve_pages</c> got its pages from the subpool but not from the pool.</summary>
public enum FailedReserveRule
{
    /// <summary>The whole chg goes back to the subpool, whose answer is ignored: bug B5, up to 6.12.</summary>
    PutWholeChg,

    /// <summary>Only the subpool's share goes back and what it refuses leaves the global count; the quota of the rest is lost: 6.18.15 (B2).</summary>
    PutSubpoolShare,

    /// <summary>As <see cref="PutSubpoolShare"/>, and the quota of the rest is restored afterwards: 6.18.44 (B2).</summary>
    PutSubpoolShareThenQuota,

    /// <summary>The quota of the rest is restored first, so that the subpool can keep its share: 7.3.</summary>
    QuotaThenPutSubpoolShare,
}

/// <summary>What a kernel does to the reservation of an anonymous page that the owner of a private mapping unmaps.</summary>
public enum UnmapRestoreRule
{
    /// <summary>Nothing: the reservation stays consumed (up to 6.1).</summary>
    Never,

    /// <summary>Restored unless there are surplus pages or somebody else maps the page.</summary>
    WhenUnshared,

    /// <summary>Restored unless there are surplus pages, even though a child still maps the page: bug B1 (6.18).</summary>
    EvenWhenShared,
}

/// <summary>Which reservation a page of a private mapping consumes.</summary>
public enum PrivateReserveRule
{
    /// <summary>Any one that the VMA still has: a count in <c>vm_private_data</c> (<c>vma_resv_huge_pages</c>, commit a1e78772).</summary>
    CountOfVma,

    /// <summary>That of the page's own place in the mapping: the reserve map, from commit 84afd99b on.</summary>
    MapOfMapping,
}

/// <summary>What a write fault of the owner does that finds no page for its copy.</summary>
public enum OwnerCowRule
{
    /// <summary>It fails as any other task's would: the parent dies (commit a1e78772).</summary>
    Fails,

    /// <summary>It copies without the reserve, and without a free page it takes its own back from the children (<c>unmap_ref_private</c>, from commit 04f2cbe3 on).</summary>
    TakesPageFromOthers,
}

/// <summary>How a fault ends for which no page can be had.</summary>
public enum NoPageRule
{
    /// <summary>VM_FAULT_OOM: the task is killed with SIGKILL, caught or not (up to commit 4a6018f7, 2010).</summary>
    Sigkill,

    /// <summary>VM_FAULT_SIGBUS.</summary>
    Sigbus,
}

/// <summary>What happens to the reservation of a page that UFFDIO_COPY took and could not fill.</summary>
public enum CopyFailureRule
{
    /// <summary>
    /// The restore-reserve flag is set for a shared mapping and cleared for a private one: the map may not be touched without mmap_lock
    /// (<c>__mcopy_atomic_hugetlb</c>, 4.11 to 5.12).
    /// </summary>
    FlagByMapping,

    /// <summary><c>restore_reserve_on_error</c> before the lock is dropped (<c>hugetlb_mcopy_atomic_pte</c>, from 5.13).</summary>
    RestoreReserve,
}
