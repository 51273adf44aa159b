using System.Diagnostics.CodeAnalysis;

namespace Hugesim.Model;

/// <summary>
/// The regions of one reserve map in order: an AVL tree whose nodes live in one array and name each other by index. The kernel keeps a
/// list, walked from its head; the tree gives the same answers in O(log n). Every subtree carries its pages, its outer bounds and
/// its number of gaps, which is all that region_chg and region_count ask about a range.
/// </summary>
/// <remarks>
/// Balance is kept by one primitive, <see cref="Join"/> (Blelloch, Ferizovic, Sun: "Just Join for Parallel Ordered Sets", 2016): insertion, removal
/// and the removal of a whole range are short walks that join what they took apart. Index 0 is "no node" and is never written.
/// </remarks>
internal sealed partial class RegionTree
{
    private const int InitialCapacity = 4;

    // A map of one region is the common case (a million processes with a mapping each), so an empty tree owns no array.
    private static readonly Node[] Empty = [default];

    private Node[] _nodes = Empty;
    private int _root;
    private int _free;
    private int _used = 1;

    /// <summary>Number of regions.</summary>
    public int Count { get; private set; }

    /// <summary>Huge pages in all regions together.</summary>
    public long Pages => _nodes[_root].Pages;

    /// <summary>Longest path from the root, in nodes.</summary>
    public int Height => _nodes[_root].Height;

    /// <summary>The first region that ends after <paramref name="position"/>: the one that holds it, or else the next one.</summary>
    public bool TryFirstEndingAfter(long position, out FileRegion region)
    {
        var best = 0;
        var at = _root;
        while (at != 0)
        {
            ref readonly var node = ref _nodes[at];
            if (node.To > position)
            {
                best = at;
                at = node.Left;
            }
            else
            {
                at = node.Right;
            }
        }

        region = best == 0 ? default : _nodes[best].Region;
        return best != 0;
    }

    /// <summary>The last region that starts before <paramref name="position"/>.</summary>
    public bool TryLastStartingBefore(long position, out FileRegion region)
    {
        var best = 0;
        var at = _root;
        while (at != 0)
        {
            ref readonly var node = ref _nodes[at];
            if (node.From < position)
            {
                best = at;
                at = node.Right;
            }
            else
            {
                at = node.Left;
            }
        }

        region = best == 0 ? default : _nodes[best].Region;
        return best != 0;
    }

    /// <summary>Adds a region that overlaps no other.</summary>
    public void Insert(FileRegion region)
    {
        // The node is taken before the walk, because taking it may move the array under the walk's feet.
        var added = Take(region);
        _root = InsertBelow(_root, added);
    }

    /// <summary>Removes the region that starts at <paramref name="from"/>, which must exist.</summary>
    public void Remove(long from) => _root = RemoveBelow(_root, from);

    /// <summary>Moves the bounds of the region that starts at <paramref name="from"/>, which must exist and keep its place in the order.</summary>
    public void Resize(long from, long newFrom, long newTo) => ResizeBelow(_root, from, newFrom, newTo);

    /// <summary>Removes every region that starts in [<paramref name="from"/>, <paramref name="to"/>), reporting those that hold a cgroup's counter in order.</summary>
    /// <returns>Huge pages removed.</returns>
    public long RemoveRange(long from, long to, ICollection<Uncharge>? uncharges)
    {
        var (before, rest) = Split(_root, from);
        var (removed, after) = Split(rest, to);
        var pages = _nodes[removed].Pages;
        Free(removed, uncharges);
        _root = Join(before, after);

        if (_root == 0 && _nodes.Length > InitialCapacity)
        {
            // A map that once had many regions must not hold their memory for the rest of its life.
            Reset();
        }

        return pages;
    }

    /// <summary>Replaces the contents by <paramref name="regions"/>, which must be in order, in O(n).</summary>
    public void Load(ReadOnlySpan<FileRegion> regions)
    {
        Reset();
        if (regions.Length > 0)
        {
            _nodes = new Node[regions.Length + 1];
            _root = Build(regions);
        }
    }

    /// <summary>All regions in order.</summary>
    public FileRegion[] ToArray()
    {
        var regions = new FileRegion[Count];
        var filled = 0;
        Fill(_root, regions, ref filled);
        return regions;
    }

    private void Fill(int at, FileRegion[] regions, ref int filled)
    {
        if (at == 0)
        {
            return;
        }

        Fill(_nodes[at].Left, regions, ref filled);
        regions[filled++] = _nodes[at].Region;
        Fill(_nodes[at].Right, regions, ref filled);
    }

    private int Build(ReadOnlySpan<FileRegion> regions)
    {
        if (regions.IsEmpty)
        {
            return 0;
        }

        var middle = regions.Length / 2;
        var left = Build(regions[..middle]);
        var at = Take(regions[middle]);
        var right = Build(regions[(middle + 1)..]);
        return Join(left, at, right);
    }

    private int InsertBelow(int at, int added)
    {
        if (at == 0)
        {
            return added;
        }

        return _nodes[added].From < _nodes[at].From
            ? Join(InsertBelow(_nodes[at].Left, added), at, _nodes[at].Right)
            : Join(_nodes[at].Left, at, InsertBelow(_nodes[at].Right, added));
    }

    private int RemoveBelow(int at, long from)
    {
        if (at == 0)
        {
            ThrowMissing(from);
        }

        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        if (from < _nodes[at].From)
        {
            return Join(RemoveBelow(left, from), at, right);
        }

        if (from > _nodes[at].From)
        {
            return Join(left, at, RemoveBelow(right, from));
        }

        Give(at);
        return Join(left, right);
    }

    private void ResizeBelow(int at, long from, long newFrom, long newTo)
    {
        if (at == 0)
        {
            ThrowMissing(from);
        }

        ref var node = ref _nodes[at];
        if (from == node.From)
        {
            node.From = newFrom;
            node.To = newTo;
        }
        else
        {
            ResizeBelow(from < node.From ? node.Left : node.Right, from, newFrom, newTo);
        }

        Summarize(at);
    }

    private void Free(int at, ICollection<Uncharge>? uncharges)
    {
        if (at == 0)
        {
            return;
        }

        var (left, right, region) = (_nodes[at].Left, _nodes[at].Right, _nodes[at].Region);
        Free(left, uncharges);
        if (uncharges is not null && region.UnchargePath is not null)
        {
            uncharges.Add(new Uncharge(region.UnchargePath, region.Pages));
        }

        Give(at);
        Free(right, uncharges);
    }

    private int Take(FileRegion region)
    {
        int at;
        if (_free != 0)
        {
            at = _free;
            _free = _nodes[at].Left;
        }
        else
        {
            if (_used == _nodes.Length)
            {
                Array.Resize(ref _nodes, Math.Max(InitialCapacity, checked(_nodes.Length * 2)));
            }

            at = _used++;
        }

        ref var node = ref _nodes[at];
        node = default;
        node.From = region.From;
        node.To = region.To;
        node.Path = region.UnchargePath;
        Summarize(at);
        Count++;
        return at;
    }

    private void Give(int at)
    {
        _nodes[at] = default;
        _nodes[at].Left = _free;
        _free = at;
        Count--;
    }

    private void Reset()
    {
        _nodes = Empty;
        (_root, _free, _used, Count) = (0, 0, 1, 0);
    }

    [DoesNotReturn]
    private static void ThrowMissing(long from) =>
        throw new InvalidOperationException($"reserve map has no region that starts at page {from}");

    /// <summary>A region and the sums of the subtree below it; 64 bytes, one cache line.</summary>
    private struct Node
    {
        public long From;
        public long To;
        public long Pages;
        public long Min;
        public long Max;
        public string? Path;
        public int Left;
        public int Right;
        public int Gaps;
        public int Height;

        public readonly FileRegion Region => new(From, To, Path);
    }
}
