namespace Hugesim.Model;

/// <summary>
/// The helpers that hide the opposite meanings of a reserve map entry: "reserved" in a shared map, "consumed" in a private one (rows R7 and
/// R26). Mirrors <c>__vma_reservation_common</c> and its five callers. A null map belongs to an area without reservations.
/// </summary>
public static class VmaReservations
{
    /// <summary>vma_needs_reservation: 0 if a reservation exists for the page, 1 if not, negative errno without memory. Begins an add.</summary>
    public static long Needs(ReserveMap? map, bool shared, long index) =>
        map is null ? 1 : Translate(map.RegionChg(index, index + 1, out _), shared);

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
    /// restore_reserve_on_error: brings the map back to where it was before a page was allocated that is now freed without having been
    /// instantiated (row R27).
    /// </summary>
    /// <param name="map">The map, or null.</param>
    /// <param name="shared">The map is an inode's.</param>
    /// <param name="index">The page.</param>
    /// <param name="consumedReserve">The page's restore-reserve flag.</param>
    /// <returns>The flag with which the page is to be freed.</returns>
    public static bool RestoreOnError(ReserveMap? map, bool shared, long index, bool consumedReserve)
    {
        var needs = Needs(map, shared, index);
        if (needs < 0)
        {
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
