using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// A file of hugetlbfs: its size, its page cache, the reserve map of its shared mappings, and which VMAs map it (i_mmap). One fault, truncate or
/// hole punch at a time, as hugetlb_fault_mutex and i_mmap_rwsem order them in the kernel. Reservations interleave with faults, which know
/// nothing of inode_lock; truncate, hole punch and fallocate wait for them.
/// </summary>
public interface IInodeGrain : IEndingGrain
{
    /// <summary>hugetlbfs_get_inode.</summary>
    /// <returns>The life that begins with it.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> Create(InodeCreate request, Operation operation = default);

    /// <summary>One more open file.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask Open(Operation operation = default);

    /// <summary>One more open file, unless the inode has been evicted.</summary>
    /// <returns>Whether it is open.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<bool> TryOpen(Operation operation = default);

    /// <summary>One open file less; the last reference to an unlinked file evicts it.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodeReleased> Close(Operation operation = default);

    /// <summary>The name is gone.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodeReleased> Unlink(Operation operation = default);

    /// <summary>hugetlb_reserve_pages without a VMA: shmget.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Reserve(TaskContext task, long from, long to, Operation operation = default);

    /// <summary>
    /// hugetlbfs_file_mmap: reserves for a shared mapping, lets the file grow, and enters the VMA into i_mmap. It may come between the two looks that a fault takes
    /// at the reserve map (row R17), as inode_lock keeps no fault out.
    /// </summary>
    [AlwaysInterleave]
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Map(MapInode request, Operation operation = default);

    /// <summary>Enters a VMA that fork copied into i_mmap.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask AddMapping(VmaLife vma, Operation operation = default);

    /// <summary>A VMA is gone.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodeReleased> RemoveMapping(string vma, Operation operation = default);

    /// <summary>hugetlb_no_page of a shared mapping: finds the page in the cache or allocates it. The answer's frame has a mapping's reference.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodePage> FaultShared(InodeFault fault, Operation operation = default);

    /// <summary>filemap_lock_hugetlb_folio for a private mapping: the cached page with a mapping's reference, or none.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodePage> FindPage(long index, Operation operation = default);

    /// <summary>unmap_ref_private: takes the page away from all other private mappings that do not own reservations.</summary>
    /// <param name="owner">The VMA grain that needs the frame for itself.</param>
    /// <param name="page">Where it has it.</param>
    /// <param name="index">The page in the file.</param>
    /// <param name="pfn">The frame.</param>
    /// <returns>False if a mapping did not answer in time and the caller has to ask again, so that a mapping which is about to move can.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<bool> UnmapRefPrivate(string owner, long page, long index, long pfn, Operation operation = default);

    /// <summary>ftruncate. ERESTARTSYS: a mapping did not answer in time, and the call has to begin again, so that a mapping which is about to move can.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Truncate(long bytes, Operation operation = default);

    /// <summary>hugetlbfs_punch_hole. ERESTARTSYS as in <see cref="Truncate"/>.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> PunchHole(long offsetBytes, long lengthBytes, Operation operation = default);

    /// <summary>hugetlbfs_fallocate.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Fallocate(TaskContext task, long offsetBytes, long lengthBytes, bool keepSize, Operation operation = default);

    /// <summary>hugetlb_mfill_atomic_pte of a shared mapping: puts a page with that content into the cache.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodePage> InstallShared(InodeFault fault, Operation operation = default);

    /// <summary>
    /// migrate_huge_page_move_mapping: moves a cached page to a node, unless somebody else maps it as well. It is a turn of the inode's own, so that no truncate and no fault comes between
    /// the frame and the cache.
    /// </summary>
    /// <param name="index">The page in the file.</param>
    /// <param name="pfn">The frame that the caller has; it holds a mapping's reference and has no page table entry for it meanwhile.</param>
    /// <param name="node">The node.</param>
    /// <param name="operation">Its name.</param>
    /// <returns>The frame to which the reference belongs now. Cached: it is the page, moved or already gone from the cache; Shared: others map it; NoPage: the node has no frame.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<InodePage> MigratePage(long index, long pfn, int node, Operation operation = default);

    /// <summary>hugetlbfs_read_iter: the number at an offset.</summary>
    [CarriesFlow]
    ValueTask<ReadAnswer> Read(long offsetBytes);

    /// <summary>fstat.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<InodeStat> Stat();

    /// <summary>Open files and mappings; 0 means that only a name holds the inode, null that there is no such inode.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<int?> ReferenceCount();

    /// <summary>Makes later steps of this inode fail, for tests of error paths.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask InjectFailures(InjectedFailures failures, Operation operation = default);

    /// <summary>For the audit of a machine; null when there is no such inode.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<InodeAudit?> Audit();
}

/// <summary>What an inode is made of.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="Subpool">Key of its subpool, or null.</param>
/// <param name="Mount">Key of its mount, or null for the internal one.</param>
/// <param name="Named">It has a name in a directory.</param>
/// <param name="SizeBytes">Its size at first.</param>
[GenerateSerializer, Immutable, Alias("InodeCreate")]
public sealed record InodeCreate(MachineContext Machine, string? Subpool, string? Mount, bool Named, long SizeBytes);

/// <summary>What is left after a reference is dropped.</summary>
/// <param name="Mount">The mount to end if it was detached, when no reference is left; null otherwise.</param>
/// <param name="Evicted">The inode has ended.</param>
[GenerateSerializer, Immutable, Alias("InodeReleased")]
public readonly record struct InodeReleased(string? Mount, bool Evicted);

/// <summary>A mapping of a file.</summary>
/// <param name="Vma">Key of the VMA grain.</param>
/// <param name="Task">The task.</param>
/// <param name="From">First huge page of the file.</param>
/// <param name="To">Huge page after the last one.</param>
/// <param name="Shared">MAP_SHARED.</param>
/// <param name="Reserve">Reservations are wanted: not NORESERVE, and not a shm segment, which reserved at shmget.</param>
/// <param name="Writable">PROT_WRITE: the file grows to hold the mapping.</param>
/// <param name="VmaLife">The life of the VMA grain.</param>
[GenerateSerializer, Immutable, Alias("MapInode")]
public sealed record MapInode(string Vma, TaskContext Task, long From, long To, bool Shared, bool Reserve, bool Writable, long VmaLife = 0);

/// <summary>A fault on a shared mapping.</summary>
/// <param name="Index">Huge page of the file.</param>
/// <param name="Task">The task.</param>
/// <param name="NoReserve">VM_NORESERVE of the faulting area.</param>
/// <param name="PolicyMode">Memory policy of the area.</param>
/// <param name="PolicyNodes">Its nodes.</param>
/// <param name="Content">Stored into a page that is new.</param>
[GenerateSerializer, Immutable, Alias("InodeFault")]
public sealed record InodeFault(long Index, TaskContext Task, bool NoReserve, PolicyMode PolicyMode, long PolicyNodes, int Content);

/// <summary>How the inode answered a fault.</summary>
public enum InodePageResult
{
    /// <summary>The page was in the cache.</summary>
    Cached,

    /// <summary>The page is new.</summary>
    Allocated,

    /// <summary>The page is not in the cache (private lookups).</summary>
    Missing,

    /// <summary>The page lies behind the end of the file.</summary>
    BeyondEnd,

    /// <summary>No page could be had from pool or cgroup.</summary>
    NoPage,

    /// <summary>The mount's size does not allow one more page.</summary>
    OverQuota,

    /// <summary>No descriptor could be had for the reserve map.</summary>
    NoMemory,

    /// <summary>UFFDIO_COPY could not fill the page.</summary>
    CopyFailed,

    /// <summary>Others map the page too, so it is not moved.</summary>
    Shared,
}

/// <summary>A page of the page cache.</summary>
[GenerateSerializer, Immutable, Alias("InodePage")]
public readonly record struct InodePage(InodePageResult Result, long Pfn);

/// <summary>Bytes read and the number in them.</summary>
[GenerateSerializer, Immutable, Alias("ReadAnswer")]
public readonly record struct ReadAnswer(long Bytes, int Value);

/// <summary>fstat: bytes, huge pages in the cache, links.</summary>
[GenerateSerializer, Immutable, Alias("InodeStat")]
public readonly record struct InodeStat(long SizeBytes, long CachedPages, int Links);
