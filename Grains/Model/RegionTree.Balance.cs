namespace Hugesim.Model;

/// <summary>
/// The tree of blocks. Its balance is kept by one primitive, <see cref="Join(int, int, int)"/> (Blelloch, Ferizovic, Sun: "Just Join for Parallel Ordered
/// Sets", 2016): insertion, removal and the removal of a whole range are short walks that join what they took apart.
/// </summary>
internal sealed partial class RegionTree
{
    /// <summary>Checks order, balance and every sum, in O(n).</summary>
    /// <exception cref="InvalidOperationException">Something is wrong; the message says where.</exception>
    public void Verify()
    {
        var seen = 0;
        var previous = default(FileRegion);
        VerifyBelow(_root, ref seen, ref previous);
        if (seen != Count)
        {
            throw Broken($"the tree holds {seen} regions and counts {Count}");
        }
    }

    private void VerifyBelow(int at, ref int seen, ref FileRegion previous)
    {
        if (at == 0)
        {
            return;
        }

        VerifyBelow(_nodes[at].Left, ref seen, ref previous);
        if (_nodes[at].Count is 0 or > Width)
        {
            throw Broken($"a block of {_nodes[at].Count} regions");
        }

        foreach (ref readonly var region in Block(at))
        {
            VerifyRegion(region, previous, isFirst: seen == 0);
            previous = region;
            seen++;
        }

        VerifyBelow(_nodes[at].Right, ref seen, ref previous);

        var stored = _nodes[at];
        Recount(at);
        if (!stored.Equals(_nodes[at]))
        {
            throw Broken($"stale sums in the block that ends with {previous}");
        }

        if (Math.Abs(_nodes[stored.Left].Height - _nodes[stored.Right].Height) > 1)
        {
            throw Broken($"unbalanced at the block that ends with {previous}");
        }
    }

    private static void VerifyRegion(FileRegion region, FileRegion previous, bool isFirst)
    {
        if (region.From < 0 || region.From >= region.To)
        {
            throw Broken($"region {region} is empty or negative");
        }

        if (!isFirst && previous.To > region.From)
        {
            throw Broken($"region {previous} is not before {region}");
        }

        if (!isFirst && previous.To == region.From && previous.HasSameUnchargeInfo(region))
        {
            throw Broken($"regions {previous} and {region} should be one");
        }
    }

    /// <summary>Adds a block to a subtree.</summary>
    private int InsertBelow(int at, int added)
    {
        if (at == 0)
        {
            return added;
        }

        return _nodes[added].First < _nodes[at].First
            ? Join(InsertBelow(_nodes[at].Left, added), at, _nodes[at].Right)
            : Join(_nodes[at].Left, at, InsertBelow(_nodes[at].Right, added));
    }

    /// <summary>Takes a block out of the subtree that holds it.</summary>
    private int RemoveBelow(int at, int removed)
    {
        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        if (at == removed)
        {
            return Join(left, right);
        }

        return _nodes[removed].First < _nodes[at].First
            ? Join(RemoveBelow(left, removed), at, right)
            : Join(left, at, RemoveBelow(right, removed));
    }

    /// <summary>Renews the sums from a block up to the top of the subtree that holds it.</summary>
    private void Refresh(int at, int changed)
    {
        if (at != changed)
        {
            Refresh(_nodes[changed].First < _nodes[at].First ? _nodes[at].Left : _nodes[at].Right, changed);
        }

        Summarize(at);
    }

    /// <summary>Every block that starts before <paramref name="key"/>, and the rest.</summary>
    private (int Before, int After) Split(int at, long key)
    {
        if (at == 0)
        {
            return (0, 0);
        }

        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        if (_nodes[at].First < key)
        {
            var (before, rest) = Split(right, key);
            return (Join(left, at, before), rest);
        }
        else
        {
            var (before, rest) = Split(left, key);
            return (before, Join(rest, at, right));
        }
    }

    /// <summary>One tree of two, all of <paramref name="left"/> being before all of <paramref name="right"/>.</summary>
    private int Join(int left, int right)
    {
        if (left == 0)
        {
            return right;
        }

        if (right == 0)
        {
            return left;
        }

        var (rest, last) = SplitLast(left);
        return Join(rest, last, right);
    }

    private (int Before, int Last) SplitLast(int at)
    {
        if (_nodes[at].Right == 0)
        {
            return (_nodes[at].Left, at);
        }

        var (rest, last) = SplitLast(_nodes[at].Right);
        return (Join(_nodes[at].Left, at, rest), last);
    }

    /// <summary>One balanced tree of two and the node between them, in steps proportional to the difference of their heights.</summary>
    private int Join(int left, int middle, int right)
    {
        var difference = _nodes[left].Height - _nodes[right].Height;
        if (difference > 1)
        {
            _nodes[left].Right = Join(_nodes[left].Right, middle, right);
            return Rebalance(left);
        }

        if (difference < -1)
        {
            _nodes[right].Left = Join(left, middle, _nodes[right].Left);
            return Rebalance(right);
        }

        _nodes[middle].Left = left;
        _nodes[middle].Right = right;
        Summarize(middle);
        return middle;
    }

    /// <summary>Restores the balance of a node whose subtrees are balanced and differ in height by at most 2.</summary>
    private int Rebalance(int at)
    {
        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        var difference = _nodes[left].Height - _nodes[right].Height;
        if (difference > 1)
        {
            if (_nodes[_nodes[left].Left].Height < _nodes[_nodes[left].Right].Height)
            {
                _nodes[at].Left = RotateLeft(left);
            }

            return RotateRight(at);
        }

        if (difference < -1)
        {
            if (_nodes[_nodes[right].Right].Height < _nodes[_nodes[right].Left].Height)
            {
                _nodes[at].Right = RotateRight(right);
            }

            return RotateLeft(at);
        }

        Summarize(at);
        return at;
    }

    private int RotateLeft(int at)
    {
        var up = _nodes[at].Right;
        _nodes[at].Right = _nodes[up].Left;
        _nodes[up].Left = at;
        Summarize(at);
        Summarize(up);
        return up;
    }

    private int RotateRight(int at)
    {
        var up = _nodes[at].Left;
        _nodes[at].Left = _nodes[up].Right;
        _nodes[up].Right = at;
        Summarize(at);
        Summarize(up);
        return up;
    }

    /// <summary>Renews the sums of a subtree from its block and its children.</summary>
    private void Summarize(int at)
    {
        ref var node = ref _nodes[at];
        ref readonly var left = ref _nodes[node.Left];
        ref readonly var right = ref _nodes[node.Right];

        node.Pages = left.Pages + node.OwnPages + right.Pages;
        node.Gaps = left.Gaps + node.OwnGaps + right.Gaps;
        node.Height = (byte)(Math.Max(left.Height, right.Height) + 1);
        node.Min = node.First;
        node.Max = node.Last;

        if (node.Left != 0)
        {
            node.Min = left.Min;
            node.Gaps += left.Max < node.First ? 1 : 0;
        }

        if (node.Right != 0)
        {
            node.Max = right.Max;
            node.Gaps += node.Last < right.Min ? 1 : 0;
        }
    }
}
