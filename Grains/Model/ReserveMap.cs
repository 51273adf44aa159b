using System.Runtime.CompilerServices;

namespace Hugesim.Model;

/// <summary>
/// The record of which huge pages of a file or a private mapping have a reservation (shared) or have used theirs up (private).
/// Not thread-safe: the owner's turn is what the kernel's <c>resv->lock</c> is. All ranges are half-open, in huge pages.
/// Source: <c>struct resv_map</c> and the region_* routines, mm/hugetlb.c.
/// </summary>
/// <remarks>
/// A change takes two steps. <see cref="RegionChg"/> says how many pages are missing and sets descriptors aside for the worst case, so that
/// afterwards <see cref="RegionAdd"/> or <see cref="RegionAbort"/> can be carried out without fail. Between the steps others may change the map.
/// </remarks>
public sealed class ReserveMap
{
    private readonly RegionTree _regions = new();

    /// <summary>An empty map with one holder and one descriptor at hand. Source: <c>resv_map_alloc</c>.</summary>
    /// <param name="allocate">The value of <see cref="Allocate"/>.</param>
    public ReserveMap(Func<bool>? allocate = null) => Allocate = allocate;

    /// <summary>A map as it was when <see cref="Snapshot"/> was taken.</summary>
    /// <param name="state">The snapshot; it is not kept.</param>
    /// <param name="allocate">As for a new map; it is not part of the state.</param>
    /// <exception cref="ArgumentException">The state breaks a rule of the map; the message says which.</exception>
    public ReserveMap(ReserveMapState state, Func<bool>? allocate = null)
        : this(allocate)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(state.Regions, nameof(state));
        _regions.Load(state.Regions);
        (AddsInProgress, RegionCacheCount, Refs) = (state.AddsInProgress, state.RegionCacheCount, state.Refs);
        try
        {
            Verify();
        }
        catch (InvalidOperationException unsound)
        {
            throw new ArgumentException(unsound.Message, nameof(state), unsound);
        }
    }

    /// <summary>Bugs of the kernel.</summary>
    public KernelBug Bugs { get; init; }

    /// <summary>Stands for <c>kmalloc</c> of one descriptor: false means that memory ran out. Null, as outside of tests, never fails.</summary>
    public Func<bool>? Allocate { get; set; }

    /// <summary>Holders of the map. Source: <c>resv_map.refs</c>.</summary>
    public int Refs { get; private set; } = 1;

    /// <summary>Descriptors promised to additions under way. Source: <c>resv_map.adds_in_progress</c>.</summary>
    public long AddsInProgress { get; private set; }

    /// <summary>Descriptors at hand, never fewer than promised. Source: <c>resv_map.region_cache_count</c>.</summary>
    public long RegionCacheCount { get; private set; } = 1;

    /// <summary>The regions in ascending order.</summary>
    public RegionSequence Regions => new(_regions);

    /// <summary>Huge pages in all regions together.</summary>
    public long TotalPages => _regions.Pages;

    /// <summary>First step of an addition: what it would add, with descriptors set aside for it. Source: <c>region_chg</c>.</summary>
    /// <param name="from">First page.</param>
    /// <param name="to">First page after the range; <see cref="long.MaxValue"/> is the end of every file.</param>
    /// <param name="regionsNeeded">
    /// Descriptors set aside, at least 1; to be handed to <see cref="RegionAdd"/> or <see cref="RegionAbort"/>. Valid only when the answer is not negative.
    /// </param>
    /// <returns>Pages of the range that are in no region, or <c>-ENOMEM</c>: nothing was set aside and nothing is to be aborted.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed.</exception>
    public long RegionChg(long from, long to, out long regionsNeeded)
    {
        CheckRange(from, to);
        var missing = AddReservationInRange(from, to, out var gaps);

        // Even a range without gaps gets a descriptor: the map may lose a page of it before the second step, which must not fail then.
        regionsNeeded = Math.Max(gaps, 1);
        if (!AllocateFileRegionEntries(regionsNeeded))
        {
            return -(long)Errno.ENOMEM;
        }

        AddsInProgress += regionsNeeded;
        AssertCounters();
        return missing;
    }

    /// <summary>Second step of an addition: puts the missing pages of the range into the map. Source: <c>region_add</c>.</summary>
    /// <param name="from">First page, as given to <see cref="RegionChg"/>.</param>
    /// <param name="to">First page after the range, as given to <see cref="RegionChg"/>.</param>
    /// <param name="inRegionsNeeded">What <see cref="RegionChg"/> set aside.</param>
    /// <param name="unchargeCgroup">The cgroup whose counter the new pages hold, or null. Pages already in the map keep theirs.</param>
    /// <returns>
    /// Pages added, which differs from what <see cref="RegionChg"/> announced when the map changed in between: the caller then owes a correction. <c>-ENOMEM</c> only when
    /// that change made more gaps and no descriptor could be had for them; nothing has changed then, and <see cref="RegionAbort"/> is still owed.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed, or more descriptors are given back than are promised.</exception>
    public long RegionAdd(long from, long to, long inRegionsNeeded, int? unchargeCgroup = null)
    {
        CheckRange(from, to);
        CheckPromise(inRegionsNeeded);

        var expected = AddReservationInRange(from, to, out var gaps);
        var excess = gaps - inRegionsNeeded;
        if (excess > 0 && RegionCacheCount < AddsInProgress + excess)
        {
            Assert(to - from > 1, "an addition of one page asks for more descriptors");
            if (!AllocateFileRegionEntries(excess))
            {
                return -(long)Errno.ENOMEM;
            }
        }

        var added = FillGaps(from, to, unchargeCgroup);
        AddsInProgress -= inRegionsNeeded;
        Assert(added == expected, "an addition differs from its count");
        AssertCounters();
        return added;
    }

    /// <summary>Second step of an addition that is given up. Source: <c>region_abort</c>.</summary>
    /// <param name="from">First page, as given to <see cref="RegionChg"/>; only checked.</param>
    /// <param name="to">First page after the range, as given to <see cref="RegionChg"/>; only checked.</param>
    /// <param name="regionsNeeded">What <see cref="RegionChg"/> set aside.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed, or more descriptors are given back than are promised.</exception>
    public void RegionAbort(long from, long to, long regionsNeeded)
    {
        CheckRange(from, to);
        CheckPromise(regionsNeeded);
        AddsInProgress -= regionsNeeded;
        AssertCounters();
    }

    /// <summary>Takes a range out of the map: truncation, hole punching, the end of a file. Source: <c>region_del</c>.</summary>
    /// <param name="from">First page.</param>
    /// <param name="to">First page after the range; <see cref="long.MaxValue"/> takes everything from <paramref name="from"/> on and cannot fail.</param>
    /// <param name="uncharges">Gets one entry for each removed piece that held a cgroup's counter, in ascending order; null when nobody asks.</param>
    /// <returns>Pages removed; or <c>-ENOMEM</c>, with nothing changed, when the range lies inside one region and no descriptor could be had for its second half.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed.</exception>
    public long RegionDel(long from, long to, ICollection<Uncharge>? uncharges = null)
    {
        CheckRange(from, to);
        if (from == to || !_regions.TryFirstEndingAfter(from, out var first) || first.From >= to)
        {
            return 0;
        }

        if (first.From < from && to < first.To)
        {
            return SplitRegion(first, from, to, uncharges);
        }

        var before = TotalPages;
        if (first.From < from)
        {
            _regions.Resize(first.From, first.From, from);
            Report(uncharges, first, Uncharged(first.To - from, afterTrim: 0));
        }

        RemoveWithin(from, to, uncharges);
        var removed = before - TotalPages;
        Assert(removed > 0, "a removal met a region and took nothing");
        return removed;
    }

    /// <summary>How much of a range is in the map. Source: <c>region_count</c>.</summary>
    /// <param name="from">First page.</param>
    /// <param name="to">First page after the range.</param>
    /// <returns>Pages of the range that are in a region.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed.</exception>
    public long RegionCount(long from, long to)
    {
        CheckRange(from, to);
        return _regions.Cover(from, to).Pages;
    }

    /// <summary>The first page of a range that is in no region, or -1: in a private map, one whose reservation is still there.</summary>
    /// <param name="from">First page.</param>
    /// <param name="to">First page after the range.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is negative or reversed.</exception>
    public long FirstMissing(long from, long to)
    {
        CheckRange(from, to);
        while (from < to && _regions.TryFirstEndingAfter(from, out var region) && region.From <= from)
        {
            from = region.To;
        }

        return from < to ? from : -1;
    }

    /// <summary>One more holder. Source: <c>kref_get</c> in <c>hugetlb_vm_op_open</c>.</summary>
    /// <exception cref="InvalidOperationException">The map was released already.</exception>
    public void KrefGet()
    {
        Assert(Refs > 0, "a released map is taken again");
        Refs++;
    }

    /// <summary>One holder less; the last one empties the map. Source: <c>kref_put</c> and <c>resv_map_release</c>.</summary>
    /// <param name="uncharges">As for <see cref="RegionDel"/>.</param>
    /// <returns>True when the map was released.</returns>
    /// <exception cref="InvalidOperationException">The map was released already, or an addition is still under way.</exception>
    public bool KrefPut(ICollection<Uncharge>? uncharges = null)
    {
        Assert(Refs > 0, "a released map is released again");
        Assert(Refs > 1 || AddsInProgress == 0, "a map is released while an addition is under way");
        if (--Refs > 0)
        {
            return false;
        }

        _ = RegionDel(0, long.MaxValue, uncharges);
        RegionCacheCount = 0;
        return true;
    }

    /// <summary>The map as plain data, to be stored or moved.</summary>
    /// <returns>A copy that later changes of the map do not reach.</returns>
    public ReserveMapState Snapshot() => new()
    {
        Regions = _regions.ToArray(),
        AddsInProgress = AddsInProgress,
        RegionCacheCount = RegionCacheCount,
        Refs = Refs,
    };

    /// <summary>Checks every rule of the map, in O(n): for tests and for the audit of a running system.</summary>
    /// <exception cref="InvalidOperationException">A rule is broken; the message says which.</exception>
    public void Verify()
    {
        AssertCounters();
        Assert(Refs >= 0, "the number of holders is negative");
        _regions.Verify();
    }

    /// <summary>Counts, without changing anything, what adding a range would take. Source: <c>add_reservation_in_range</c> with a regions_needed.</summary>
    private long AddReservationInRange(long from, long to, out long gaps)
    {
        var coverage = _regions.Cover(from, to);
        gaps = coverage.GapsIn(from, to);
        var missing = to - from - coverage.Pages;
        Assert(missing >= gaps && (missing == 0) == (gaps == 0), "gaps and missing pages disagree");
        return missing;
    }

    /// <summary>Adds every gap of a range as a region of its own. Source: <c>add_reservation_in_range</c> without a regions_needed.</summary>
    private long FillGaps(long from, long to, int? cgroup)
    {
        long added = 0;
        var position = from;
        while (position < to)
        {
            var found = _regions.TryFirstEndingAfter(position, out var next);
            var end = found ? Math.Min(next.From, to) : to;
            if (position < end)
            {
                AddCoalesced(new FileRegion(position, end, cgroup));
                added += end - position;
            }

            position = found ? next.To : to;
        }

        return added;
    }

    /// <summary>
    /// Adds one region, spending a descriptor, and merges it with the neighbours that hold the same counter. Like the kernel it does not put
    /// the descriptors of merged regions back into the cache. Source: <c>hugetlb_resv_map_add</c>, <c>coalesce_file_region</c>.
    /// </summary>
    private void AddCoalesced(FileRegion region)
    {
        Assert(RegionCacheCount > 0, "the region cache is empty");
        RegionCacheCount--;

        var joinsLeft = _regions.TryLastStartingBefore(region.From, out var left)
            && left.To == region.From && left.HasSameUnchargeInfo(region);
        var joinsRight = _regions.TryFirstEndingAfter(region.To, out var right)
            && right.From == region.To && right.HasSameUnchargeInfo(region);

        if (joinsLeft)
        {
            if (joinsRight)
            {
                _regions.Remove(right.From);
            }

            _regions.Resize(left.From, left.From, joinsRight ? right.To : region.To);
        }
        else if (joinsRight)
        {
            _regions.Resize(right.From, region.From, right.To);
        }
        else
        {
            _regions.Insert(region);
        }
    }

    /// <summary>Makes sure of descriptors for all additions under way and <paramref name="regionsNeeded"/> more. Source: <c>allocate_file_region_entries</c>.</summary>
    private bool AllocateFileRegionEntries(long regionsNeeded)
    {
        var wanted = AddsInProgress + regionsNeeded - RegionCacheCount;
        if (wanted <= 0)
        {
            return true;
        }

        for (long i = 0; Allocate is not null && i < wanted; i++)
        {
            // What was allocated before the failure is freed again, so the cache stays as it was.
            if (!Allocate())
            {
                return false;
            }
        }

        RegionCacheCount += wanted;
        return true;
    }

    private long SplitRegion(FileRegion region, long from, long to, ICollection<Uncharge>? uncharges)
    {
        // Descriptors promised to additions are not touched, or those additions could fail.
        if (RegionCacheCount > ((Bugs & KernelBug.NoRegionCache) == 0 ? AddsInProgress : 0))
        {
            RegionCacheCount--;
        }
        else if (Allocate is not null && !Allocate())
        {
            return -(long)Errno.ENOMEM;
        }

        _regions.Resize(region.From, region.From, from);
        _regions.Insert(region with { From = to });
        Report(uncharges, region, Uncharged(to - from, afterTrim: region.To - to));
        AssertCounters();
        return to - from;
    }

    /// <summary>Removes all regions that start in the range, and the beginning of one that reaches beyond it.</summary>
    private void RemoveWithin(long from, long to, ICollection<Uncharge>? uncharges)
    {
        if (!_regions.TryLastStartingBefore(to, out var last) || last.From < from)
        {
            return;
        }

        var trimmed = last.To > to;
        _regions.RemoveRange(from, trimmed ? last.From : to, uncharges);
        if (trimmed)
        {
            _regions.Resize(last.From, to, last.To);
            Report(uncharges, last, Uncharged(to - last.From, afterTrim: 0));
        }
    }

    // What is uncharged when a part of a region goes: the part, or what the same arithmetic says of the region that has lost it already.
    private long Uncharged(long pages, long afterTrim) => (Bugs & KernelBug.UnchargeAfterTrim) != 0 ? afterTrim : pages;

    private static void Report(ICollection<Uncharge>? uncharges, FileRegion region, long pages)
    {
        if (uncharges is not null && region.UnchargeCgroup is { } cgroup)
        {
            uncharges.Add(new Uncharge(cgroup, pages));
        }
    }

    private static void CheckRange(long from, long to)
    {
        if (from < 0 || from > to)
        {
            throw new ArgumentOutOfRangeException(nameof(from), $"[{from},{to}) is not a range of pages");
        }
    }

    private void CheckPromise(long regionsNeeded)
    {
        if (regionsNeeded < 1 || regionsNeeded > AddsInProgress)
        {
            throw new ArgumentOutOfRangeException(nameof(regionsNeeded), $"{regionsNeeded} descriptors given back, {AddsInProgress} promised");
        }
    }

    private void AssertCounters() =>
        Assert(AddsInProgress >= 0 && RegionCacheCount >= AddsInProgress, "fewer descriptors at hand than promised");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Assert(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"reserve map: {what} (cache {RegionCacheCount}, promised {AddsInProgress}, holders {Refs})");
        }
    }
}
