using Xunit;

namespace Hugesim.Tests.Documents;

/// <summary>What the reservation document (Documentation/vm/hugetlbfs_reserv, 7 April 2017) says of the 4.10 kernel. Quoted sentences are the document's.</summary>
public sealed class ReservationDocumentTests
{
    private const string Kernel = "4.10";

    [Fact]
    [Trait("Row", "R1")]
    public Task AvailablePages_AnyTime_AreFreeMinusReserved() => Script.PlayAsync(Kernel, """
        pool 5
        proc p
        proc q
        p mmap m 3 private | free=5 resv=3
        # "Reserved huge pages are only available to the task which reserved them. Therefore, the number of huge pages generally available is computed as
        # (free_huge_pages - resv_huge_pages)."
        q mmap n 3 private => ENOMEM | free=5 resv=3
        q mmap n 2 private noreserve | free=5 resv=3
        q w n 0..1 | free=3 resv=3
        q mmap o 1 private noreserve
        q w o 0 => killed by SIGBUS at page 0 | free=5 resv=3
        """);

    [Fact]
    [Trait("Row", "R3")]
    [Trait("Row", "R22")]
    public Task OwnersCow_NoPageLeft_PageIsUnmappedFromTheChildWhichIsMarked() => Script.PlayAsync(Kernel, """
        pool 2
        proc p
        p mmap m 2 private
        p w m 0..1 5 | free=0 resv=0
        p fork c
        c catch
        # "If the owner is the faulting task, we want it to succeed since it owned the original reservation. To accomplish this, the page is unmapped from the
        # non-owning task."
        p w m 0 6 | free=0 resv=0
        p r m 0..1 => ok val=6,5
        # "In addition, the HPAGE_RESV_UNMAPPED bit is set ... The non-owning task may receive a SIGBUS if it later faults on a non-present page."
        c r m 0 => SIGBUS(code=2) at page 0
        c r m 1 => ok val=5
        # The mark outlasts the shortage: an empty page would look like lost data.
        pool 4 | free=2
        c r m 0 => SIGBUS(code=2) at page 0
        """);

    [Fact]
    [Trait("Row", "R3")]
    [Trait("Row", "R22")]
    public Task ChildsCow_NoPageLeft_ChildGetsSigbus() => Script.PlayAsync(Kernel, """
        pool 2
        proc p
        p mmap m 2 private
        p w m 0..1 5
        p fork c
        # "In the case where the faulting task is not the owner, the fault will fail and the task will typically receive a SIGBUS."
        c w m 0 6 => killed by SIGBUS at page 0 | free=0 resv=0
        p r m 0..1 => ok val=5,5
        """);

    [Fact]
    [Trait("Row", "R5")]
    public Task SharedMap_MappingEnds_StaysWithTheInode() => Script.PlayAsync(Kernel, """
        pool 4
        mount A
        proc p
        p open f A/x
        # "For shared mappings, the reservation map hangs off the inode."
        p mmap s 2 shared fd=f | resv=2
        p munmap s | resv=2
        p exit => exited 0 | resv=2
        proc q
        q open f A/x
        q mmap s 2 shared fd=f | resv=2
        q munmap s
        q close f
        q unlink A/x | resv=0
        """);

    [Fact]
    [Trait("Row", "R5")]
    public Task PrivateMap_MappingEnds_EndsWithTheVma() => Script.PlayAsync(Kernel, """
        pool 4
        mount A
        proc p
        p open f A/x
        # "For private mappings, the reservation map hangs off the VMA structure."
        p mmap m 2 private fd=f | resv=2
        p mmap n 1 private fd=f | resv=3
        p munmap m | resv=1
        p munmap n | resv=0
        """);

    [Fact]
    [Trait("Row", "R6")]
    public Task ReservePages_MmapAndShmget_CountFromTheOffsetAndNotForNoreserve() => Script.PlayAsync(Kernel, """
        pool 8
        mount A
        proc p
        p open f A/x
        # "If NORESERVE was specified, then this routine returns immediately as no reservations are desired."
        p mmap m 2 shared fd=f noreserve | resv=0
        p mmap n 2 private noreserve | resv=0
        p shmget t 3 noreserve | resv=0
        # "For shmget(), 'from' is always 0 and 'to' corresponds to the length of the segment/mapping."
        p shmget s 3 | resv=3
        p shmrm s | resv=0
        # "For mmap(), the offset argument could be used to specify the offset into the underlying file. In such a case, the 'from' and 'to' arguments have been
        # adjusted by this offset."
        p mmap a 2 shared fd=f off=1 | resv=2
        p mmap b 1 shared fd=f off=2 | resv=2
        p mmap c 1 shared fd=f off=0 | resv=3
        p mmap d 1 shared fd=f off=3 | resv=4
        """);

    [Fact]
    [Trait("Row", "R7")]
    public Task MapEntries_PageConsumedAndFreed_MeanReservedInSharedMapsAndConsumedInPrivateOnes() => Script.PlayAsync(Kernel, """
        pool 4
        mount A
        proc p
        p open f A/x
        # "For shared mappings, an entry in the reservation map indicates a reservation exists or did exist ... As reservations are consumed, the reservation map
        # is not modified": mapping the page again asks for nothing.
        p mmap s 1 shared fd=f | resv=1
        p w s 0 | free=3 resv=0
        p mmap t 1 shared fd=f | free=3 resv=0
        # "For private mappings, the lack of an entry in the reservation map indicates a reservation exists ... entries are added": at the end only what has no
        # entry is given back.
        p mmap m 2 private | resv=2
        p w m 0 | free=2 resv=1
        p munmap m | free=3 resv=0
        """);

    [Fact]
    [Trait("Row", "R8")]
    public Task NeededPages_SameFileTwice_AllForPrivateAndOnlyMissingForShared() => Script.PlayAsync(Kernel, """
        pool 8
        mount A
        proc p
        p open f A/x
        # "For private mappings, this is always the value (to - from)."
        p mmap m 2 private fd=f | resv=2
        p mmap n 2 private fd=f | resv=4
        # "However, for shared mappings it is possible that some reservations may already exist within the range (to - from)."
        p mmap s 2 shared fd=f | resv=6
        p mmap t 3 shared fd=f | resv=7
        p mmap u 3 shared fd=f | resv=7
        # "the HPAGE_RESV_OWNER flag is set to indicate this VMA owns the reservations": a child's VMA does not, and gives nothing back.
        p fork c | resv=7
        c munmap m | resv=7
        p munmap m | resv=5
        """);

    [Fact]
    [Trait("Row", "R11")]
    public Task FailedReservation_SharedMap_LeavesNoRegionBehind() => Script.PlayAsync(Kernel, """
        pool 3
        mount A
        proc p
        p open f A/x
        p mmap s 5 shared fd=f => ENOMEM | resv=0
        # "If there were enough free huge pages and the global count resv_huge_pages was adjusted, then the reservation map ... is modified"; after the failure
        # the map has nothing, so that 3 pages are still to be reserved.
        p mmap s 3 shared fd=f | resv=3
        # "For private mappings, no modifications are made to the reservation map as lack of an entry indicates a reservation exists."
        p munmap s
        p close f
        p unlink A/x | resv=0
        p mmap m 3 private | resv=3
        p w m 0..2 | free=0 resv=0
        """);

    [Fact]
    [Trait("Row", "R13")]
    [Trait("Row", "R18")]
    public Task InstantiatedPage_Freed_LeavesTheReservedCountAlone() => Script.PlayAsync(Kernel, """
        pool 3
        proc p
        p mmap m 2 private | free=3 resv=2
        # "If there was a reservation associated with the page, the following adjustments are made: SetPagePrivate(page) ... resv_huge_pages--"
        p w m 0 | free=2 resv=1
        # "In both cases, the PagePrivate flag is cleared. Therefore, when a huge page that has been instantiated is freed no adjustment is made to the global
        # reservation count (resv_huge_pages)."
        p munmap m 0 1 | free=3 resv=1
        p munmap m 1 1 | free=3 resv=0
        """);

    [Fact]
    [Trait("Row", "R24")]
    public Task Regions_PunchedTruncatedRemoved_GoPageByPageOrToTheEnd() => Script.PlayAsync(Kernel, """
        pool 6
        mount A
        proc p
        p open f A/x
        p mmap s 6 shared fd=f | free=6 resv=6
        p w s 0..1 | free=4 resv=4
        # "huge pages are removed from the middle of the file one at a time. As the pages are removed, region_del() is called": entries of pages that are not there
        # stay.
        p punch f 1 2 | free=5 resv=4
        p mmap t 1 shared fd=f off=1 | resv=5
        p mmap u 1 shared fd=f off=2 | resv=5
        # "any file_region entries in the reservation map past the new end of file must be deleted"
        p trunc f 2 | free=5 resv=1
        # "When a file in the hugetlbfs filesystem is being removed, the inode will be released and the reservation map freed."
        p unlink A/x
        p exit => exited 0 | free=6 resv=0
        """);

    [Fact]
    [Trait("Row", "R25")]
    public Task PrivateUnmap_PartlyConsumed_GivesBackWhatIsOutstanding() => Script.PlayAsync(Kernel, """
        pool 5
        proc p
        p mmap m 5 private | resv=5
        p w m 0 | free=4 resv=4
        p w m 3 | free=3 resv=3
        # "(outstanding = (end - start) - region_count(resv, start, end))": 2 - 1, then 3 - 1.
        p munmap m 0 2 | free=4 resv=2
        p munmap m 2 3 | free=5 resv=0
        """);

    [Fact]
    [Trait("Row", "R28")]
    public Task Reservation_BoundToANodeWithTooFewPages_SucceedsAndTheFaultDoesNot() => Script.PlayAsync(Kernel, """
        pool 4 | n0=2 n1=2
        proc p
        p mempolicy bind 0
        # "When reservations were added, no attempt was made to take memory policy into account."
        p mmap m 3 private | resv=3
        p w m 0..1 | n0=0 n1=2 resv=1
        # "if an application makes use of cpusets or memory policy there is no guarantee that huge pages will be available on the required nodes. This is true even
        # if there are a sufficient number of global reservations."
        p w m 2 => killed by SIGBUS at page 2 | n0=2 n1=2 resv=0
        """, nodes: 2);

    [Fact]
    [Trait("Row", "R28")]
    public Task Reservation_BoundToANode_IsComparedWithItsFreePagesLater() => Script.PlayAsync("5.10", """
        pool 4 | n0=2 n1=2
        proc p
        p mempolicy bind 0
        # allowed_mems_nr, 5.9: "we fall back to check against current free page availability as a best attempt".
        p mmap m 3 private => ENOMEM | resv=0
        p mmap m 2 private | resv=2
        """, nodes: 2);

    [Fact]
    public Task LaterCalls_Kernel4_10_AreAnsweredAsItDid() => Script.PlayAsync(Kernel, """
        pool 4
        mount A min_size=1 | resv=1
        remount A min_size=1
        cgnew L => ?nocgroup
        proc p
        p open f A/x
        p falloc f 0 1
        p punch f 0 1
        p memfd g => EINVAL
        p mmap m 2 shared fd=f
        p w m 0
        p madvise m 0 1 remove
        p madvise m 0 1 dontneed => EINVAL
        p uffd m 0 2 => EINVAL
        p uffdcopy m 1 => EINVAL
        p uffdzero m 1 => EINVAL
        p mempolicy local
        p mempolicy prefmany 0 => EINVAL
        """);

    [Theory]
    [InlineData("4.10", "ok [p0 p1]")]
    [InlineData("5.10", "ok [p0 p1]")]
    [InlineData("6.1", "ok [. .]")]
    public Task Fork_SharedFilePages_AreCopiedUntil6_0(string kernel, string pages) => Script.PlayAsync(kernel, $"""
        pool 4
        mount A
        proc p
        p open f A/x
        p mmap s 2 shared fd=f
        p w s 0..1
        p pages s => ok [p0 p1]
        p fork c
        c pages s => {pages}
        c r s 0..1 => ok val=1,1
        c w s 0 9 | free=2
        p r s 0 => ok val=9
        """);
}
