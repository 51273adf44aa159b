namespace Hugesim.Model;

/// <content>Growing and shrinking the pool: <c>set_max_huge_pages</c>.</content>
public sealed partial class HugePagePool
{
    /// <summary>
    /// Sets the persistent pool to <paramref name="count"/> pages: <c>set_max_huge_pages</c>. Surplus pages are taken in before new ones are
    /// allocated; when the pool shrinks, pages in use or reserved stay as surplus until they are freed.
    /// </summary>
    /// <param name="count">Pages wanted; on one node if <paramref name="node"/> is given, else in all.</param>
    /// <param name="node">The NUMA node, or -1 for the whole machine.</param>
    /// <param name="nodesAllowed">Bit mask of the nodes that may be changed (nr_hugepages_mempolicy); all by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative count, or a node that the machine has not.</exception>
    public void SetMaxHugePages(long count, int node = -1, long nodesAllowed = ~0L)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(node, _nodes.Length);
        var allowed = nodesAllowed & AllNodes;
        if (node >= 0)
        {
            allowed = 1L << node;
            var asked = count;
            count += _profile.NodePoolCountsPersistent
                ? PersistentPages - (_nodes[node].NrPages - _nodes[node].SurplusPages)
                : NrPages - _nodes[node].NrPages;
            if (count < asked)
            {
                // __nr_hugepages_store_common takes a sum that wrapped for a wish for all that can be had; it wraps also where another node has
                // more surplus than pages.
                count = long.MaxValue;
            }
        }

        Grow(count, allowed);
        Shrink(count, allowed);
    }

    private void Grow(long count, long allowed)
    {
        while (SurplusPages > 0 && count > PersistentPages && AdjustPoolSurplus(allowed, -1))
        {
        }

        while (count > PersistentPages && AllocPoolPage(allowed))
        {
        }
    }

    private void Shrink(long count, long allowed)
    {
        // min_count is unsigned in the kernel: an underflowed resv makes it huge, and then no page at all is freed ("refuses to empty its
        // pool").
        var keep = PagesToKeep();
        var minCount = keep < 0 ? long.MaxValue : Math.Max(count, keep);
        while (minCount < PersistentPages && RemovePoolPage(allowed, surplusOnly: false) != Pfn.None)
        {
        }

        while (count < PersistentPages && AdjustPoolSurplus(allowed, +1))
        {
        }
    }

    // What the reservations and the pages in use need: min_count before it is compared with the size asked for.
    private long PagesToKeep()
    {
        if ((_bugs & KernelBug.DissolveReserved) != 0)
        {
            return NrPages - FreePages;
        }

        if (!_profile.ShrinkKeepsPersistentOnly)
        {
            return ResvPages + NrPages - FreePages;
        }

        var persistentFree = FreePages > PersistentPages ? Math.Max(0, FreePages - SurplusPages) : FreePages;
        return ResvPages + PersistentPages - persistentFree;
    }

    // alloc_pool_huge_folio: the next node in turn that has memory.
    private bool AllocPoolPage(long allowed)
    {
        for (var tries = (int)long.PopCount(allowed); tries > 0; tries--)
        {
            var id = NextNode(ref _nextNidToAlloc, allowed);
            var pfn = TakeFromBuddy(id);
            if (pfn != Pfn.None)
            {
                Enqueue(_nodes[id], pfn);
                return true;
            }
        }

        return false;
    }

    // remove_pool_hugetlb_folio: a free page of the next node in turn; with surplusOnly, of a node that has surplus.
    private long RemovePoolPage(long allowed, bool surplusOnly)
    {
        for (var tries = (int)long.PopCount(allowed); tries > 0; tries--)
        {
            var node = _nodes[NextNode(ref _nextNidToFree, allowed)];
            if ((surplusOnly && node.SurplusPages == 0) || node.FreeList.Count == 0)
            {
                continue;
            }

            var pfn = node.FreeList[^1];
            node.FreeList.RemoveAt(node.FreeList.Count - 1);
            FreePages--;
            if (surplusOnly)
            {
                AdjustSurplus(node, -1);
            }

            RemoveFromPool(node, pfn);
            return pfn;
        }

        return Pfn.None;
    }

    // adjust_pool_surplus: turns a persistent page of the next fitting node into a surplus one, or back.
    private bool AdjustPoolSurplus(long allowed, int delta)
    {
        for (var tries = (int)long.PopCount(allowed); tries > 0; tries--)
        {
            var node = delta < 0 ? _nodes[NextNode(ref _nextNidToAlloc, allowed)] : _nodes[NextNode(ref _nextNidToFree, allowed)];
            if (delta < 0 ? node.SurplusPages > 0 : node.SurplusPages < node.NrPages)
            {
                AdjustSurplus(node, delta);
                return true;
            }
        }

        return false;
    }

    // get_valid_node_allowed, then the node after it becomes the next in turn.
    private int NextNode(ref int next, long allowed)
    {
        var node = FirstAllowed(next, allowed);
        next = FirstAllowed((node + 1) % _nodes.Length, allowed);
        return node;
    }

    private int FirstAllowed(int from, long allowed)
    {
        for (var i = 0; i < _nodes.Length; i++)
        {
            var id = (from + i) % _nodes.Length;
            if ((allowed & (1L << id)) != 0)
            {
                return id;
            }
        }

        return from;
    }
}
