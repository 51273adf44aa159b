using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>An emulated machine: boot, mount table, SysV shared memory segments. Not on the path of a fault.</summary>
public interface IMachineGrain : IGrainWithStringKey
{
    /// <summary>Boots the machine with a kernel profile. Must come first.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<MachineContext> Boot(BootMachine request, Operation operation = default);

    /// <summary>mount -t hugetlbfs. Sizes in huge pages, -1 for none.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Mount(TaskContext task, string name, long maxPages, long minPages, long maxInodes, Operation operation = default);

    /// <summary>umount.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> Umount(string name, bool lazy, Operation operation = default);

    /// <summary>Key of the mount of that name, or null.</summary>
    [CarriesFlow]
    ValueTask<string?> ResolveMount(string name);

    /// <summary>A mount that was unmounted lazily has ended.</summary>
    /// <param name="mount">The mount's key.</param>
    /// <param name="operation">Its name.</param>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask MountEnded(string mount, Operation operation = default);

    /// <summary>Is this one of its mounts, also one that was unmounted lazily?</summary>
    /// <param name="mount">The mount's key.</param>
    [AlwaysInterleave]
    [CarriesFlow]
    ValueTask<bool> HasMount(string mount);

    /// <summary>statfs of every mount, in the order of mounting.</summary>
    [CarriesFlow]
    ValueTask<MountStatus[]> Statfs();

    /// <summary>A new process number. The machine knows the process until <see cref="ProcessExited"/>.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<long> NextPid(Operation operation = default);

    /// <summary>A process has ended.</summary>
    /// <param name="process">Its key.</param>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask ProcessExited(string process, Operation operation = default);

    /// <summary>shmget(SHM_HUGETLB).</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<ShmAnswer> ShmGet(TaskContext task, long lengthBytes, bool noReserve, Operation operation = default);

    /// <summary>The segment of that number.</summary>
    [CarriesFlow]
    ValueTask<ShmAnswer> ShmLookup(long id);

    /// <summary>The segment for shmat (<c>shm_nattch++</c>): its inode is open, and who has mapped it closes it, so that no removal comes in between.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<ShmAnswer> ShmAttach(long id, Operation operation = default);

    /// <summary>shmctl(IPC_RMID).</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Errno> ShmRemove(long id, Operation operation = default);

    /// <summary>A grain was called and has no state. If it should have one, the machine is broken from now on.</summary>
    [OneWay]
    [CarriesFlow]
    ValueTask ReportLoss(StateLoss loss);

    /// <summary>For the audit: the grains that the machine consists of; null when it was not booted.</summary>
    [CarriesFlow]
    ValueTask<MachineInventory?> Audit();

    /// <summary>The machine is switched off: the last message of its life.</summary>
    [CarriesFlow]
    ValueTask PowerOff();
}

/// <summary>How a machine boots.</summary>
/// <param name="Profile">Kernel profile.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="CapacityPagesPerNode">Huge pages that a node's memory can hold.</param>
[GenerateSerializer, Immutable, Alias("BootMachine")]
public sealed record BootMachine(string Profile, int Nodes, long CapacityPagesPerNode);

/// <summary>statfs of one mount.</summary>
[GenerateSerializer, Immutable, Alias("MountStatus")]
public sealed record MountStatus(string Name, long Blocks, long FreeBlocks);

/// <summary>A shared memory segment; <paramref name="InodeLife"/> is the life of its inode.</summary>
[GenerateSerializer, Immutable, Alias("ShmAnswer")]
public sealed record ShmAnswer(Errno Error, long Id, string Inode, long LengthBytes, long InodeLife = 0);
