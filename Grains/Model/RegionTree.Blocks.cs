namespace Hugesim.Model;

/// <summary>Blocks: finding them, finding regions in them, taking them apart and filling them.</summary>
internal sealed partial class RegionTree
{
    /// <summary>The regions of a block; valid until the next block or slot is taken.</summary>
    private Span<FileRegion> Block(int at) => at == 0 ? [] : _slots.AsSpan((at - 1) * Width, _nodes[at].Count);

    /// <summary>The first block that ends after a position, or 0.</summary>
    private int BlockEndingAfter(long position)
    {
        var best = 0;
        var at = _root;
        while (at != 0)
        {
            ref readonly var node = ref _nodes[at];
            if (node.Last > position)
            {
                best = at;
                at = node.Left;
            }
            else
            {
                at = node.Right;
            }
        }

        return best;
    }

    /// <summary>The last block that starts before a position, or 0.</summary>
    private int BlockStartingBefore(long position)
    {
        var best = 0;
        var at = _root;
        while (at != 0)
        {
            ref readonly var node = ref _nodes[at];
            if (node.First < position)
            {
                best = at;
                at = node.Right;
            }
            else
            {
                at = node.Left;
            }
        }

        return best;
    }

    /// <summary>Index of the first region that ends after a position; the length if there is none.</summary>
    private static int FirstEndingAfter(ReadOnlySpan<FileRegion> block, long position)
    {
        var (low, high) = (0, block.Length);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (block[middle].To > position)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Index of the first region that starts at a position or after it; the length if there is none.</summary>
    private static int FirstStartingAt(ReadOnlySpan<FileRegion> block, long position)
    {
        var (low, high) = (0, block.Length);
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (block[middle].From >= position)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Puts a region into a block that has room, and renews the block's own sums.</summary>
    private void InsertInto(int at, FileRegion region)
    {
        var index = FirstStartingAt(Block(at), region.From);
        Extend(at, 1);
        var block = Block(at);
        block[index..^1].CopyTo(block[(index + 1)..]);
        block[index] = region;
        Count++;
        Recount(at);
    }

    /// <summary>Removes some regions of a block, not all, and merges what is left with the block before if both are small.</summary>
    private void RemoveWithin(int at, int first, int end, ICollection<Uncharge>? uncharges)
    {
        var block = Block(at);
        Report(block[first..end], uncharges);
        block[end..].CopyTo(block[first..]);
        Shorten(at, block.Length - (end - first));
        Count -= end - first;
        Recount(at);

        var before = _nodes[at].Count > Sparse ? 0 : BlockStartingBefore(_nodes[at].First);
        if (before == 0 || _nodes[before].Count + _nodes[at].Count > Comfortable)
        {
            Refresh(_root, at);
            return;
        }

        _root = RemoveBelow(_root, at);
        Append(before, Block(at));
        Give(at);
        Refresh(_root, before);
    }

    /// <summary>Makes two blocks of one where a region starts at a position or after it and others before.</summary>
    private void Cut(long position)
    {
        var at = BlockStartingBefore(position);
        var keep = FirstStartingAt(Block(at), position);
        if (keep < Block(at).Length)
        {
            _ = Divide(at, keep);
        }
    }

    /// <summary>Moves all regions of a block but the first few into a new block after it.</summary>
    private int Divide(int at, int keep)
    {
        var upper = Take();
        var (start, count) = ((at - 1) * Width, _nodes[at].Count);
        Extend(upper, count - keep);
        _slots.AsSpan(start + keep, count - keep).CopyTo(Block(upper));
        Shorten(at, keep);
        Recount(at);
        Recount(upper);

        // The block is on the new one's way down the tree, so its sums are renewed too.
        _root = InsertBelow(_root, upper);
        return upper;
    }

    private void Append(int at, ReadOnlySpan<FileRegion> regions)
    {
        // The regions may lie in the slots that Extend replaces; the old array keeps them as they are.
        var count = _nodes[at].Count;
        Extend(at, regions.Length);
        regions.CopyTo(Block(at)[count..]);
        Recount(at);
    }

    private void Extend(int at, int more)
    {
        var count = _nodes[at].Count + more;
        var wanted = ((at - 1) * Width) + count;
        if (wanted > _slots.Length)
        {
            Array.Resize(ref _slots, Math.Max(wanted, Math.Max(InitialSlots, checked(_slots.Length * 2))));
        }

        _nodes[at].Count = (byte)count;
    }

    private void Shorten(int at, int count)
    {
        Block(at)[count..].Clear();
        _nodes[at].Count = (byte)count;
    }

    /// <summary>Renews the sums of a block that is not empty from its regions.</summary>
    private void Recount(int at)
    {
        var block = Block(at);
        long pages = 0;
        var gaps = 0;
        var last = block[0].From;
        foreach (ref readonly var region in block)
        {
            pages += region.To - region.From;
            gaps += last < region.From ? 1 : 0;
            last = region.To;
        }

        ref var node = ref _nodes[at];
        (node.First, node.Last, node.OwnPages, node.OwnGaps) = (block[0].From, last, pages, (byte)gaps);
        Summarize(at);
    }

    private static void Report(ReadOnlySpan<FileRegion> regions, ICollection<Uncharge>? uncharges)
    {
        if (uncharges is null)
        {
            return;
        }

        foreach (ref readonly var region in regions)
        {
            if (region.UnchargeCgroup is { } cgroup)
            {
                uncharges.Add(new Uncharge(cgroup, region.Pages));
            }
        }
    }

    private int Take()
    {
        var at = _free;
        if (at != 0)
        {
            _free = _nodes[at].Left;
        }
        else
        {
            if (_used == _nodes.Length)
            {
                Array.Resize(ref _nodes, checked(_nodes.Length * 2));
            }

            at = _used++;
        }

        _nodes[at] = default;
        return at;
    }

    private void Give(int at)
    {
        Block(at).Clear();
        _nodes[at] = default;
        _nodes[at].Left = _free;
        _free = at;
    }

    private void Free(int at, ICollection<Uncharge>? uncharges)
    {
        if (at == 0)
        {
            return;
        }

        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        Free(left, uncharges);
        Report(Block(at), uncharges);
        Count -= _nodes[at].Count;
        Give(at);
        Free(right, uncharges);
    }
}
