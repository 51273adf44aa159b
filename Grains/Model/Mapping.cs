namespace Hugesim.Model;

/// <summary>A page that the zapping of a range took out of the page table.</summary>
/// <param name="Page">Address, in huge pages.</param>
/// <param name="Index">Index into the file and the reserve map.</param>
/// <param name="Pfn">The frame that was mapped.</param>
/// <param name="RestoresReserve">The area owns the reservation of this anonymous page: <c>__unmap_hugepage_range</c> may restore it.</param>
public readonly record struct ZappedPage(long Page, long Index, long Pfn, bool RestoresReserve);

/// <summary>What closing an area gives back: <c>hugetlb_vm_op_close</c>.</summary>
/// <param name="OutstandingPages">Reserved pages never used: (end - start) - region_count.</param>
/// <param name="UnchargeRsvdPages">Pages that the area's reserve map holds charged to its cgroup.</param>
public readonly record struct ClosedArea(long OutstandingPages, long UnchargeRsvdPages);

/// <summary>A page table entry and the address, in huge pages, that it is for.</summary>
public readonly record struct MappedPage(long Page, Pte Pte);

/// <summary>All of a mapping as plain data, so that the grain that owns it can be stored or moved.</summary>
/// <param name="Areas">The areas by address.</param>
/// <param name="Pages">The page table by address.</param>
/// <param name="ResvMap">The reserve map, or null.</param>
/// <param name="RsvdCgroup">The cgroup whose rsvd counter the reserve map holds, or -1.</param>
public sealed record MappingState(VmArea[] Areas, MappedPage[] Pages, ReserveMapState? ResvMap, int RsvdCgroup);

/// <summary>
/// All that came of one mmap in one address space: its areas (more than one after a split), the page table of their range, and the
/// reserve map that the pieces of a private mapping share, as the kernel's <c>resv_map.refs</c> lets them.
/// </summary>
public sealed class Mapping
{
    private readonly List<VmArea> _areas = [];
    private readonly SortedDictionary<long, Pte> _ptes = [];

    /// <summary>A mapping without areas.</summary>
    public Mapping()
    {
    }

    /// <summary>A mapping as it was when <see cref="Capture"/> was called.</summary>
    /// <param name="state">The state; it is not kept.</param>
    public Mapping(MappingState state)
    {
        _areas.AddRange(state.Areas.Select(area => area.Copy()));
        foreach (var (page, pte) in state.Pages)
        {
            _ptes.Add(page, pte);
        }

        ResvMap = state.ResvMap is { } map ? new ReserveMap(map) : null;
        RsvdCgroup = state.RsvdCgroup;
    }

    /// <summary>The mapping as plain data.</summary>
    public MappingState Capture() => new(
        [.. _areas.Select(area => area.Copy())], [.. _ptes.Select(p => new MappedPage(p.Key, p.Value))], ResvMap?.Snapshot(), RsvdCgroup);

    /// <summary>The areas by ascending address.</summary>
    public IReadOnlyList<VmArea> Areas => _areas;

    /// <summary>The page table: address in huge pages to entry.</summary>
    public IReadOnlyDictionary<long, Pte> Ptes => _ptes;

    /// <summary>The reserve map of a private mapping with reservations; null otherwise.</summary>
    public ReserveMap? ResvMap { get; set; }

    /// <summary>The cgroup whose rsvd counter the reserve map holds, or -1.</summary>
    public int RsvdCgroup { get; set; } = -1;

    /// <summary>Adds an area; it must not overlap another.</summary>
    public void Add(VmArea area)
    {
        var at = _areas.FindIndex(a => a.Start >= area.End);
        _areas.Insert(at < 0 ? _areas.Count : at, area);
    }

    /// <summary>find_vma for exactly this page.</summary>
    public VmArea? Find(long page) => _areas.Find(a => a.Start <= page && page < a.End);

    /// <summary>The entry of a page.</summary>
    public bool TryGetPte(long page, out Pte pte) => _ptes.TryGetValue(page, out pte);

    /// <summary>set_huge_pte_at.</summary>
    public void SetPte(long page, Pte pte) => _ptes[page] = pte;

    /// <summary>try_to_migrate_one: takes an entry out whose frame is about to move. The kernel leaves a migration entry; here nothing is found until the new one is set.</summary>
    public void ClearPte(long page) => _ptes.Remove(page);

    /// <summary>The reserve map that counts for an area; an area without one has no reservations.</summary>
    public ReserveMap? ResvMapOf(VmArea area) => area.HasResvMap ? ResvMap : null;

    /// <summary>Areas inside [first, end), split at the borders: <c>split_vma</c>.</summary>
    public List<VmArea> Isolate(long first, long end)
    {
        SplitAt(first);
        SplitAt(end);
        return _areas.FindAll(a => a.Start >= first && a.End <= end);
    }

    /// <summary>
    /// Takes the pages of [first, end) out of the page table in ascending order: <c>__unmap_hugepage_range</c>. Reserve maps and frames
    /// are left to the caller.
    /// </summary>
    public List<ZappedPage> Zap(long first, long end)
    {
        var zapped = new List<ZappedPage>();
        foreach (var area in _areas)
        {
            ZapArea(area, Math.Max(first, area.Start), Math.Min(end, area.End), zapped);
        }

        return zapped;
    }

    /// <summary>Takes pages [firstIndex, endIndex) of the file out of one area's page table: <c>hugetlb_vmdelete_list</c>.</summary>
    public List<ZappedPage> ZapFile(VmArea area, long firstIndex, long endIndex)
    {
        var zapped = new List<ZappedPage>();
        var first = Math.Max(area.PgOff, firstIndex);
        var end = Math.Min(area.PgOff + area.Length, endIndex);
        ZapArea(area, first - area.PgOff + area.Start, end - area.PgOff + area.Start, zapped);
        return zapped;
    }

    /// <summary>
    /// The area that <c>unmap_ref_private</c> finds in i_mmap for a page of the file; areas that own reservations or are shared are left alone.
    /// </summary>
    public VmArea? FindBorrower(long index) =>
        _areas.Find(a => a is { Shared: false, Owner: false } && a.PgOff <= index && index < a.PgOff + a.Length);

    /// <summary>Takes one page out if it maps that very frame: <c>__unmap_hugepage_range</c> with a reference folio.</summary>
    public bool ZapReference(long page, long pfn) => _ptes.TryGetValue(page, out var pte) && pte.Pfn == pfn && _ptes.Remove(page);

    /// <summary>Marks the area that borrowed a page HPAGE_RESV_UNMAPPED: a fault in it fails from now on, as a new page would look like lost data.</summary>
    public void MarkUnmapped(long index)
    {
        if (FindBorrower(index) is { } area)
        {
            RarePath.Reached(Rare.UnmappedSet);
            (area.Unmapped, area.HasResvMap) = (true, false);
        }
    }

    /// <summary>Removes the areas of [first, end) and says what each gives back: <c>hugetlb_vm_op_close</c>. The pages were zapped before.</summary>
    public List<ClosedArea> Close(long first, long end)
    {
        var closed = OutstandingIn(first, end);
        foreach (var area in Isolate(first, end))
        {
            _areas.Remove(area);
        }

        return closed;
    }

    /// <summary>What the areas of [first, end), split at the borders, would give back if they were closed.</summary>
    public List<ClosedArea> OutstandingIn(long first, long end)
    {
        var outstanding = new List<ClosedArea>();
        foreach (var area in Isolate(first, end))
        {
            if (ResvMapOf(area) is { } map && area.Owner)
            {
                var (from, to) = (area.PgOff, area.PgOff + area.Length);
                outstanding.Add(new ClosedArea(area.Length - map.RegionCount(from, to), RsvdCgroup < 0 ? 0 : area.Length));
            }
        }

        return outstanding;
    }

    /// <summary>
    /// Moves the areas and entries of [first, end) to <paramref name="to"/>: <c>move_hugetlb_page_tables</c>. The reserve map goes with them, and
    /// pieces that stay behind lose it (<c>clear_vma_resv_huge_pages</c>, bug B4).
    /// </summary>
    public void Move(long first, long end, long to)
    {
        var moving = Isolate(first, end);
        var originals = moving.Select(a => (a.Start, a.End, Area: a)).ToList();
        foreach (var (start, stop, area) in originals)
        {
            _areas.Remove(area);
            var target = area.Slice(start, stop);
            (target.Start, target.End) = (to + start - first, to + stop - first);

            // mremap_userfaultfd_prep: without UFFD_FEATURE_EVENT_REMAP the new area is not watched.
            target.UffdMissing = false;
            Add(target);
            MovePtes(start, stop, target.Start);
        }
    }

    /// <summary>
    /// An area loses its reserve map and its flags: <c>clear_vma_resv_huge_pages</c>, done to the whole area of which a part is moved.
    /// </summary>
    public static void ClearReservations(VmArea area) => (area.HasResvMap, area.Owner, area.Unmapped) = (false, false, false);

    /// <summary>Write-protects every entry of private areas, as fork does to both sides: <c>copy_hugetlb_page_range</c>.</summary>
    public void WriteProtect(VmArea area)
    {
        foreach (var page in PagesOf(area.Start, area.End))
        {
            _ptes[page] = _ptes[page] with { Writable = false };
        }
    }

    /// <summary>Addresses in [first, end) that have an entry, ascending.</summary>
    public List<long> PagesOf(long first, long end)
    {
        var pages = new List<long>();
        if (_ptes.Count > end - first)
        {
            for (var page = first; page < end; page++)
            {
                if (_ptes.ContainsKey(page))
                {
                    pages.Add(page);
                }
            }
        }
        else
        {
            pages.AddRange(_ptes.Keys.Where(page => page >= first && page < end));
        }

        return pages;
    }

    private void ZapArea(VmArea area, long first, long end, List<ZappedPage> zapped)
    {
        if (first >= end)
        {
            return;
        }

        var restores = !area.Shared && area.Owner && area.HasResvMap;
        foreach (var page in PagesOf(first, end))
        {
            var pte = _ptes[page];
            _ptes.Remove(page);
            zapped.Add(new ZappedPage(page, area.IndexOf(page), pte.Pfn, restores && pte.Anon));
        }
    }

    private void MovePtes(long start, long end, long to)
    {
        foreach (var page in PagesOf(start, end))
        {
            var pte = _ptes[page];
            _ptes.Remove(page);
            _ptes[page - start + to] = pte;
        }
    }

    private void SplitAt(long page)
    {
        var at = _areas.FindIndex(a => a.Start < page && page < a.End);
        if (at >= 0)
        {
            var area = _areas[at];
            _areas.Insert(at + 1, area.Slice(page, area.End));
            area.End = page;
        }
    }
}
