using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>A mounted hugetlbfs: its directory and its subpool. One level of names; that is all that scenarios use.</summary>
public interface IMountGrain : IEndingGrain
{
    /// <summary>hugetlbfs_fill_super. Sizes in huge pages, -1 for none.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Model.Errno> Mount(MachineContext machine, TaskContext task, long maxPages, long minPages, long maxInodes, Operation operation = default);

    /// <summary>Looks a name up, or creates it, and opens the file.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<LookupAnswer> Open(string name, bool create, bool exclusive, Operation operation = default);

    /// <summary>Removes a name; the file lives on while it is open or mapped.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<Model.Errno> Unlink(string name, Operation operation = default);

    /// <summary>umount; <paramref name="lazy"/> detaches a mount in use and lets it end with its last user.</summary>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<UmountAnswer> Umount(bool lazy, Operation operation = default);

    /// <summary>After the last reference to a file of a detached mount has gone: ends the mount if nothing else holds it.</summary>
    /// <returns>Whether it has ended.</returns>
    [ResponseTimeout(CallTimes.Flow)]
    [CarriesFlow]
    ValueTask<bool> EndIfUnused(Operation operation = default);

    /// <summary>statfs.</summary>
    [CarriesFlow]
    ValueTask<MountBlocks> Statfs();

    /// <summary>For the audit of a machine; null when there is no such mount, or no longer.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<MountAudit?> Audit();
}

/// <summary>How umount ended.</summary>
/// <param name="Error">Why not.</param>
/// <param name="Ended">The mount has ended; not so after a lazy umount while it was in use.</param>
[GenerateSerializer, Immutable, Alias("UmountAnswer")]
public readonly record struct UmountAnswer(Model.Errno Error, bool Ended);

/// <summary>A file that was found or made.</summary>
/// <param name="Error">Why not.</param>
/// <param name="Inode">Key of its inode.</param>
/// <param name="Subpool">Key of its subpool, or null.</param>
/// <param name="Created">The inode is new.</param>
/// <param name="InodeLife">The life of the inode.</param>
[GenerateSerializer, Immutable, Alias("LookupAnswer")]
public sealed record LookupAnswer(Model.Errno Error, string Inode, string? Subpool, bool Created, long InodeLife = 0);
