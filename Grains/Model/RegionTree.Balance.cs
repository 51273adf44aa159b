namespace Hugesim.Model;

/// <summary>Taking trees apart and putting them together, and the check that they are sound.</summary>
internal sealed partial class RegionTree
{
    /// <summary>Checks order, balance and every sum, in O(n).</summary>
    /// <exception cref="InvalidOperationException">Something is wrong; the message says where.</exception>
    public void Verify()
    {
        var seen = 0;
        FileRegion? previous = null;
        VerifyBelow(_root, ref seen, ref previous);
        if (seen != Count)
        {
            throw Broken($"the tree holds {seen} regions and counts {Count}");
        }
    }

    private void VerifyBelow(int at, ref int seen, ref FileRegion? previous)
    {
        if (at == 0)
        {
            return;
        }

        var region = _nodes[at].Region;
        VerifyBelow(_nodes[at].Left, ref seen, ref previous);
        if (region.From < 0 || region.From >= region.To)
        {
            throw Broken($"region {region} is empty or negative");
        }

        if (previous is { } before && before.To > region.From)
        {
            throw Broken($"region {before} is not before {region}");
        }

        if (previous is { } neighbour && neighbour.To == region.From && neighbour.HasSameUnchargeInfo(region))
        {
            throw Broken($"regions {neighbour} and {region} should be one");
        }

        previous = region;
        seen++;
        VerifyBelow(_nodes[at].Right, ref seen, ref previous);

        var stored = _nodes[at];
        Summarize(at);
        var fresh = _nodes[at];
        if (Math.Abs(_nodes[stored.Left].Height - _nodes[stored.Right].Height) > 1)
        {
            throw Broken($"unbalanced at {region}");
        }

        if ((stored.Pages, stored.Min, stored.Max, stored.Gaps, stored.Height) != (fresh.Pages, fresh.Min, fresh.Max, fresh.Gaps, fresh.Height))
        {
            throw Broken($"stale sums at {region}");
        }
    }

    private static InvalidOperationException Broken(string what) => new($"reserve map: {what}");

    /// <summary>Everything that starts before <paramref name="key"/>, and the rest.</summary>
    private (int Before, int After) Split(int at, long key)
    {
        if (at == 0)
        {
            return (0, 0);
        }

        var (left, right) = (_nodes[at].Left, _nodes[at].Right);
        if (_nodes[at].From < key)
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

    /// <summary>Recomputes the sums of a node from its children.</summary>
    private void Summarize(int at)
    {
        ref var node = ref _nodes[at];
        ref readonly var left = ref _nodes[node.Left];
        ref readonly var right = ref _nodes[node.Right];

        node.Pages = left.Pages + (node.To - node.From) + right.Pages;
        node.Gaps = left.Gaps + right.Gaps;
        node.Height = Math.Max(left.Height, right.Height) + 1;
        node.Min = node.From;
        node.Max = node.To;

        if (node.Left != 0)
        {
            node.Min = left.Min;
            node.Gaps += left.Max < node.From ? 1 : 0;
        }

        if (node.Right != 0)
        {
            node.Max = right.Max;
            node.Gaps += node.To < right.Min ? 1 : 0;
        }
    }
}
