using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>All of a machine grain as plain data.</summary>
/// <param name="Machine">Its name and profile.</param>
/// <param name="Nodes">NUMA nodes.</param>
/// <param name="NextMount">The number of its next mount.</param>
/// <param name="NextPid">Its next process number.</param>
/// <param name="NextSegment">The number of its next segment.</param>
/// <param name="Mounts">Names and keys of its mounts, in the order of mounting.</param>
/// <param name="Detached">Keys of mounts that were unmounted lazily.</param>
/// <param name="Processes">Keys of the processes that have not exited.</param>
/// <param name="Segments">Its shared memory segments.</param>
/// <param name="Loss">The first part that was found lost, or null.</param>
public sealed record MachineState(
    MachineContext Machine, int Nodes, long NextMount, long NextPid, long NextSegment, KeyValuePair<string, string>[] Mounts, string[] Detached,
    string[] Processes, SegmentState[] Segments, StateLoss? Loss);

/// <summary>A shared memory segment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Inode">Key of its inode.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="IsRemoved">IPC_RMID was done.</param>
/// <param name="Life">The life of the inode.</param>
public sealed record SegmentState(long Id, string Inode, long LengthBytes, bool IsRemoved, long Life = 0);
