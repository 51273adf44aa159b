namespace Hugesim.Model;

/// <summary>
/// Which pages <c>move_pages</c> and mbind with MPOL_MF_MOVE take to another node, and what the caller is told of each: the node it is on afterwards, or a negative errno
/// (<c>add_folio_for_migration</c>, in older kernels <c>add_page_for_migration</c>, and <c>do_move_pages_to_node</c> in mm/migrate.c). MPOL_MF_MOVE_ALL, which takes the pages of others as well, is not simulated.
/// </summary>
public static class PageMigration
{
    /// <summary>The status of an address where no page is.</summary>
    public const int Absent = -(int)Errno.ENOENT;

    /// <summary>The status of a page that stays because others map it, too.</summary>
    public const int Shared = -(int)Errno.EACCES;

    /// <summary>Does a page stay because it is on the node already (<c>folio_nid(folio) == node</c>)?</summary>
    public static bool IsThere(long pfn, int node) => Pfn.Node(pfn) == node;

    /// <summary>Do others map a page, too, so that it is not taken from them (<c>folio_maybe_mapped_shared</c>, in older kernels <c>page_mapcount(page) &gt; 1</c>)?</summary>
    /// <param name="mapCount">Page table entries that map it, the asking one included.</param>
    public static bool IsShared(int mapCount) => mapCount > 1;

    /// <summary>The status of a page of a file that was asked to move but may have been cut off meanwhile: then it has stayed where it was.</summary>
    /// <param name="pfn">The frame that has its contents now; <see cref="Pfn.None"/> if none was to be had on the node (<c>alloc_migration_target</c>).</param>
    /// <param name="node">The node that it was to be on.</param>
    public static int StatusOf(long pfn, int node) =>
        pfn == Pfn.None ? -(int)Errno.ENOMEM
        : IsThere(pfn, node) ? node
        : Absent;
}
