using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// What one mmap made in one address space: its areas, their page table, and the reserve map of a private mapping. Addresses are in huge pages.
/// The two unmap messages come from the inode while this grain may itself wait for the inode: they interleave and call only hstate and frames.
/// </summary>
public interface IVmaGrain : IEndingGrain
{
    /// <summary>hugetlbfs_file_mmap and hugetlb_reserve_pages.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Begun> Map(MapVma request, Operation operation = default);

    /// <summary>Loads, stores or faults in pages one after the other, up to the first that fails: the MMU and hugetlb_fault.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<AccessAnswer> Access(AccessRequest request, Operation operation = default);

    /// <summary>Copies what a forked child gets and write-protects it here: <c>copy_hugetlb_page_range</c>.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<VmaImage> Fork(VmaLife child, Operation operation = default);

    /// <summary>A fork is about to enter this mapping of the child into i_mmap: what is unmapped before <see cref="Adopt"/> is remembered.</summary>
    /// <returns>The life that begins with it.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> Expect(MachineContext machine, Operation operation = default);

    /// <summary>The child's side of fork.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask Adopt(VmaImage image, Operation operation = default);

    /// <summary>Unmaps the pages of a range: <c>__unmap_hugepage_range</c>. Pages nobody else uses are returned, to be freed.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<FreedPage[]> Zap(long first, long end, Operation operation = default);

    /// <summary>Ends the areas of a range, whose pages were zapped before: <c>hugetlb_vm_op_close</c>.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<VmaClosed> Close(long first, long end, Operation operation = default);

    /// <summary>split_vma: the area that holds a page ends before it.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask Split(long page, Operation operation = default);

    /// <summary>mprotect, splitting areas where needed.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Protect(CutRange range, bool read, bool write, Operation operation = default);

    /// <summary>mbind, splitting areas where needed.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> SetPolicy(CutRange range, PolicyMode mode, long nodes, Operation operation = default);

    /// <summary>Advice that is a flag of the area: MADV_DONTFORK, MADV_DOFORK, MADV_HUGEPAGE, MADV_NOHUGEPAGE.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> SetAdvice(CutRange range, int advice, Operation operation = default);

    /// <summary>UFFDIO_REGISTER for missing pages.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask RegisterUffd(long first, long end, Operation operation = default);

    /// <summary>UFFDIO_ZEROPAGE: EINVAL on huge pages, ENOENT where nothing is registered.</summary>
    [CarriesFlow]
    ValueTask<Errno> UffdZero(long page);

    /// <summary>UFFDIO_COPY.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> UffdCopy(TaskContext task, long page, int content, Operation operation = default);

    /// <summary>mremap: moves areas and pages to another address. Without memory for the new areas: ENOMEM, with nothing changed.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Move(long first, long end, long to, Operation operation = default);

    /// <summary>
    /// Migrates the page at an address to a node, if nobody else maps it: <c>move_pages</c> and mbind with MPOL_MF_MOVE.
    /// </summary>
    /// <returns>The node the page is on, or a negative errno: ENOENT no page, EACCES shared, ENOMEM no frame on the node.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<int> Migrate(long page, int node, Operation operation = default);

    /// <summary>The areas that overlap a range, and the pages mapped in it.</summary>
    [CarriesFlow]
    ValueTask<VmaView> Describe(long first, long end);

    /// <summary>Pages [firstIndex, endIndex) of the file are going: truncate and hole punch. What only this mapping had is freed.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask UnmapFile(long firstIndex, long endIndex, Operation operation = default);

    /// <summary>unmap_ref_private: where the area begins in the file that is private, without reservations and has page <paramref name="index"/>; or -1.</summary>
    [AlwaysInterleave]
    [CarriesFlow]
    ValueTask<long> BorrowerOffset(long index);

    /// <summary>unmap_ref_private: takes a frame away at an address, and frees it if nobody else has it.</summary>
    /// <returns>Whether the frame was mapped there.</returns>
    [AlwaysInterleave]
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<bool> TakeReference(TakenPage taken, Operation operation = default);

    /// <summary>unmap_ref_private: the area that has page <paramref name="index"/> has lost one, so that later faults in it fail.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask MarkUnmapped(long index, Operation operation = default);

    /// <summary>Makes later steps of this mapping fail, for tests of error paths.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask InjectFailures(InjectedFailures failures, Operation operation = default);

    /// <summary>For the audit of a machine; null when there is no such mapping.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<VmaAudit?> Audit();
}

/// <summary>A VMA grain and which of its lives is meant.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Life">The life, or 0 where it is not known.</param>
[GenerateSerializer, Immutable, Alias("VmaLife")]
public readonly record struct VmaLife(string Key, long Life);

/// <summary>A frame that the owner of the reservations takes from one who shares it.</summary>
/// <param name="Page">Where it is mapped, in huge pages.</param>
/// <param name="Pfn">The frame.</param>
/// <param name="Index">The area that has this page of the file is marked: later faults in it fail. -1 marks none.</param>
[GenerateSerializer, Immutable, Alias("TakenPage")]
public readonly record struct TakenPage(long Page, long Pfn, long Index);

/// <summary>A range whose areas change; an area that it does not cover is split, if that is possible.</summary>
/// <param name="First">First page.</param>
/// <param name="End">Page after the last.</param>
/// <param name="CutsFirst">The range begins inside the first page, where no area can be split.</param>
/// <param name="CutsLast">The range ends inside the last page.</param>
[GenerateSerializer, Immutable, Alias("CutRange")]
public readonly record struct CutRange(long First, long End, bool CutsFirst, bool CutsLast);

/// <summary>A mapping to be made.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="Task">The task.</param>
/// <param name="Start">Address.</param>
/// <param name="End">Address after it.</param>
/// <param name="PgOff">Huge page of the file at <paramref name="Start"/>.</param>
/// <param name="Inode">Key of the file's inode.</param>
/// <param name="Subpool">Key of its subpool, or null.</param>
/// <param name="Anonymous">MAP_ANONYMOUS: the inode is this mapping's own.</param>
/// <param name="Shared">MAP_SHARED.</param>
/// <param name="NoReserve">MAP_NORESERVE.</param>
/// <param name="ReserveAtMap">False for shm segments, which reserved at shmget.</param>
/// <param name="Read">PROT_READ.</param>
/// <param name="Write">PROT_WRITE.</param>
/// <param name="MayWrite">PROT_WRITE can be asked for later.</param>
/// <param name="InodeLife">The life of the inode, or 0 where this mapping makes it.</param>
[GenerateSerializer, Immutable, Alias("MapVma")]
public sealed record MapVma(
    MachineContext Machine, TaskContext Task, long Start, long End, long PgOff, string Inode, string? Subpool, bool Anonymous, bool Shared,
    bool NoReserve, bool ReserveAtMap, bool Read, bool Write, bool MayWrite, long InodeLife = 0);

/// <summary>What an access does to a page.</summary>
public enum AccessKind
{
    /// <summary>A load: faults the page in and reads it.</summary>
    Load,

    /// <summary>A store: faults the page in for writing and writes it.</summary>
    Store,

    /// <summary>Faults the page in as a load would (populate).</summary>
    FaultRead,

    /// <summary>Faults the page in as a store would (populate).</summary>
    FaultWrite,

    /// <summary>populate_vma_page_range: as a store in private writable areas, which breaks COW, as a load in all others.</summary>
    Populate,
}

/// <summary>An access to pages [First, Last].</summary>
[GenerateSerializer, Immutable, Alias("AccessRequest")]
public sealed record AccessRequest(TaskContext Task, long First, long Last, AccessKind Kind, int Value);

/// <summary>Why an access failed.</summary>
public enum AccessFault
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>SEGV_MAPERR: nothing is mapped there.</summary>
    NotMapped,

    /// <summary>SEGV_ACCERR: the area forbids it.</summary>
    Forbidden,

    /// <summary>BUS_ADRERR: no page could be had, or the file ends before it.</summary>
    Bus,

    /// <summary>VM_FAULT_OOM: the task is killed, whatever signals it catches.</summary>
    OutOfMemory,

    /// <summary>The page is missing and a userfaultfd that nobody serves holds the task.</summary>
    Uffd,
}

/// <summary>How an access ended.</summary>
/// <param name="Values">Values loaded, one a page, up to the failure.</param>
/// <param name="Fault">Why it failed.</param>
/// <param name="Page">The page that failed, or the one after the last.</param>
[GenerateSerializer, Immutable, Alias("AccessAnswer")]
public sealed record AccessAnswer(int[] Values, AccessFault Fault, long Page);

/// <summary>An area as it travels in messages.</summary>
[GenerateSerializer, Immutable, Alias("AreaImage")]
public sealed record AreaImage(
    string Inode, long Start, long End, long PgOff, bool Read, bool Write, bool MayWrite, bool Shared, bool NoReserve, bool AnonVma, ThpAdvice Thp, PolicyMode PolicyMode, long PolicyNodes,
    long InodeLife = 0);

/// <summary>A page table entry as it travels in messages.</summary>
[GenerateSerializer, Immutable, Alias("PteImage")]
public readonly record struct PteImage(long Page, long Pfn, bool Writable, bool Anon);

/// <summary>What fork copies of a mapping; references to the frames are already taken.</summary>
[GenerateSerializer, Immutable, Alias("VmaImage")]
public sealed record VmaImage(
    MachineContext Machine, string Inode, string? Subpool, bool Anonymous, AreaImage[] Areas, PteImage[] Ptes, long InodeLife = 0);

/// <summary>What is left of a mapping.</summary>
/// <param name="Empty">Nothing: the grain ends.</param>
/// <param name="Mount">A mount that may end now, or null.</param>
[GenerateSerializer, Immutable, Alias("VmaClosed")]
public readonly record struct VmaClosed(bool Empty, string? Mount);

/// <summary>A mapping as /proc shows it.</summary>
[GenerateSerializer, Immutable, Alias("VmaView")]
public sealed record VmaView(AreaImage[] Areas, PteImage[] Ptes);
