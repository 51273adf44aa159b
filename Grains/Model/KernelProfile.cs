namespace Hugesim.Model;

/// <summary>Which node a surplus page for a reservation comes from (<c>gather_surplus_pages</c>).</summary>
public enum ReserveSurplusRule
{
    /// <summary>The one that the task runs on, whatever its policy (before 6.11).</summary>
    LocalNode,

    /// <summary>The first that the policy allows (6.11 to 6.13).</summary>
    FirstAllowedNode,

    /// <summary>Of those that the policy allows, the one that the task runs on before others (from 6.14).</summary>
    NearestAllowedNode,
}

/// <summary>The rules of one kernel as data: everything in which the recorded kernels differ, by name.</summary>
/// <param name="Name">Name as in the folders of the recordings.</param>
/// <param name="Order">Position in time; later kernels have higher numbers.</param>
public sealed record KernelProfile(string Name, int Order)
{
    /// <summary>What a name ends with that means the same kernel without its accounting bugs: <c>7.3+repair</c>.</summary>
    public const string RepairMark = "+repair";

    /// <summary>
    /// The kernel's accounting bugs. B1, B2 and B5 are what <see cref="UnmapRestore"/> and <see cref="FailedReserve"/> say; the others are read from
    /// here.
    /// </summary>
    public KernelBug Bugs { get; init; }

    /// <summary>Failure of the pool inside <c>hugetlb_reserve_pages</c>.</summary>
    public FailedReserveRule FailedReserve { get; init; } = FailedReserveRule.PutWholeChg;

    /// <summary>Reservation of an anonymous page unmapped by its owner (<c>__unmap_hugepage_range</c>).</summary>
    public UnmapRestoreRule UnmapRestore { get; init; } = UnmapRestoreRule.Never;

    /// <summary>
    /// An owner's copy-on-write asks the subpool without asking the map first, and <c>gbl_chg</c> alone chooses the reserve
    /// (<c>alloc_hugetlb_folio</c> with MAP_CHG_ENFORCED, from 6.18). Before, <c>vma_has_reserves</c> decided as well: bug B6.
    /// </summary>
    public bool ReserveByGlobalChange { get; init; }

    /// <summary>Which reservation a page of a private mapping consumes.</summary>
    public PrivateReserveRule PrivateReserve { get; init; } = PrivateReserveRule.MapOfMapping;

    /// <summary>A write fault of the owner without a free page.</summary>
    public OwnerCowRule OwnerCow { get; init; } = OwnerCowRule.TakesPageFromOthers;

    /// <summary>A fault without a page.</summary>
    public NoPageRule NoPage { get; init; } = NoPageRule.Sigbus;

    /// <summary>MAP_NORESERVE and SHM_NORESERVE mean something on huge pages (from commit c37f9fb1, after a1e78772).</summary>
    public bool MapNoreserve { get; init; } = true;

    /// <summary>hugetlbfs knows the mount option min_size (from 4.1); EINVAL before.</summary>
    public bool MountMinSize { get; init; } = true;

    /// <summary>A remount reads its options (from 5.1); before, they were not looked at.</summary>
    public bool RemountReadsOptions { get; init; } = true;

    /// <summary>fallocate works on hugetlbfs (from 4.3); EOPNOTSUPP before.</summary>
    public bool Fallocate { get; init; } = true;

    /// <summary>MADV_REMOVE works on huge pages (from 4.3); EINVAL before.</summary>
    public bool MadviseRemove { get; init; } = true;

    /// <summary>MADV_MERGEABLE (2.6.32) and MADV_HUGEPAGE (2.6.38) exist; EINVAL before.</summary>
    public bool MadviseMergeableHugepage { get; init; } = true;

    /// <summary>Error of memfd_create(MFD_HUGETLB): none from 4.14, EINVAL before, ENOSYS before 3.17.</summary>
    public Errno MemfdHugetlb { get; init; }

    /// <summary>Error of registering huge pages with userfaultfd: none from 4.11, EINVAL before, ENOSYS before 4.3.</summary>
    public Errno UffdHugetlb { get; init; }

    /// <summary>The unified cgroup hierarchy has a hugetlb controller (from 5.6; rsvd from 5.7).</summary>
    public bool CgroupHugetlb { get; init; } = true;

    /// <summary>Files to set the pool of one node, or by memory policy, exist (from 2.6.32).</summary>
    public bool NodePoolFiles { get; init; } = true;

    /// <summary>Memory policy MPOL_LOCAL may be asked for (from 3.8).</summary>
    public bool PolicyLocal { get; init; } = true;

    /// <summary>Memory policy MPOL_PREFERRED_MANY exists (from 5.15).</summary>
    public bool PolicyPreferredMany { get; init; }

    /// <summary>
    /// A reservation is compared with the free pages of the nodes that the task's policy binds it to (<c>allowed_mems_nr</c>, from 5.9); before, of those that
    /// its cpuset allows (<c>cpuset_mems_nr</c>).
    /// </summary>
    public bool ReserveChecksPolicy { get; init; } = true;

    /// <summary>
    /// fork leaves pages of the page cache to later faults (<c>vma_needs_copy</c>, from 6.0); before, the child had all entries of its parent
    /// (<c>copy_hugetlb_page_range</c>).
    /// </summary>
    public bool LazyFork { get; init; }

    /// <summary>
    /// <c>hugetlb_fix_reserve_counts</c> stops where the subpool refuses (from commit da56388c, 5.13); before, it took any answer but 0 as a reason to raise the
    /// global count.
    /// </summary>
    public bool FixReserveChecksSubpool { get; init; } = true;

    /// <summary>
    /// <c>restore_reserve_on_error</c> also looks at pages whose allocation consumed nothing (from commit 846be085, 5.13); before, only at those that carry the
    /// restore-reserve flag.
    /// </summary>
    public bool RestoreCoversAllStates { get; init; } = true;

    /// <summary>The reservation of a page that UFFDIO_COPY could not fill.</summary>
    public CopyFailureRule CopyFailure { get; init; }

    /// <summary>MADV_DONTNEED works on huge pages (from 5.18); EINVAL before.</summary>
    public bool MadviseDontneed { get; init; }

    /// <summary>MADV_POPULATE_READ and MADV_POPULATE_WRITE exist (from 5.14).</summary>
    public bool MadvisePopulate { get; init; }

    /// <summary>mremap can move a huge page mapping (from 5.16).</summary>
    public bool MremapMoves { get; init; }

    /// <summary>mremap can move several mappings at once if their size stays (<c>remap_move</c>, from 6.17).</summary>
    public bool MremapMovesMany { get; init; }

    /// <summary>Where surplus pages for a reservation come from.</summary>
    public ReserveSurplusRule ReserveSurplus { get; init; }

    /// <summary>
    /// The limits of a new hugetlb cgroup are rounded down to whole huge pages and so read as "max" (<c>hugetlb_cgroup_init</c>); from 6.18 the rounding is done
    /// inside VM_BUG_ON, that is not at all in kernels for use, and they read as a number.
    /// </summary>
    public bool NewCgroupReadsMax { get; init; } = true;

    /// <summary>
    /// The size asked of one node is added to the persistent pages of the others (from 6.12); before, to all their pages, surplus included
    /// (<c>set_max_huge_pages</c>).
    /// </summary>
    public bool NodePoolCountsPersistent { get; init; }

    /// <summary>
    /// A shrinking pool keeps persistent pages in use and reserved, leaving surplus out of the sum (from 6.18); before, surplus pages counted as
    /// pages to keep (<c>set_max_huge_pages</c>).
    /// </summary>
    public bool ShrinkKeepsPersistentOnly { get; init; }

    /// <summary>Error of UFFDIO_COPY when no page can be had: EEXIST from 6.18, ENOMEM before.</summary>
    public Errno UffdCopyWithoutPage { get; init; } = Errno.ENOMEM;

    /// <summary>Whether the kernel has that bug.</summary>
    public bool Has(KernelBug bug) => (Bugs & bug) != 0;

    /// <summary>
    /// The same kernel with its accounting bugs repaired, each in the way that its successors took where there is one: a failed reservation gives
    /// back exactly what it took, and a reservation is restored only with the page.
    /// </summary>
    public KernelProfile Repaired() => Name.EndsWith(RepairMark, StringComparison.Ordinal) ? this : this with
    {
        Name = Name + RepairMark,
        Bugs = KernelBug.None,
        FailedReserve = FailedReserveRule.QuotaThenPutSubpoolShare,
        UnmapRestore = UnmapRestore == UnmapRestoreRule.EvenWhenShared ? UnmapRestoreRule.WhenUnshared : UnmapRestore,
    };
}
