using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// A process: task, open files and the layout of its address space. Its methods are the system calls, one at a time, and the accesses of its
/// threads. Addresses and lengths are in bytes.
/// </summary>
public interface IProcessGrain : IEndingGrain
{
    /// <summary>A new process with an empty address space.</summary>
    /// <returns>The life that begins with it.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> Spawn(MachineContext machine, TaskContext task, Operation operation = default);

    /// <summary>fork: the child gets copies of areas and open files.</summary>
    /// <returns>The life of the child.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> Fork(long childPid, Operation operation = default);

    /// <summary>A fork of this process's parent begins: the mappings are announced, near to where this process is.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="vmas">Numbers of the parent's mappings.</param>
    /// <param name="operation">Its name.</param>
    /// <returns>The lives of the mappings, in the same order.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long[]> Expect(MachineContext machine, long[] vmas, Operation operation = default);

    /// <summary>The child's side of <see cref="Fork"/>.</summary>
    /// <returns>The life that begins with it.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> Adopt(ProcessImage image, Operation operation = default);

    /// <summary>execve: a new address space; files stay open.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask Exec(Operation operation = default);

    /// <summary>The process ends, by itself or by a signal.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask Exit(Operation operation = default);

    /// <summary>sigaction for SIGBUS and SIGSEGV: caught and reported, or deadly.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask SetCatch(bool catching, Operation operation = default);

    /// <summary>Changes what the kernel reads from <c>current</c>: cgroup, policy, CPU, cpuset.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask SetTask(TaskContext task, Operation operation = default);

    /// <summary>What the kernel reads from <c>current</c>.</summary>
    [CarriesFlow]
    ValueTask<TaskContext> GetTask();

    /// <summary>mmap.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<MmapAnswer> Mmap(MmapCall call, Operation operation = default);

    /// <summary>munmap.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Munmap(long address, long length, Operation operation = default);

    /// <summary>mprotect.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Mprotect(long address, long length, bool read, bool write, Operation operation = default);

    /// <summary>mremap.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<MmapAnswer> Mremap(MremapCall call, Operation operation = default);

    /// <summary>madvise with the kernel's number of the advice.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Madvise(long address, long length, int advice, Operation operation = default);

    /// <summary>mlock: faults the pages in.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Mlock(long address, long length, Operation operation = default);

    /// <summary>munlock and msync: only check the range.</summary>
    [CarriesFlow]
    ValueTask<Errno> CheckMapped(long address, long length);

    /// <summary>Loads or stores, one a page. A fault that is not caught ends the process.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<TouchAnswer> Touch(long address, long pages, bool write, int value, Operation operation = default);

    /// <summary>The kernel itself loads or stores: EFAULT instead of a signal.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> KernelTouch(long address, bool write, int value, Operation operation = default);

    /// <summary>open.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<OpenAnswer> Open(OpenCall call, Operation operation = default);

    /// <summary>memfd_create(MFD_HUGETLB).</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<OpenAnswer> Memfd(Operation operation = default);

    /// <summary>close.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Close(int fd, Operation operation = default);

    /// <summary>unlink.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Unlink(string mount, string name, Operation operation = default);

    /// <summary>ftruncate.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Truncate(int fd, long bytes, Operation operation = default);

    /// <summary>fallocate, with <paramref name="punch"/> a hole punch.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Fallocate(int fd, long offset, long length, bool keepSize, bool punch, Operation operation = default);

    /// <summary>fstat.</summary>
    [CarriesFlow]
    ValueTask<StatAnswer> Fstat(int fd);

    /// <summary>pread of one number.</summary>
    [CarriesFlow]
    ValueTask<PreadAnswer> Pread(int fd, long offset);

    /// <summary>Is the descriptor open? EBADF if not.</summary>
    [CarriesFlow]
    ValueTask<Errno> CheckFd(int fd, bool write);

    /// <summary>shmat.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<MmapAnswer> Shmat(long id, long address, bool readOnly, Operation operation = default);

    /// <summary>shmdt.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Shmdt(long address, Operation operation = default);

    /// <summary>Areas and pages of a range, as /proc/self/maps, smaps and pagemap show them.</summary>
    [CarriesFlow]
    ValueTask<RangeView> Describe(long address, long length);

    /// <summary>Huge pages mapped: HugetlbPages of /proc/self/status.</summary>
    [CarriesFlow]
    ValueTask<long> MappedPages();

    /// <summary>mbind.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Mbind(MbindCall call, Operation operation = default);

    /// <summary>move_pages of one page: the node it is on afterwards, or a negative errno.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<int> MovePage(long address, int node, Operation operation = default);

    /// <summary>userfaultfd registration of a range for missing pages.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> UffdRegister(long address, long length, Operation operation = default);

    /// <summary>UFFDIO_COPY of one page.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> UffdCopy(long address, int content, Operation operation = default);

    /// <summary>UFFDIO_ZEROPAGE: EINVAL on huge pages.</summary>
    [CarriesFlow]
    ValueTask<Errno> UffdZero(long address);

    /// <summary>Lets calls fail for the mapping at an address and its file, as the kernel's fault injection does.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> InjectFailures(long address, InjectedFailures failures, Operation operation = default);

    /// <summary>For the audit of a machine; null when there is no such process.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<ProcessAudit?> Audit();
}

/// <summary>
/// What fork hands to the child; <paramref name="Unforked"/> are mappings that were announced and that it does not get, <paramref name="Parent"/> is the
/// parent's number.
/// </summary>
[GenerateSerializer, Immutable, Alias("ProcessImage")]
public sealed record ProcessImage(
    MachineContext Machine, TaskContext Task, bool Catching, long NextVma, OpenFile[] Files, VmaImage[] Vmas, VmaNumber[] VmaNumbers,
    AttachedSegment[] Segments, VmaNumber[] Unforked, long Parent = 0);

/// <summary>A mapping of a process and which life of its grain is meant.</summary>
[GenerateSerializer, Immutable, Alias("VmaNumber")]
public readonly record struct VmaNumber(long Number, long Life);

/// <summary>An attached shared memory segment: number of the mapping, address in huge pages.</summary>
[GenerateSerializer, Immutable, Alias("AttachedSegment")]
public readonly record struct AttachedSegment(long Vma, long Start);

/// <summary>An open file; <paramref name="InodeLife"/> is the life of its inode.</summary>
[GenerateSerializer, Immutable, Alias("OpenFile")]
public sealed record OpenFile(int Fd, string Inode, string? Subpool, bool ReadOnly, long InodeLife = 0);

/// <summary>Arguments of mmap.</summary>
/// <param name="Address">Wanted address; taken if free, or whatever is there with <paramref name="Fixed"/>.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Fixed">MAP_FIXED.</param>
/// <param name="Read">PROT_READ.</param>
/// <param name="Write">PROT_WRITE.</param>
/// <param name="Shared">MAP_SHARED.</param>
/// <param name="NoReserve">MAP_NORESERVE.</param>
/// <param name="Fd">The file, or -1 for MAP_ANONYMOUS | MAP_HUGETLB.</param>
/// <param name="Offset">Bytes into the file.</param>
/// <param name="Populate">MAP_POPULATE or MAP_LOCKED.</param>
[GenerateSerializer, Immutable, Alias("MmapCall")]
public sealed record MmapCall(
    long Address, long Length, bool Fixed, bool Read, bool Write, bool Shared, bool NoReserve, int Fd, long Offset, bool Populate);

/// <summary>An address, or why not.</summary>
[GenerateSerializer, Immutable, Alias("MmapAnswer")]
public readonly record struct MmapAnswer(Errno Error, long Address, long Length);

/// <summary>Arguments of mremap.</summary>
[GenerateSerializer, Immutable, Alias("MremapCall")]
public sealed record MremapCall(long Address, long OldLength, long NewLength, bool MayMove, bool DontUnmap, bool Fixed, long NewAddress);

/// <summary>Arguments of mbind.</summary>
[GenerateSerializer, Immutable, Alias("MbindCall")]
public sealed record MbindCall(long Address, long Length, PolicyMode Mode, long Nodes, bool Move, bool Strict);

/// <summary>How loads or stores ended.</summary>
/// <param name="Values">Values loaded.</param>
/// <param name="Signal">0, or the signal: SIGBUS 7, SIGSEGV 11.</param>
/// <param name="Code">si_code of the signal.</param>
/// <param name="FailedPage">Which page, counted from the first one touched.</param>
/// <param name="Killed">The signal was not caught: the process is dead.</param>
/// <param name="Stuck">A userfaultfd that nobody serves holds the task.</param>
[GenerateSerializer, Immutable, Alias("TouchAnswer")]
public sealed record TouchAnswer(int[] Values, int Signal, int Code, long FailedPage, bool Killed, bool Stuck);

/// <summary>Arguments of open.</summary>
[GenerateSerializer, Immutable, Alias("OpenCall")]
public sealed record OpenCall(string Mount, string Name, bool ReadOnly, bool Create, bool Exclusive, bool Truncate);

/// <summary>A file descriptor, or why not.</summary>
[GenerateSerializer, Immutable, Alias("OpenAnswer")]
public readonly record struct OpenAnswer(Errno Error, int Fd);

/// <summary>fstat, or why not.</summary>
[GenerateSerializer, Immutable, Alias("StatAnswer")]
public readonly record struct StatAnswer(Errno Error, InodeStat Stat);

/// <summary>pread, or why not.</summary>
[GenerateSerializer, Immutable, Alias("PreadAnswer")]
public readonly record struct PreadAnswer(Errno Error, long Bytes, int Value);

/// <summary>A page as pagemap and smaps show it; <paramref name="Page"/> is its address in huge pages.</summary>
[GenerateSerializer, Immutable, Alias("PageView")]
public readonly record struct PageView(long Page, long Pfn, int MapCount);

/// <summary>Areas and pages of a range of addresses.</summary>
[GenerateSerializer, Immutable, Alias("RangeView")]
public sealed record RangeView(AreaImage[] Areas, PageView[] Pages);
