using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>All of a mount as plain data.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="HasSubpool">It has size or min_size.</param>
/// <param name="MaxInodes">Most inodes, or -1.</param>
/// <param name="IsDetached">It was unmounted lazily while in use.</param>
/// <param name="NextIno">The next inode's number.</param>
/// <param name="Names">The directory: names and keys of inodes.</param>
/// <param name="Inodes">Inodes that may still have pages.</param>
/// <param name="Lives">The lives of the inodes in the directory, in its order.</param>
public sealed record MountState(
    MachineContext Machine, bool HasSubpool, long MaxInodes, bool IsDetached, long NextIno, KeyValuePair<string, string>[] Names, string[] Inodes, long[]? Lives = null);
