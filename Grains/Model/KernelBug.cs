namespace Hugesim.Model;

/// <summary>
/// Accounting bugs of real kernels, each of which can be switched on by itself. B1 to B8 were found by the recordings, and a profile has those of
/// its kernel; <see cref="KernelProfile.Repaired"/> has none. The others are history, which a profile has when it is asked for; all
/// are exhibits of <c>hugesim museum</c>. The first words of each summary name the commit that fixed it.
/// </summary>
/// <remarks>One bit each: a rule that a bug breaks tests one bit of a set that it has at hand.</remarks>
[Flags]
public enum KernelBug : ulong
{
    /// <summary>No bug.</summary>
    None = 0,

    /// <summary>The owner unmaps a page that a child still shares, and its reservation is restored: resv is negative until the child lets go.</summary>
    B1 = 1UL << 0,

    /// <summary>mmap fails for lack of pages on a mount with size and min_size: resv is one too low for good.</summary>
    B2 = 1UL << 1,

    /// <summary>A fault without reservation or a fallocate fails on a mount with size: its quota is lost for good.</summary>
    B3 = 1UL << 2,

    /// <summary>mremap of a part of a private mapping: what stays behind loses its reserve map, and resv its way back.</summary>
    B4 = 1UL << 3,

    /// <summary>mmap or a fault fails while the reserve of min_size is in use: the reserve is filled with pages that nobody took.</summary>
    B5 = 1UL << 4,

    /// <summary>A child that is no owner copies a page on a min_size mount: the subpool's reserve is used, resv is not lowered.</summary>
    B6 = 1UL << 5,

    /// <summary>A freed surplus page on a min_size mount goes to the buddy allocator though the subpool counts on it: resv over free.</summary>
    B7 = 1UL << 6,

    /// <summary>
    /// <c>unmap_ref_private</c> takes the page away at the owner's address in every process that has the page of the file in a private mapping without
    /// reservations, whatever that mapping's own address is. If that is the owner's own process, the owner loses its page with what was in it, and the
    /// page that it gets instead is charged a second time; and a child is refused access to the wrong mapping afterwards.
    /// </summary>
    B8 = 1UL << 7,

    /// <summary>b45b5bd65f66: mmap compares its length with the free pages and reserves nothing.</summary>
    HeuristicCheck = 1UL << 41,

    /// <summary>c79fb75e5a51: a private page's quota is debited and never credited.</summary>
    QuotaNeverCredited = 1UL << 8,

    /// <summary>f83a275dbc5c: a shared mapping that cannot be written to is reserved as a private one.</summary>
    ReadOnlyIsPrivate = 1UL << 9,

    /// <summary>4a6018f7f4f1: a NORESERVE fault without a page is an out-of-memory kill.</summary>
    NoreserveOomKill = 1UL << 10,

    /// <summary>4523e1458566: the error path of a reservation without a VMA puts the VMA's reserve map.</summary>
    ShmgetOops = 1UL << 11,

    /// <summary>72231b03ccf1: a fault without reservation takes a page that is reserved.</summary>
    StealReservedPage = 1UL << 12,

    /// <summary>7b24d8616be3: a shared reserve map is read and written by two tasks at once.</summary>
    UnlockedRegionList = 1UL << 13,

    /// <summary>33039678c8da: hugetlb_reserve_pages does not look at what region_add added.</summary>
    UncompensatedReserve = 1UL << 14,

    /// <summary>5e9113731a3c: region_chg sets no descriptor aside for a range without gaps.</summary>
    NoRegionCache = 1UL << 15,

    /// <summary>d85f69b0b533: a hole punch counts pages, not places: holes make it reach behind its end.</summary>
    PunchBehindHole = 1UL << 16,

    /// <summary>67961f9db8c4: an owner's private mapping counts every page as reserved.</summary>
    PrivateAlwaysReserved = 1UL << 17,

    /// <summary>96b96a96ddee: an error after a private page was allocated leaves its map entry.</summary>
    PrivateErrorLeak = 1UL << 18,

    /// <summary>082d5b6b60e9: pages that are reserved are dissolved.</summary>
    DissolveReserved = 1UL << 19,

    /// <summary>e5bbc8a6c992: hugetlb_lock is dropped while unused surplus is returned.</summary>
    SurplusReturnUnlocked = 1UL << 20,

    /// <summary>ff8c0c53c475: region_abort after a region_chg that failed.</summary>
    AbortAfterFailedChg = 1UL << 21,

    /// <summary>cb6acd01e2e4: migration loses the page's subpool.</summary>
    MigrationLosesSubpool = 1UL << 22,

    /// <summary>0919e1b69ab4: a page whose reservation is restored is put to the subpool as well.</summary>
    RestorePutsSubpool = 1UL << 23,

    /// <summary>79aa925bf239: a region is trimmed before the cgroup is uncharged for it.</summary>
    UnchargeAfterTrim = 1UL << 24,

    /// <summary>e7dd91c456a8: the owner's copy-on-write holds its lock while it unmaps its children.</summary>
    CowHoldsLock = 1UL << 25,

    /// <summary>d84cf06e3dd8: UFFDIO_COPY allocates before it looks whether the page is in the cache.</summary>
    UffdCopyOverCached = 1UL << 27,

    /// <summary>8cc5fcbb5be8: UFFDIO_COPY keeps its page, and the reservation with it, while it copies anew without the lock.</summary>
    UffdCopyKeepsPage = 1UL << 28,

    /// <summary>c7b1850dfb41: restore_reserve_on_error for a page of the page cache.</summary>
    RestoreCachedPage = 1UL << 29,

    /// <summary>cc30042df6fc: an error of userfaultfd deletes the map entry of a page in the cache.</summary>
    UffdErrorDropsEntry = 1UL << 30,

    /// <summary>846be08578ed: restore_reserve_on_error cares only for pages that consumed a reservation.</summary>
    RestoreOnlyConsumed = 1UL << 31,

    /// <summary>12df140f0bdf: resv_huge_pages is decremented outside of hugetlb_lock.</summary>
    ResvUnlocked = 1UL << 32,

    /// <summary>2820b0f09be9: MADV_DONTNEED frees its pages when faults may already run again.</summary>
    DontneedFreesLate = 1UL << 33,

    /// <summary>b76b46902c2d: the cgroup is uncharged for reservations without the lock.</summary>
    RsvdUnlocked = 1UL << 34,

    /// <summary>58db7c5fbe7d: an owner's copy-on-write takes the subpool's reserve and leaves resv.</summary>
    OwnerCowLeavesResv = 1UL << 35,

    /// <summary>copy_vma, 2025: a failed mremap closes the copy of the area, which gives back the reservations of the original.</summary>
    FailedMremapCloses = 1UL << 26,

    /// <summary>21cc2b5c5062: once one page's reservation was restored, those of all later pages of the range are.</summary>
    StickyRestore = 1UL << 37,

    /// <summary>1d3f9bb4c8af: mmap fails for lack of pages, and the subpool keeps the quota of those that the pool did not give.</summary>
    FailedReserveLosesQuota = 1UL << 38,

    /// <summary>40c81856e622: the copy of a page fails in UFFDIO_COPY or fork, and the reservation of the VMA is lost.</summary>
    FailedCopyLosesReserve = 1UL << 39,

    /// <summary>7a197d346a44: the formula as the reservation document had it: needed &lt;= resv - free.</summary>
    InvertedFormula = 1UL << 40,

    /// <summary>7fc2513aa237: hugetlb_reserve_pages succeeds although region_add has failed.</summary>
    FailedAddSucceeds = 1UL << 42,

    /// <summary>Row R17 of the reservation document: the race between vma_needs_reservation and vma_commit_reservation is not compensated.</summary>
    UncompensatedCommit = 1UL << 36,
}
