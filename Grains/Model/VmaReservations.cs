namespace Hugesim.Model;

/// <summary>
/// The helpers that hide the opposite meanings of a reserve map entry: "reserved" in a shared map, "consumed" in a private one (rows R7 and
/// R26). Mirrors <c>__vma_reservation_common</c> and its five callers. A null map belongs to an area without reservations.
/// </summary>
public static class VmaReservations
{
    /// <summary>vma_needs_reservation: 0 if a reservation exists for the page, 1 if not, negative errno without memory. Begins an add.</summary>
    public static long Needs(ReserveMap? map, bool shared, long index, KernelBug bugs = KernelBug.None)
    {
        if (map is null)
        {
            return 1;
        }

        var chg = map.RegionChg(index, index + 1, out _);
        return !shared && chg >= 0 && (bugs & KernelBug.PrivateAlwaysReserved) != 0 ? 0 : Translate(chg, shared);
    }

    /// <summary>vma_commit_reservation: after <see cref="Needs"/>, records the page; its answer differs when the map changed in between.</summary>
    public static long Commit(ReserveMap? map, bool shared, long index) =>
        map is null ? 1 : Translate(map.RegionAdd(index, index + 1, 1, null), shared);

    /// <summary>vma_end_reservation: after <see cref="Needs"/>, gives the add up.</summary>
    public static void End(ReserveMap? map, long index) => map?.RegionAbort(index, index + 1, 1);

    /// <summary>
    /// vma_add_reservation: after <see cref="Needs"/>, makes the map say that the page is reserved. An entry more in a shared map, one less
    /// in a private one.
    /// </summary>
    public static long Add(ReserveMap? map, bool shared, long index)
    {
        if (map is null)
        {
            return 1;
        }

        if (shared)
        {
            return map.RegionAdd(index, index + 1, 1, null);
        }

        map.RegionAbort(index, index + 1, 1);
        return Translate(map.RegionDel(index, index + 1, null), shared);
    }

    /// <summary>
    /// vma_del_reservation: after <see cref="Needs"/>, makes the map say that the page is not reserved. The mirror of <see cref="Add"/>.
    /// </summary>
    public static long Del(ReserveMap? map, bool shared, long index)
    {
        if (map is null)
        {
            return 1;
        }

        if (!shared)
        {
            return map.RegionAdd(index, index + 1, 1, null);
        }

        map.RegionAbort(index, index + 1, 1);
        return map.RegionDel(index, index + 1, null);
    }

    /// <summary>
    /// The place in a private map at which a page consumes a reservation: its own, or under <see cref="PrivateReserveRule.CountOfVma"/> any that the VMA still
    /// has, as a count knows no places. Source: <c>decrement_hugepage_resv_vma</c> of commit a1e78772.
    /// </summary>
    /// <param name="rule">The kernel's way.</param>
    /// <param name="map">The map, or null.</param>
    /// <param name="from">The VMA's first page in the map.</param>
    /// <param name="to">The page after its last one.</param>
    /// <param name="index">The page's own place.</param>
    public static long PlaceToConsume(PrivateReserveRule rule, ReserveMap? map, long from, long to, long index)
    {
        if (rule == PrivateReserveRule.MapOfMapping || map is null || map.RegionCount(index, index + 1) == 0)
        {
            return index;
        }

        var left = map.FirstMissing(from, to);
        return left < 0 ? index : left;
    }

    /// <summary>
    /// hugetlb_fix_reserve_counts: does the global count rise by the entry that <c>region_del</c> could not delete, after the subpool was asked for it? Where it
    /// cannot rise either, the counters stay too low ("Huge Page Reserved count may go negative").
    /// </summary>
    /// <param name="profile">The kernel.</param>
    /// <param name="subpoolAnswer">What <see cref="Subpool.GetPages"/> said to one page; 1 without a subpool.</param>
    public static bool FixRaisesGlobal(KernelProfile profile, long subpoolAnswer) =>
        profile.FixReserveChecksSubpool ? subpoolAnswer > 0 : subpoolAnswer != 0;

    /// <summary>The flag with which a page is freed that UFFDIO_COPY could not fill (row R27).</summary>
    /// <param name="profile">The kernel.</param>
    /// <param name="map">The map, or null.</param>
    /// <param name="shared">The map is an inode's.</param>
    /// <param name="index">The page.</param>
    /// <param name="consumedReserve">The page's restore-reserve flag.</param>
    public static bool FlagAfterFailedCopy(KernelProfile profile, ReserveMap? map, bool shared, long index, bool consumedReserve) =>
        profile.Has(KernelBug.PrivateErrorLeak) ? consumedReserve
        : profile.CopyFailure == CopyFailureRule.FlagByMapping
            ? shared
            : RestoreOnError(map, shared, index, consumedReserve, profile.RestoreCoversAllStates);

    /// <summary>
    /// restore_reserve_on_error: brings the map back to where it was before a page was allocated that is now freed without having been
    /// instantiated (row R27).
    /// </summary>
    /// <param name="map">The map, or null.</param>
    /// <param name="shared">The map is an inode's.</param>
    /// <param name="index">The page.</param>
    /// <param name="consumedReserve">The page's restore-reserve flag.</param>
    /// <param name="coversAllStates"><see cref="KernelProfile.RestoreCoversAllStates"/>.</param>
    /// <returns>The flag with which the page is to be freed.</returns>
    public static bool RestoreOnError(ReserveMap? map, bool shared, long index, bool consumedReserve, bool coversAllStates = true)
    {
        if (!consumedReserve && !coversAllStates)
        {
            return false;
        }

        RarePath.Reached(Rare.RestoreReserveOnError);
        var needs = Needs(map, shared, index);
        if (needs < 0)
        {
            RarePath.Reached(Rare.RestoreReserveOnErrorFailed);
            // Without memory the map goes on saying "consumed" for a private page: then the count must not rise. For a shared page, or one
            // that consumed nothing, the kernel chooses likewise the side on which no page can be promised twice.
            return !consumedReserve && !shared;
        }

        if (consumedReserve)
        {
            if (needs > 0)
            {
                Add(map, shared, index);
            }
            else
            {
                End(map, index);
            }

            return true;
        }

        if (needs > 0)
        {
            End(map, index);
            return false;
        }

        // The entry was there before the allocation; without it a later allocation cannot consume what nobody reserved.
        return Del(map, shared, index) < 0;
    }

    private static long Translate(long answer, bool shared) => shared || answer < 0 ? answer : answer > 0 ? 0 : 1;
}
