using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>All of an inode as plain data.</summary>
/// <param name="Identity">What it was made of.</param>
/// <param name="SizeBytes">i_size.</param>
/// <param name="Links">i_nlink.</param>
/// <param name="Opens">Open files and segments that hold it.</param>
/// <param name="Mappings">i_mmap.</param>
/// <param name="Cache">The page cache by index.</param>
/// <param name="ResvMap">The reserve map of its shared mappings.</param>
/// <param name="Failures">Steps that are made to fail.</param>
/// <param name="Lives">The lives of the mappings in i_mmap, in its order.</param>
public sealed record InodeState(
    InodeCreate Identity, long SizeBytes, int Links, int Opens, string[] Mappings, CachedPageAudit[] Cache, ReserveMapState ResvMap,
    InjectedFailures Failures, long[]? Lives = null);
