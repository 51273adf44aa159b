using Xunit;

namespace Hugesim.Tests.Documents;

/// <summary>What the reservation document says of subpools, and of the way from a reservation to a page. Quoted sentences are the document's.</summary>
public sealed class ReservationDocumentSubpoolTests
{
    private const string Kernel = "4.10";

    [Fact]
    [Trait("Row", "R9")]
    public Task Mmap_OverTheMountsSize_FailsWithoutALookAtThePool() => Script.PlayAsync(Kernel, """
        pool 8
        mount A size=2
        proc p
        p open f A/x
        # "The mapping may be associated with a subpool. If so, the subpool is consulted to ensure there is sufficient space for the mapping."
        p mmap s 3 shared fd=f => ENOMEM | free=8 resv=0 A=2/2
        p mmap s 2 shared fd=f | free=8 resv=2 A=2/0
        """);

    [Fact]
    [Trait("Row", "R12")]
    public Task Fault_NoReservationButTheSubpoolHasOne_UsesIt() => Script.PlayAsync(Kernel, """
        pool 3
        mount A min_size=2 | resv=2
        proc p
        proc q
        q mmap z 1 private | free=3 resv=3
        p open f A/x
        p mmap s 3 shared fd=f noreserve | free=3 resv=3
        # "If a reservation does not exist, and there is a subpool associated with the mapping the subpool is consulted to determine if it contains reservations. If
        # the subpool contains reservations, one can be used for this allocation."
        p w s 0..1 | free=1 resv=1
        # The third page would be q's.
        p w s 2 => killed by SIGBUS at page 2
        """);

    [Fact]
    [Trait("Row", "R12")]
    [Trait("Row", "R22")]
    public Task OwnersCow_ReservationOfAnotherPageLeft_DoesNotUseIt() => Script.PlayAsync(Kernel, """
        pool 2
        proc p
        p mmap m 2 private
        p w m 0 5 | free=1 resv=1
        p fork c
        # "in every case the avoid_reserve argument overrides the use of a reservation for the allocation": there is a free page, but it is promised to page 1.
        p w m 0 6 | free=1 resv=1
        p w m 1 7 | free=0 resv=0
        p r m 0..1 => ok val=6,7
        c r m 0 => killed by SIGBUS at page 0
        """);

    [Fact]
    [Trait("Row", "R15")]
    public Task Page_MountAndFileGone_StillKnowsItsSubpool() => Script.PlayAsync(Kernel, """
        pool 4
        mount A size=3 min_size=2 | resv=2 A=3/3
        proc p
        p open f A/x
        p mmap s 1 shared fd=f
        p w s 0 | free=3 resv=1 A=3/2
        # "The page->private field points to any subpool associated with the page": also after the umount, so that the page's end gives back the rest of the minimum.
        umount A lazy | resv=1
        p munmap s | free=3 resv=1
        p close f | free=4 resv=0
        """);

    [Fact]
    [Trait("Row", "R16")]
    public Task Instantiation_NoEntryYet_AddsOneUnlessTheSharedMapHasIt() => Script.PlayAsync(Kernel, """
        pool 4
        mount A
        proc p
        p open f A/x
        # "If there was no reservation in a shared mapping or this was a private mapping a new entry must be created."
        p mmap n 1 shared fd=f noreserve | resv=0
        p w n 0 | free=3 resv=0
        p mmap s 2 shared fd=f | resv=1
        # "For shared mappings where the reservation was present, an entry in the reserve map already existed so no change is made": no entry is added, and the file's removal gives back nothing twice.
        p w s 1 | free=2 resv=0
        p unlink A/x
        p exit => exited 0 | free=4 resv=0
        """);

    [Fact]
    [Trait("Row", "R19")]
    public Task Free_SubpoolBelowItsMinimum_RestoresTheReservation() => Script.PlayAsync(Kernel, """
        pool 4
        mount A min_size=2 | resv=2
        proc p
        p open f A/x
        p mmap s 3 shared fd=f | resv=3
        p w s 0..2 | free=1 resv=0
        # "If this routine returns a value of 0 (which does not equal the value passed 1) it indicates reserves are associated with the subpool, and this newly free
        # page must be used to keep the number of subpool reserves above the minimum size. Therefore, the global resv_huge_pages counter is incremented in this case."
        p trunc f 2 | free=2 resv=1
        p trunc f 1 | free=3 resv=2
        # The reserves are complete: the next page is anybody's.
        p trunc f 0 | free=4 resv=2
        """);

    [Fact]
    [Trait("Row", "R20")]
    public Task Mount_MinimumSize_IsReservedOrTheMountFails() => Script.PlayAsync(Kernel, """
        pool 3
        # "At mount time, hugetlb_acct_memory(min_hpages) is called to reserve the specified number of huge pages. If they can not be reserved, the mount fails."
        mount A min_size=2 | free=3 resv=2 A=-1/-1
        mount B min_size=2 => ENOMEM | free=3 resv=2 B=gone
        umount A | free=3 resv=0
        mount B min_size=3 | free=3 resv=3
        """);

    [Fact]
    [Trait("Row", "R21")]
    public Task SubpoolReserve_ThreeOfFivePages_OnlyTwoFromTheGlobalPool() => Script.PlayAsync(Kernel, """
        pool 5
        mount A size=5 min_size=3 | resv=3 A=5/5
        proc p
        p open f A/x
        # "suppose a subpool contains 3 reserved huge pages and someone asks for 5. The 3 reserved pages associated with the subpool can be used to satisfy part of the
        # request. But, 2 pages must be obtained from the global pools."
        p mmap s 5 shared fd=f | free=5 resv=5 A=5/0
        p w s 0..4 | free=0 resv=0
        # The mirror: while the mount uses its minimum or more, what it returns goes to the global pool; the last 3 pages fill its reserve again.
        p punch f 0 2 | free=2 resv=0 A=5/2
        p punch f 2 3 | free=5 resv=3 A=5/5
        """);

    [Fact]
    [Trait("Row", "R10")]
    [Trait("Row", "R14")]
    public Task Reservation_PoolTooSmall_GrowsBySurplusWhereThatIsAllowed() => Script.PlayAsync(Kernel, """
        pool 2
        proc p
        p mmap m 4 private => ENOMEM | nr=2 resv=0 surp=0
        overcommit 1
        p mmap m 4 private => ENOMEM | nr=2 resv=0 surp=0
        overcommit 2
        # "hugetlb_acct_memory() calls into routines that potentially allocate and adjust surplus page counts."
        p mmap m 4 private | nr=4 free=4 resv=4 surp=2
        p w m 0..3 | free=0 resv=0
        # "if no huge page can be found that satisfies the VMA's memory policy an attempt will be made to allocate one using the buddy allocator"
        overcommit 3
        p mmap n 1 private noreserve
        p w n 0 | nr=5 free=0 resv=0 surp=3
        """);
}
