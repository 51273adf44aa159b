using Xunit;

namespace Hugesim.Tests.Documents;

/// <summary>What the message of commit a1e78772 says of private mappings. Quoted sentences are the message's.</summary>
public sealed class CommitA1e78772Tests
{
    private const string Kernel = "2.6.27";

    [Fact]
    [Trait("Row", "A1")]
    public Task PrivateMmap_Reserves_CountedGloballyAndPerVma() => Script.PlayAsync(Kernel, """
        pool 4 | nr=4 free=4 resv=0
        proc p
        proc q
        # "This patch reserves huge pages at mmap() time for MAP_PRIVATE mappings"
        p mmap m 3 private | free=4 resv=3
        # "The reserve count is accounted both globally ..."
        q mmap n 2 private => ENOMEM | free=4 resv=3
        q mmap n 1 private | free=4 resv=4
        # "... and on a per-VMA basis": each VMA gives back what is left of its own count.
        p w m 0 | free=3 resv=3
        p munmap m | free=4 resv=1
        q munmap n | free=4 resv=0
        """);

    [Fact]
    [Trait("Row", "A1")]
    public Task PrivateMmap_NoreserveOfALaterCommit_IsNotKnownYet() => Script.PlayAsync(Kernel, """
        pool 4
        proc p
        # hugetlb_reserve_pages has no look at MAP_NORESERVE before commit c37f9fb1.
        p mmap m 2 private noreserve | resv=2
        p shmget s 1 noreserve | resv=3
        """);

    [Theory]
    [Trait("Row", "A2")]
    [InlineData(Kernel)]
    [InlineData("4.10")]
    public Task SuccessfulMmap_AnyPressure_FaultsAlwaysUntilFork(string kernel) => Script.PlayAsync(kernel, """
        pool 3
        proc p
        proc q
        # "a process that successfully calls mmap() will successfully fault all pages in the future unless fork() is called"
        p mmap m 3 private | free=3 resv=3
        q mmap n 1 private => ENOMEM
        q mmap n 1 shared => ENOMEM
        pool 0 | nr=3 free=3 resv=3 surp=3
        p mprotect m 1 1 r
        p mprotect m 1 1 rw
        p w m 2 7 | free=2 resv=2
        p r m 0 => ok val=0 | free=1 resv=1
        p w m 1 8 | free=0 resv=0
        p r m 0..2 => ok val=0,8,7
        """);

    [Fact]
    [Trait("Row", "A3")]
    public Task OwnersCow_NoPageLeft_ParentIsKilledWhateverItCatches() => Script.PlayAsync(Kernel, """
        pool 3
        proc p
        proc q
        p catch
        p mmap m 2 private
        p w m 0..1 5 | free=1 resv=0
        q mmap n 1 private | free=1 resv=1
        p fork c
        # "On fork(), the parent may die due to SIGKILL on writes to the private mapping if enough pages are not available for the COW."
        p w m 0 6 => killed by SIGKILL at page 0 | free=1 resv=1
        # Nothing was unmapped from the child (unmap_ref_private came with the next commit): it goes on with both pages.
        c r m 0..1 => ok val=5,5 | free=1 resv=1
        q w n 0 | free=0 resv=0
        """);

    [Fact]
    [Trait("Row", "A3")]
    public Task OwnersCow_PageLeft_ParentLives() => Script.PlayAsync(Kernel, """
        pool 3
        proc p
        p mmap m 2 private
        p w m 0..1 5 | free=1 resv=0
        p fork c
        p w m 0 6 | free=0 resv=0
        c r m 0 => ok val=5
        p r m 0 => ok val=6
        p w m 1 6 => killed by SIGKILL at page 1
        """);

    [Fact]
    [Trait("Row", "A3")]
    public Task OwnersCow_ReserveLeftForAnotherPage_UsesItUp() => Script.PlayAsync(Kernel, """
        pool 2
        proc p
        p mmap m 2 private
        p w m 0 5 | free=1 resv=1
        p fork c
        # Commit 04f2cbe3 says of the state before it: "If reserves were used, a partial faulted mapping at the time of fork() could consume its reserves on
        # COW instead of the full address range."
        p w m 0 6 | free=0 resv=0
        p w m 1 6 => killed by SIGKILL at page 1 | free=1 resv=0
        c r m 0 => ok val=5
        """);

    [Fact]
    [Trait("Row", "A4")]
    public Task Child_AfterFork_ReadsWhatWasFaultedAndWritesWhileThereAreFreePages() => Script.PlayAsync(Kernel, """
        pool 3
        proc p
        p mmap m 2 private
        p w m 0..1 5
        p fork c
        # "Reads on pages already faulted by the parent will succeed."
        c r m 0..1 => ok val=5,5 | free=1 resv=0
        # "Successful writes will depend on enough huge pages being free in the pool."
        c w m 0 6 | free=0 resv=0
        c w m 1 6 => killed by SIGKILL at page 1 | free=1 resv=0
        p r m 0..1 => ok val=5,5
        """);

    [Theory]
    [Trait("Row", "A4")]
    [InlineData(Kernel, "killed by SIGKILL at page 0")]
    [InlineData("4.10", "killed by SIGBUS at page 0")]
    public Task Child_PagesNotFaultedYet_HasNoReservesOfItsOwn(string kernel, string death) => Script.PlayAsync(kernel, $"""
        pool 2
        proc p
        p mmap m 2 private | free=2 resv=2
        p fork c | free=2 resv=2
        # "On fork(), the child VMAs inherit no reserves."
        c w m 0 => {death} | free=2 resv=2
        p w m 0..1 | free=0 resv=0
        """);

    [Theory]
    [Trait("Row", "A5")]
    [InlineData(Kernel)]
    [InlineData("4.10")]
    public Task MountQuota_MapperAndChild_IsCheckedAtReserveTimeAndAtFaultTime(string kernel) => Script.PlayAsync(kernel, """
        pool 8
        mount A size=3 | A=3/3
        proc p
        p open f A/x
        # "Quotas of the hugetlbfs mount are checked at reserve time for the mapper ..."
        p mmap m 2 private fd=f | A=3/1 resv=2
        p mmap n 2 private fd=f => ENOMEM | A=3/1 resv=2
        p w m 0..1 5 | A=3/1 free=6
        # "... and at fault time otherwise": there are pages enough, but one only within the quota.
        p fork c | A=3/1
        c w m 0 6 | A=3/0 free=5
        c w m 1 6 => killed by SIGBUS at page 1 | A=3/1 free=6
        p r m 0..1 => ok val=5,5
        """);

    [Fact]
    [Trait("Row", "A6")]
    public Task ChildsAccesses_NoPageWrittenThatIsThere_DoNotHurtTheParent() => Script.PlayAsync(Kernel, """
        pool 3
        proc p
        p mmap m 3 private
        p w m 0 5 | free=2 resv=2
        p fork c
        # "Before this patch, all reads or writes in the child potentially needs page allocations that can later lead to the death of the parent. This applies to
        # reads and writes of uninstantiated pages as well as COW."
        c r m 0 => ok val=5 | free=2 resv=2
        c r m 1 => killed by SIGKILL at page 1 | free=2 resv=2
        p fork d
        d w m 2 => killed by SIGKILL at page 2 | free=2 resv=2
        p w m 1..2 6 | free=0 resv=0
        p r m 0..2 => ok val=5,6,6
        """);

    [Fact]
    [Trait("Row", "A6")]
    public Task ParentsWrite_ToAPageThatIsThereAndShared_IsWhatHurts() => Script.PlayAsync(Kernel, """
        pool 1
        proc p
        p mmap m 1 private
        p w m 0 5 | free=0 resv=0
        p fork c
        p r m 0 => ok val=5
        # "After the patch it is only a write to an instantiated page that causes problems."
        p w m 0 6 => killed by SIGKILL at page 0
        """);

    [Fact]
    public Task LaterCalls_OldKernel_AreAnsweredAsItDid() => Script.PlayAsync(Kernel, """
        pool 4
        mount A min_size=1 => EINVAL | A=gone
        mount A size=4 | A=4/4
        remount A min_size=1
        nodepool 0 2 => ENOENT
        cgnew L => ?nocgroup
        proc p
        p open f A/x
        p falloc f 0 1 => EOPNOTSUPP
        p falloc f 0 0 => EINVAL
        p punch f 0 1 => EOPNOTSUPP
        p memfd g => ENOSYS
        p mmap m 2 shared fd=f | resv=2
        p w m 0
        p madvise m 0 1 remove => EINVAL
        p madvise m 0 1 dontneed => EINVAL
        p madvise m 0 1 hugepage => EINVAL
        p madvise m 0 1 dontfork
        p uffd m 0 2 => ENOSYS
        p uffdcopy m 1 => EBADF
        p mremap m 0 2 1 m
        p mempolicy local => EINVAL
        """);
}
