using Hugesim.Model;

namespace Hugesim.Tests.Model;

/// <summary>
/// The reserve map said as plainly as possible: a dictionary from page to the cgroup it is charged to, the list of regions rebuilt from it for each
/// question, and the counters by the text of the kernel's rules. Slow, and shares no code with the real one.
/// </summary>
public sealed class NaiveReserveMap(long universe)
{
    private readonly Dictionary<long, int?> _pages = [];

    public long Adds { get; private set; }

    public long Cache { get; private set; } = 1;

    /// <summary>Allocations that still succeed.</summary>
    public int Budget { get; set; } = int.MaxValue;

    public long TotalPages => _pages.Count;

    /// <summary>Two neighbouring pages are in one region exactly when they have the same cgroup.</summary>
    public List<FileRegion> Regions()
    {
        var regions = new List<FileRegion>();
        foreach (var page in _pages.Keys.Order())
        {
            if (regions.Count > 0 && regions[^1].To == page && regions[^1].UnchargeCgroup == _pages[page])
            {
                regions[^1] = regions[^1] with { To = page + 1 };
            }
            else
            {
                regions.Add(new FileRegion(page, page + 1, _pages[page]));
            }
        }

        return regions;
    }

    public long Chg(long from, long to, out long needed)
    {
        needed = Math.Max(1, Gaps(from, to));
        if (!HaveCache(Adds + needed))
        {
            return -12;
        }

        Adds += needed;
        return Missing(from, to).Count;
    }

    public long Add(long from, long to, long promised, int? cgroup)
    {
        var gaps = Gaps(from, to);
        if (gaps > promised && !HaveCache(Adds + gaps - promised))
        {
            return -12;
        }

        var missing = Missing(from, to);
        missing.ForEach(page => _pages.Add(page, cgroup));
        Cache -= gaps;
        Adds -= promised;
        return missing.Count;
    }

    public void Abort(long promised) => Adds -= promised;

    public long Del(long from, long to, List<Uncharge> uncharges)
    {
        var met = Regions().Where(region => region.From < to && region.To > from).ToList();
        if (from < to && met is [var only] && only.From < from && only.To > to)
        {
            if (Cache > Adds)
            {
                Cache--;
            }
            else if (--Budget < 0)
            {
                return -12;
            }
        }

        long removed = 0;
        foreach (var region in from < to ? met : [])
        {
            var gone = Pages(Math.Max(from, region.From), Math.Min(to, region.To)).Count(_pages.Remove);
            removed += gone;
            if (region.UnchargeCgroup is { } cgroup)
            {
                uncharges.Add(new Uncharge(cgroup, gone));
            }
        }

        return removed;
    }

    public long Count(long from, long to) => Pages(from, to).Count(_pages.ContainsKey);

    private long Gaps(long from, long to) =>
        Pages(from, to).Count(page => !_pages.ContainsKey(page) && (page == from || _pages.ContainsKey(page - 1)));

    private List<long> Missing(long from, long to) => [.. Pages(from, to).Where(page => !_pages.ContainsKey(page))];

    // Ranges may reach to the end of every file; pages only exist below the universe's bound.
    private IEnumerable<long> Pages(long from, long to)
    {
        for (var page = from; page < Math.Min(to, universe); page++)
        {
            yield return page;
        }
    }

    private bool HaveCache(long wanted)
    {
        for (var missing = wanted - Cache; missing > 0; missing--)
        {
            if (--Budget < 0)
            {
                return false;
            }
        }

        Cache = Math.Max(Cache, wanted);
        return true;
    }
}
