namespace Hugesim.Model;

/// <summary>Questions about a range, answered from the sums of the subtrees.</summary>
internal sealed partial class RegionTree
{
    /// <summary>What the regions cover of [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public Coverage Cover(long from, long to)
    {
        var coverage = default(Coverage);
        CoverBelow(_root, from, to, ref coverage);
        return coverage;
    }

    private void CoverBelow(int at, long from, long to, ref Coverage coverage)
    {
        while (at != 0)
        {
            ref readonly var node = ref _nodes[at];
            if (node.Min >= from && node.Max <= to)
            {
                coverage.Append(node.Min, node.Max, node.Pages, node.Gaps);
                return;
            }

            if (node.First > from)
            {
                CoverBelow(node.Left, from, to, ref coverage);
            }

            CoverBlock(at, from, to, ref coverage);

            // What lies to the right starts no earlier than this block ends.
            at = node.Last < to ? node.Right : 0;
        }
    }

    private void CoverBlock(int at, long from, long to, ref Coverage coverage)
    {
        ref readonly var node = ref _nodes[at];
        if (node.First >= from && node.Last <= to)
        {
            coverage.Append(node.First, node.Last, node.OwnPages, node.OwnGaps);
            return;
        }

        var block = Block(at);
        for (var index = FirstEndingAfter(block, from); index < block.Length && block[index].From < to; index++)
        {
            var (first, last) = (Math.Max(block[index].From, from), Math.Min(block[index].To, to));
            coverage.Append(first, last, last - first, 0);
        }
    }

    /// <summary>What the regions cover of a range, gathered from left to right.</summary>
    internal struct Coverage
    {
        /// <summary>Pages of the range that are in a region.</summary>
        public long Pages;

        private long _first;
        private long _last;
        private long _gaps;
        private bool _any;

        /// <summary>Adds a stretch that lies to the right of everything added before.</summary>
        public void Append(long first, long last, long pages, int gaps)
        {
            if (!_any)
            {
                _first = first;
            }
            else if (_last < first)
            {
                _gaps++;
            }

            _any = true;
            _last = last;
            _gaps += gaps;
            Pages += pages;
        }

        /// <summary>Maximal uncovered stretches of [<paramref name="from"/>, <paramref name="to"/>), the range that was asked about.</summary>
        public readonly long GapsIn(long from, long to)
        {
            if (!_any)
            {
                return from < to ? 1 : 0;
            }

            return _gaps + (from < _first ? 1 : 0) + (_last < to ? 1 : 0);
        }
    }
}
