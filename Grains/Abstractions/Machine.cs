using Hugesim.Model;

namespace Hugesim.Abstractions;

/// <summary>An emulated machine: boot, mount table, SysV shared memory segments. Not on the path of a fault.</summary>
public interface IMachineGrain : IGrainWithStringKey
{
    /// <summary>Boots the machine with a kernel profile. Must come first.</summary>
    ValueTask<MachineContext> Boot(BootMachine request);

    /// <summary>mount -t hugetlbfs. Sizes in huge pages, -1 for none.</summary>
    ValueTask<Errno> Mount(TaskContext task, string name, long maxPages, long minPages, long maxInodes);

    /// <summary>umount.</summary>
    ValueTask<Errno> Umount(string name, bool lazy);

    /// <summary>Key of the mount of that name, or null.</summary>
    ValueTask<string?> ResolveMount(string name);

    /// <summary>statfs of every mount, in the order of mounting.</summary>
    ValueTask<MountStatus[]> Statfs();

    /// <summary>A new process number. The machine knows the process until <see cref="ProcessExited"/>.</summary>
    ValueTask<long> NextPid();

    /// <summary>A process has ended.</summary>
    /// <param name="process">Its key.</param>
    ValueTask ProcessExited(string process);

    /// <summary>shmget(SHM_HUGETLB).</summary>
    ValueTask<ShmAnswer> ShmGet(TaskContext task, long lengthBytes, bool noReserve);

    /// <summary>The segment of that number.</summary>
    ValueTask<ShmAnswer> ShmLookup(long id);

    /// <summary>The segment for shmat (<c>shm_nattch++</c>): its inode is open, and who has mapped it closes it, so that no removal comes in between.</summary>
    ValueTask<ShmAnswer> ShmAttach(long id);

    /// <summary>shmctl(IPC_RMID).</summary>
    ValueTask<Errno> ShmRemove(long id);

    /// <summary>A grain was called and has no state. If it should have one, the machine is broken from now on.</summary>
    [OneWay]
    ValueTask ReportLoss(StateLoss loss);

    /// <summary>For the audit: the grains that the machine consists of; null when it was not booted.</summary>
    ValueTask<MachineInventory?> Audit();

    /// <summary>The machine is switched off: the last message of its life.</summary>
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

/// <summary>A shared memory segment.</summary>
[GenerateSerializer, Immutable, Alias("ShmAnswer")]
public sealed record ShmAnswer(Errno Error, long Id, string Inode, long LengthBytes);
