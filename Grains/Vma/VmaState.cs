using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>All of a VMA grain as plain data.</summary>
/// <param name="Machine">Its machine.</param>
/// <param name="Inode">Key of its inode.</param>
/// <param name="Subpool">Key of its subpool, or null.</param>
/// <param name="Anonymous">MAP_ANONYMOUS.</param>
/// <param name="HasFile">Its inode has pages of its own.</param>
/// <param name="IsInInode">It is in i_mmap.</param>
/// <param name="IsExpected">A fork has announced it and not handed it over yet.</param>
/// <param name="Unmapped">What was unmapped since it was announced.</param>
/// <param name="Mapping">Areas, page table and reserve map.</param>
/// <param name="Failures">Steps that are made to fail.</param>
/// <param name="InodeLife">The life of its inode.</param>
public sealed record VmaState(
    MachineContext Machine, string Inode, string? Subpool, bool Anonymous, bool HasFile, bool IsInInode, bool IsExpected, IndexRange[] Unmapped,
    MappingState Mapping, InjectedFailures Failures, long InodeLife = 0);

/// <summary>Pages [First, End) of a file.</summary>
public readonly record struct IndexRange(long First, long End);
