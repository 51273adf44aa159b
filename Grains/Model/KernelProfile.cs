namespace Hugesim.Model;

/// <summary>What a kernel hands back when <c>hugetlb_reserve_pages</c> got its pages from the subpool but not from the pool.</summary>
public enum FailedReserveRule
{
    /// <summary>The whole chg goes back to the subpool, whose answer is ignored: bug B5, up to 6.12.</summary>
    PutWholeChg,

    /// <summary>Only the subpool's share goes back and what it refuses leaves the global count; the quota of the rest is lost: 6.18.15 (B2).</summary>
    PutSubpoolShare,

    /// <summary>As <see cref="PutSubpoolShare"/>, and the quota of the rest is restored afterwards: 6.18.44 (B2).</summary>
    PutSubpoolShareThenQuota,

    /// <summary>The quota of the rest is restored first, so that the subpool can keep its share: 7.3.</summary>
    QuotaThenPutSubpoolShare,
}

/// <summary>What a kernel does to the reservation of an anonymous page that the owner of a private mapping unmaps.</summary>
public enum UnmapRestoreRule
{
    /// <summary>Nothing: the reservation stays consumed (up to 6.1).</summary>
    Never,

    /// <summary>Restored unless there are surplus pages or somebody else maps the page.</summary>
    WhenUnshared,

    /// <summary>Restored unless there are surplus pages, even though a child still maps the page: bug B1 (6.18).</summary>
    EvenWhenShared,
}

/// <summary>The rules of one kernel as data: everything in which the recorded kernels differ, by name.</summary>
/// <param name="Name">Name as in the folders of the recordings.</param>
/// <param name="Order">Position in time; later kernels have higher numbers.</param>
public sealed record KernelProfile(string Name, int Order)
{
    /// <summary>What a name ends with that means the same kernel without its accounting bugs: <c>7.3+repair</c>.</summary>
    public const string RepairMark = "+repair";

    /// <summary>
    /// The kernel's accounting bugs. B1, B2 and B5 are what <see cref="UnmapRestore"/> and <see cref="FailedReserve"/> say; the others are read from
    /// here.
    /// </summary>
    public KernelBug Bugs { get; init; }

    /// <summary>Failure of the pool inside <c>hugetlb_reserve_pages</c>.</summary>
    public FailedReserveRule FailedReserve { get; init; } = FailedReserveRule.PutWholeChg;

    /// <summary>Reservation of an anonymous page unmapped by its owner (<c>__unmap_hugepage_range</c>).</summary>
    public UnmapRestoreRule UnmapRestore { get; init; } = UnmapRestoreRule.Never;

    /// <summary>
    /// An owner's copy-on-write asks the subpool without asking the map first, and <c>gbl_chg</c> alone chooses the reserve
    /// (<c>alloc_hugetlb_folio</c> with MAP_CHG_ENFORCED, from 6.18). Before, <c>vma_has_reserves</c> decided as well: bug B6.
    /// </summary>
    public bool ReserveByGlobalChange { get; init; }

    /// <summary>MADV_DONTNEED works on huge pages (from 5.18); EINVAL before.</summary>
    public bool MadviseDontneed { get; init; }

    /// <summary>MADV_POPULATE_READ and MADV_POPULATE_WRITE exist (from 5.14).</summary>
    public bool MadvisePopulate { get; init; }

    /// <summary>mremap can move a huge page mapping (from 5.16).</summary>
    public bool MremapMoves { get; init; }

    /// <summary>mremap can move several mappings at once if their size stays (<c>remap_move</c>, from 6.17).</summary>
    public bool MremapMovesMany { get; init; }

    /// <summary>
    /// The size asked of one node is added to the persistent pages of the others (from 6.12); before, to all their pages, surplus included
    /// (<c>set_max_huge_pages</c>).
    /// </summary>
    public bool NodePoolCountsPersistent { get; init; }

    /// <summary>
    /// A shrinking pool keeps persistent pages in use and reserved, leaving surplus out of the sum (from 6.18); before, surplus pages counted as
    /// pages to keep (<c>set_max_huge_pages</c>).
    /// </summary>
    public bool ShrinkKeepsPersistentOnly { get; init; }

    /// <summary>Error of UFFDIO_COPY when no page can be had: EEXIST from 6.18, ENOMEM before.</summary>
    public Errno UffdCopyWithoutPage { get; init; } = Errno.ENOMEM;

    /// <summary>Whether the kernel has that bug.</summary>
    public bool Has(KernelBug bug) => (Bugs & bug) != 0;

    /// <summary>
    /// The same kernel with its accounting bugs repaired, each in the way that its successors took where there is one: a failed reservation gives
    /// back exactly what it took, and a reservation is restored only with the page.
    /// </summary>
    public KernelProfile Repaired() => Bugs == KernelBug.None ? this : this with
    {
        Name = Name + RepairMark,
        Bugs = KernelBug.None,
        FailedReserve = FailedReserveRule.QuotaThenPutSubpoolShare,
        UnmapRestore = UnmapRestore == UnmapRestoreRule.EvenWhenShared ? UnmapRestoreRule.WhenUnshared : UnmapRestore,
    };
}

/// <summary>The kernels that the simulation knows, and the newest of them.</summary>
public static class KernelProfiles
{
    private static readonly KernelProfile[] s_all = Build();
    private static readonly KernelProfile[] s_repaired = Array.ConvertAll(s_all, p => p.Repaired());

    /// <summary>All profiles, oldest first.</summary>
    public static IReadOnlyList<KernelProfile> All => s_all;

    /// <summary>The profile used when none is named.</summary>
    public static KernelProfile Newest => s_all[^1];

    /// <summary>The same kernels without their accounting bugs, named <c>7.3+repair</c>.</summary>
    public static IReadOnlyList<KernelProfile> AllRepaired => s_repaired;

    /// <summary>The profile of that name, recorded or repaired.</summary>
    /// <exception cref="ArgumentException">No such profile; the message lists those that exist.</exception>
    public static KernelProfile Get(string name) =>
        Array.Find(s_all, p => p.Name == name)
        ?? Array.Find(s_repaired, p => p.Name == name)
        ?? throw new ArgumentException(
            $"no kernel profile '{name}'; there are {string.Join(", ", s_all.Select(p => p.Name))}, and each with {KernelProfile.RepairMark}", nameof(name));

    private static KernelProfile[] Build()
    {
        var v5_10 = new KernelProfile("5.10", 510) { Bugs = KernelBug.B5 | KernelBug.B6 | KernelBug.B7 };
        var v6_1 = v5_10 with
        {
            Name = "6.1",
            Order = 601,
            Bugs = v5_10.Bugs | KernelBug.B4,
            MadviseDontneed = true,
            MadvisePopulate = true,
            MremapMoves = true,
        };
        var v6_12 = v6_1 with { Name = "6.12", Order = 612, UnmapRestore = UnmapRestoreRule.WhenUnshared, NodePoolCountsPersistent = true };
        var v6_18_15 = v6_12 with
        {
            Name = "6.18.15",
            Order = 61815,
            Bugs = KernelBug.B1 | KernelBug.B2 | KernelBug.B3 | KernelBug.B4 | KernelBug.B7,
            UnmapRestore = UnmapRestoreRule.EvenWhenShared,
            FailedReserve = FailedReserveRule.PutSubpoolShare,
            ReserveByGlobalChange = true,
            ShrinkKeepsPersistentOnly = true,
            UffdCopyWithoutPage = Errno.EEXIST,
            MremapMovesMany = true,
        };
        var v6_18_44 = v6_18_15 with { Name = "6.18.44", Order = 61844, FailedReserve = FailedReserveRule.PutSubpoolShareThenQuota };
        var v7_3 = v6_18_44 with
        {
            Name = "7.3",
            Order = 70300,
            Bugs = KernelBug.B3 | KernelBug.B4 | KernelBug.B7,
            UnmapRestore = UnmapRestoreRule.WhenUnshared,
            FailedReserve = FailedReserveRule.QuotaThenPutSubpoolShare,
        };
        return [v5_10, v6_1, v6_12, v6_18_15, v6_18_44, v7_3];
    }
}
