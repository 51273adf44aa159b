namespace Hugesim.Model;

/// <summary>
/// The regions of one reserve map in order. The kernel keeps a list, walked from its head; this gives the same answers in O(log n): an
/// AVL tree of blocks, each a sorted run of up to <see cref="Width"/> regions. Every subtree carries its pages, its outer bounds and its
/// number of gaps, which is all that region_chg and region_count ask about a range. All of it lives in two arrays, linked by index.
/// </summary>
/// <remarks>
/// One region a node would be simpler, but with a million regions nearly every step then misses the cache; in blocks the
/// tree above them is small enough to stay in it. Index 0 is "no block" and is never written.
/// </remarks>
internal sealed partial class RegionTree
{
    /// <summary>Most regions of a block.</summary>
    private const int Width = 32;

    /// <summary>Regions of a block when many are loaded or neighbours merged, with room for a few more.</summary>
    private const int Comfortable = 24;

    /// <summary>A block that shrinks to this looks for a neighbour to merge with, so that blocks cannot stay nearly empty in number.</summary>
    private const int Sparse = 8;

    private const int InitialSlots = 4;

    // A map of one region is the common case (a million processes with a mapping each): an empty tree owns no array, a small one small ones.
    private static readonly Node[] Empty = [default];

    private Node[] _nodes = Empty;
    private FileRegion[] _slots = [];
    private int _root;
    private int _free;
    private int _used = 1;

    /// <summary>Number of regions.</summary>
    public int Count { get; private set; }

    /// <summary>Huge pages in all regions together.</summary>
    public long Pages => _nodes[_root].Pages;

    /// <summary>The first region that ends after <paramref name="position"/>: the one that holds it, or else the next one.</summary>
    public bool TryFirstEndingAfter(long position, out FileRegion region)
    {
        var at = BlockEndingAfter(position);
        region = at == 0 ? default : Block(at)[FirstEndingAfter(Block(at), position)];
        return at != 0;
    }

    /// <summary>The last region that starts before <paramref name="position"/>.</summary>
    public bool TryLastStartingBefore(long position, out FileRegion region)
    {
        var at = BlockStartingBefore(position);
        region = at == 0 ? default : Block(at)[FirstStartingAt(Block(at), position) - 1];
        return at != 0;
    }

    /// <summary>Adds a region that overlaps no other.</summary>
    public void Insert(FileRegion region)
    {
        var at = BlockStartingBefore(region.From);
        if (at == 0)
        {
            at = BlockEndingAfter(-1);
        }

        if (at == 0)
        {
            at = Take();
            _root = at;
        }
        else if (_nodes[at].Count == Width)
        {
            var upper = Divide(at, Width / 2);
            at = region.From > _nodes[upper].First ? upper : at;
        }

        InsertInto(at, region);
        Refresh(_root, at);
    }

    /// <summary>Removes the region that starts at <paramref name="from"/>, if there is one.</summary>
    public void Remove(long from) => RemoveRange(from, from + 1, null);

    /// <summary>Moves the bounds of the region that starts at <paramref name="from"/>, which must exist and keep its place in the order.</summary>
    public void Resize(long from, long newFrom, long newTo)
    {
        var at = BlockEndingAfter(from);
        var block = Block(at);
        var index = FirstEndingAfter(block, from);
        if (block[index].From != from)
        {
            throw Broken($"no region starts at page {from}");
        }

        block[index] = block[index] with { From = newFrom, To = newTo };
        Recount(at);
        Refresh(_root, at);
    }

    /// <summary>
    /// Removes every region that starts in [<paramref name="from"/>, <paramref name="to"/>), reporting those that hold a cgroup's counter, in order. No region
    /// may reach into the range from before it.
    /// </summary>
    public void RemoveRange(long from, long to, ICollection<Uncharge>? uncharges)
    {
        var at = BlockEndingAfter(from);
        if (at == 0)
        {
            return;
        }

        var block = Block(at);
        var first = FirstStartingAt(block, from);
        var end = FirstStartingAt(block, to);
        if (end < block.Length)
        {
            if (first < end)
            {
                RemoveWithin(at, first, end, uncharges);
            }

            return;
        }

        // More than one block may be concerned: cut blocks at both ends of the range, and the tree between blocks.
        Cut(from);
        Cut(to);
        var (before, rest) = Split(_root, from);
        var (removed, after) = Split(rest, to);
        Free(removed, uncharges);
        _root = Join(before, after);

        if (_root == 0 && _nodes.Length > 2)
        {
            // A map that once had many regions must not hold their memory for the rest of its life.
            Reset();
        }
    }

    /// <summary>Replaces the contents by <paramref name="regions"/>, which must be in order, in O(n).</summary>
    public void Load(ReadOnlySpan<FileRegion> regions)
    {
        Reset();
        if (!regions.IsEmpty)
        {
            var blocks = ((regions.Length - 1) / Comfortable) + 1;
            _nodes = new Node[blocks + 1];
            _root = Build(regions, blocks);
        }
    }

    /// <summary>All regions in order.</summary>
    public FileRegion[] ToArray()
    {
        var regions = new FileRegion[Count];
        _ = Fill(_root, regions);
        return regions;
    }

    private Span<FileRegion> Fill(int at, Span<FileRegion> regions)
    {
        if (at == 0)
        {
            return regions;
        }

        regions = Fill(_nodes[at].Left, regions);
        var block = Block(at);
        block.CopyTo(regions);
        return Fill(_nodes[at].Right, regions[block.Length..]);
    }

    private int Build(ReadOnlySpan<FileRegion> regions, int blocks)
    {
        if (blocks == 0)
        {
            return 0;
        }

        var before = blocks / 2;
        var start = before * Comfortable;
        var end = Math.Min(start + Comfortable, regions.Length);
        var left = Build(regions[..start], before);
        var at = Take();
        Append(at, regions[start..end]);
        Count += end - start;
        return Join(left, at, Build(regions[end..], blocks - before - 1));
    }

    private void Reset()
    {
        (_nodes, _slots) = (Empty, []);
        (_root, _free, _used, Count) = (0, 0, 1, 0);
    }

    private static InvalidOperationException Broken(string what) => new($"reserve map: {what}");

    /// <summary>A block's place in the tree, its sums and those of the subtree below it; 64 bytes, one cache line.</summary>
    private struct Node
    {
        /// <summary>Bounds and pages of the block itself.</summary>
        public long First, Last, OwnPages;

        /// <summary>Bounds and pages of the subtree.</summary>
        public long Min, Max, Pages;

        public int Left, Right;

        /// <summary>Gaps between the regions of the subtree.</summary>
        public int Gaps;

        public byte OwnGaps, Count, Height;
    }
}
