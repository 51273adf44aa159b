using Hugesim.Abstractions;

namespace Hugesim.Audit;

/// <summary>Reservations that a map has promised and nobody has had yet: what <c>hugetlb_vm_op_close</c> or evicting the inode would give back.</summary>
public static class Outstanding
{
    /// <summary>Of a private mapping: its length less what was consumed.</summary>
    public static long Of(VmaAudit vma) => vma.ReserveMap is { } map ? Of(vma, map) : 0;

    /// <summary>Of an inode: its entries less those whose page is in the cache.</summary>
    public static long Of(InodeAudit inode) =>
        inode.ReserveMap.Regions.Sum(r => r.To - r.From) - inode.Cache.Count(p => Has(inode.ReserveMap, p.Index));

    internal static long Of(VmaAudit vma, ReserveMapAudit map) =>
        vma.Areas.Where(IsOwning).Sum(a => a.End - a.Start - Count(map, a.PgOff, a.PgOff + a.End - a.Start));

    /// <summary>The area gives back at its end what it has reserved.</summary>
    public static bool IsOwning(AreaAudit area) => area is { Owner: true, HasReserveMap: true };

    /// <summary>Has the map an entry for a page?</summary>
    public static bool Has(ReserveMapAudit map, long index) => Array.Exists(map.Regions, r => r.From <= index && index < r.To);

    private static long Count(ReserveMapAudit map, long from, long to) =>
        map.Regions.Sum(r => Math.Max(0, Math.Min(r.To, to) - Math.Max(r.From, from)));
}
