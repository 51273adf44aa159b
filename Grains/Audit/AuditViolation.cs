namespace Hugesim.Audit;

/// <summary>An invariant of a machine that does not hold.</summary>
/// <param name="Rule">Which one, as in <see cref="AuditRules"/>.</param>
/// <param name="Message">What disagrees, with the numbers.</param>
/// <param name="Grains">Keys of the grains whose states disagree.</param>
public sealed record AuditViolation(string Rule, string Message, string[] Grains)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Rule}: {Message} [{string.Join(", ", Grains)}]";
}

/// <summary>The names of the invariants.</summary>
public static class AuditRules
{
    /// <summary>Every grain that the machine consists of has its state.</summary>
    public const string Lost = "lost";

    /// <summary>Pages of the pool are free or in use; per node and in all.</summary>
    public const string Pool = "pool";

    /// <summary>A frame stands on one free list, once, and is not in use.</summary>
    public const string FreeList = "free-list";

    /// <summary>0 &lt;= resv &lt;= free.</summary>
    public const string ReservedFree = "resv-free";

    /// <summary>resv is what private maps, shared maps and subpools have promised and not yet had.</summary>
    public const string ReservedSum = "resv-sum";

    /// <summary>A frame is referenced as often as page tables and page caches name it.</summary>
    public const string References = "references";

    /// <summary>Page tables agree with areas, areas with address spaces, and shared pages with the page cache.</summary>
    public const string PageTable = "page-table";

    /// <summary>An inode is held by those who say that they hold it.</summary>
    public const string Inode = "inode";

    /// <summary>A reserve map keeps its own rules, and a shared one has an entry for each cached page.</summary>
    public const string ReserveMap = "reserve-map";

    /// <summary>A subpool has counted what was taken through it, and with that covers its minimum, of which it holds at most all.</summary>
    public const string Subpool = "subpool";

    /// <summary>A cgroup is charged for what it and the groups below it use and have reserved.</summary>
    public const string Cgroup = "cgroup";
}
