using System.Diagnostics;

namespace Hugesim.Model;

/// <summary>
/// The pool of huge pages of one size: <c>struct hstate</c> of mm/hugetlb.c with all that <c>hugetlb_lock</c> protects. Counters are
/// signed: where a kernel's accounting bug lets one underflow, the value is negative, as the recordings show it.
/// </summary>
public sealed partial class HugePagePool
{
    private readonly KernelProfile _profile;
    private readonly KernelBug _bugs;
    private readonly NodePool[] _nodes;
    private int _nextNidToAlloc;
    private int _nextNidToFree;

    /// <summary>An empty pool on a machine with that many NUMA nodes.</summary>
    /// <param name="profile">The kernel whose rules count.</param>
    /// <param name="nodes">Number of nodes, 1 to 64.</param>
    /// <param name="capacityPagesPerNode">Huge pages that a node's memory can hold.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number of nodes is out of range.</exception>
    public HugePagePool(KernelProfile profile, int nodes, long capacityPagesPerNode)
    {
        _profile = profile;
        _bugs = profile.Bugs;
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nodes, 64);
        _nodes = new NodePool[nodes];
        for (var i = 0; i < nodes; i++)
        {
            _nodes[i] = new NodePool { CapacityPages = capacityPagesPerNode };
        }
    }

    /// <summary>nr_huge_pages: all pages of the pool, surplus included.</summary>
    public long NrPages { get; private set; }

    /// <summary>free_huge_pages: pages on the free lists.</summary>
    public long FreePages { get; private set; }

    /// <summary>resv_huge_pages: pages promised to mappings and subpools and not yet taken.</summary>
    public long ResvPages { get; private set; }

    /// <summary>surplus_huge_pages: pages beyond the persistent pool.</summary>
    public long SurplusPages { get; private set; }

    /// <summary>nr_overcommit_huge_pages: how many surplus pages there may be.</summary>
    public long OvercommitPages { get; set; }

    /// <summary>Pages generally available: free - resv (row R1 of the reservation document; <c>available_huge_pages</c>).</summary>
    public long AvailablePages => FreePages - ResvPages;

    /// <summary>persistent_huge_pages: nr - surplus.</summary>
    public long PersistentPages => NrPages - SurplusPages;

    /// <summary>The NUMA nodes.</summary>
    public IReadOnlyList<NodePool> Nodes => _nodes;

    private long AllNodes => _nodes.Length == 64 ? ~0L : (1L << _nodes.Length) - 1;

    /// <summary>
    /// Takes or returns global reservations: <c>hugetlb_acct_memory</c>. A positive delta is checked against free - resv and the rest is
    /// gathered as surplus pages; a negative one returns unused surplus pages to the buddy allocator.
    /// </summary>
    /// <param name="delta">Pages, of either sign.</param>
    /// <param name="choice">Nodes of the task that asks: their free pages bound the request.</param>
    /// <param name="surplusFrom">Where surplus pages come from; the same nodes if not given.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/> with nothing changed.</returns>
    public Errno AcctMemory(long delta, NodeChoice choice, NodeChoice? surplusFrom = null)
    {
        if (delta > 0)
        {
            if (!GatherSurplusPages(delta, surplusFrom ?? choice))
            {
                return Errno.ENOMEM;
            }

            if (delta > AllowedMemsFree(choice))
            {
                ReturnUnusedSurplusPages(delta);
                return Errno.ENOMEM;
            }
        }
        else if (delta < 0)
        {
            ReturnUnusedSurplusPages(-delta);
        }

        return Errno.None;
    }

    /// <summary>
    /// Takes a page off the free list, or a surplus page from the buddy allocator where none is free: <c>dequeue_hugetlb_folio_vma</c>
    /// and <c>alloc_buddy_hugetlb_folio_with_mpol</c>.
    /// </summary>
    /// <param name="choice">Nodes by memory policy.</param>
    /// <param name="useReservation">The page was reserved before: it may be the last free one, and resv falls by one.</param>
    /// <returns>The frame, or <see cref="Pfn.None"/> if the pool has none to give.</returns>
    public long AllocHugePage(NodeChoice choice, bool useReservation)
    {
        // The kernel compares unsigned numbers with zero: after an underflow a negative difference counts as "available".
        var mayDequeue = useReservation || AvailablePages != 0 || (_bugs & KernelBug.StealReservedPage) != 0;
        var pfn = mayDequeue ? DequeueNodemask(choice) : Pfn.None;
        if (pfn == Pfn.None)
        {
            pfn = AllocSurplus(choice);
        }

        if (pfn != Pfn.None && useReservation)
        {
            ResvPages--;
        }

        return pfn;
    }

    /// <summary>
    /// Frees a page: the second half of <c>free_huge_folio</c>, under hugetlb_lock. A page of a node with surplus goes back to the buddy
    /// allocator, any other to the free list. That the former holds even for a page whose reservation is restored is bug B7.
    /// </summary>
    /// <param name="pfn">The frame.</param>
    /// <param name="restoreReserve">The page's reservation is restored: its restore-reserve flag, or the subpool fell below its minimum.</param>
    public void FreeHugePage(long pfn, bool restoreReserve)
    {
        var node = _nodes[Pfn.Node(pfn)];
        if (restoreReserve)
        {
            ResvPages++;
        }

        var isPromised = restoreReserve && (_bugs & KernelBug.B7) == 0;
        if (node.SurplusPages > 0 && !isPromised)
        {
            AdjustSurplus(node, -1);
            RemoveFromPool(node, pfn);
        }
        else
        {
            Enqueue(node, pfn);
        }
    }

    /// <summary>
    /// Moves a page in use to another frame: the pool's part of <c>alloc_hugetlb_folio_nodemask</c>, <c>move_hugetlb_state</c> and the freeing of the
    /// old frame. A page that nobody has reserved is taken from the pool; without one, a temporary page comes from the buddy allocator and
    /// the old frame goes there in its place, so that no reservation is touched.
    /// </summary>
    /// <returns>The new frame, or <see cref="Pfn.None"/> if the node has none.</returns>
    public long Migrate(long oldPfn, int toNode)
    {
        var onNode = new NodeChoice(toNode, 1L << toNode, 0);
        var pfn = AvailablePages != 0 ? DequeueNodemask(onNode) : Pfn.None;
        if (pfn != Pfn.None)
        {
            FreeHugePage(oldPfn, restoreReserve: false);
            return pfn;
        }

        pfn = TakeFromBuddy(toNode);
        if (pfn != Pfn.None)
        {
            var old = _nodes[Pfn.Node(oldPfn)];
            if (old.SurplusPages > 0 && old != _nodes[toNode])
            {
                old.SurplusPages--;
                _nodes[toNode].SurplusPages++;
            }

            RemoveFromPool(old, oldPfn);
        }

        return pfn;
    }

    private long AllowedMemsFree(NodeChoice choice)
    {
        // allowed_mems_nr: free pages of the nodes that the task may use.
        var pages = 0L;
        for (var i = 0; i < _nodes.Length; i++)
        {
            if ((choice.AllowedNodes & (1L << i)) != 0)
            {
                pages += _nodes[i].FreePages;
            }
        }

        return pages;
    }

    private bool GatherSurplusPages(long delta, NodeChoice choice)
    {
        var needed = (_bugs & KernelBug.InvertedFormula) != 0 ? delta - (ResvPages - FreePages) : delta - (FreePages - ResvPages);
        if (needed <= 0)
        {
            ResvPages += delta;
            return true;
        }

        var surplus = new List<long>();
        while (surplus.Count < needed)
        {
            var pfn = AllocSurplus(choice);
            if (pfn == Pfn.None)
            {
                ReleaseGathered(surplus);
                return false;
            }

            surplus.Add(pfn);
        }

        ResvPages += delta;

        // The kernel's surplus_list is a stack: the last page allocated is the first enqueued.
        for (var i = surplus.Count - 1; i >= 0; i--)
        {
            Enqueue(_nodes[Pfn.Node(surplus[i])], surplus[i]);
        }

        return true;
    }

    private void ReleaseGathered(List<long> surplus)
    {
        for (var i = surplus.Count - 1; i >= 0; i--)
        {
            FreeHugePage(surplus[i], restoreReserve: false);
        }
    }

    private void ReturnUnusedSurplusPages(long unusedResvPages)
    {
        ResvPages -= unusedResvPages;
        var pages = Math.Min(unusedResvPages, SurplusPages);
        if (pages > 0)
        {
            RarePath.Reached(Rare.SurplusReturnedLate);
        }

        while (pages-- > 0 && RemovePoolPage(AllNodes, surplusOnly: true) != Pfn.None)
        {
        }
    }

    private long DequeueNodemask(NodeChoice choice)
    {
        var pfn = DequeueFrom(choice.PreferredNode, choice.AllowedNodes);
        return pfn == Pfn.None && choice.FallbackNodes != 0 ? DequeueFrom(choice.PreferredNode, choice.FallbackNodes) : pfn;
    }

    // dequeue_hugetlb_folio_nodemask: the zonelist of the preferred node, nearest first.
    private long DequeueFrom(int preferredNode, long allowed)
    {
        for (var i = 0; i < _nodes.Length; i++)
        {
            var id = (preferredNode + i) % _nodes.Length;
            var node = _nodes[id];
            if ((allowed & (1L << id)) != 0 && node.FreeList.Count > 0)
            {
                var pfn = node.FreeList[^1];
                node.FreeList.RemoveAt(node.FreeList.Count - 1);
                FreePages--;
                return pfn;
            }
        }

        return Pfn.None;
    }

    // alloc_surplus_hugetlb_folio: a fresh page beyond the persistent pool, as far as overcommit allows.
    private long AllocSurplus(NodeChoice choice)
    {
        if (SurplusPages >= OvercommitPages)
        {
            return Pfn.None;
        }

        for (var i = 0; i < _nodes.Length; i++)
        {
            var id = (choice.PreferredNode + i) % _nodes.Length;
            if ((choice.AllowedNodes & (1L << id)) != 0 && TakeFromBuddy(id) is var pfn && pfn != Pfn.None)
            {
                AdjustSurplus(_nodes[id], +1);
                return pfn;
            }
        }

        return Pfn.None;
    }

    private long TakeFromBuddy(int id)
    {
        var node = _nodes[id];
        if (node.NrPages >= node.CapacityPages)
        {
            return Pfn.None;
        }

        long pfn;
        if (node.Buddy.Count > 0)
        {
            pfn = node.Buddy[^1];
            node.Buddy.RemoveAt(node.Buddy.Count - 1);
        }
        else
        {
            pfn = Pfn.Make(id, node.NextFresh++);
        }

        node.NrPages++;
        NrPages++;
        return pfn;
    }

    private void Enqueue(NodePool node, long pfn)
    {
        node.FreeList.Add(pfn);
        FreePages++;
        Debug.Assert(FreePages <= NrPages, "more free pages than pages");
    }

    private void RemoveFromPool(NodePool node, long pfn)
    {
        node.NrPages--;
        NrPages--;
        node.Buddy.Add(pfn);
    }

    private void AdjustSurplus(NodePool node, int delta)
    {
        node.SurplusPages += delta;
        SurplusPages += delta;
        Debug.Assert(node.SurplusPages >= 0, "negative surplus");
    }
}
