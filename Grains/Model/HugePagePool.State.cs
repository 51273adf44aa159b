namespace Hugesim.Model;

/// <summary>All of a pool as plain data, so that the grain that owns it can be stored or moved.</summary>
/// <param name="ResvPages">resv_huge_pages.</param>
/// <param name="OvercommitPages">nr_overcommit_huge_pages.</param>
/// <param name="NextNidToAlloc">The node that grows next.</param>
/// <param name="NextNidToFree">The node that shrinks next.</param>
/// <param name="Nodes">The nodes; what the machine has in all is their sum.</param>
public sealed record HugePagePoolState(long ResvPages, long OvercommitPages, int NextNidToAlloc, int NextNidToFree, NodePoolState[] Nodes);

/// <summary>All of a node's part of a pool; see <see cref="NodePool"/>.</summary>
public sealed record NodePoolState(long NrPages, long SurplusPages, long[] FreeList, long[] Buddy, long NextFresh, long CapacityPages);

/// <content>The state as plain data.</content>
public sealed partial class HugePagePool
{
    /// <summary>A pool as it was when <see cref="Capture"/> was called.</summary>
    /// <param name="profile">The kernel whose rules count; it is not part of the state.</param>
    /// <param name="state">The state; it is not kept.</param>
    public HugePagePool(KernelProfile profile, HugePagePoolState state)
        : this(profile, state.Nodes.Length, 0)
    {
        for (var i = 0; i < _nodes.Length; i++)
        {
            var node = state.Nodes[i];
            _nodes[i] = new NodePool
            {
                NrPages = node.NrPages,
                SurplusPages = node.SurplusPages,
                FreeList = [.. node.FreeList],
                Buddy = [.. node.Buddy],
                NextFresh = node.NextFresh,
                CapacityPages = node.CapacityPages,
            };
        }

        (NrPages, FreePages, SurplusPages) = (_nodes.Sum(n => n.NrPages), _nodes.Sum(n => n.FreePages), _nodes.Sum(n => n.SurplusPages));
        (ResvPages, OvercommitPages, _nextNidToAlloc, _nextNidToFree) =
            (state.ResvPages, state.OvercommitPages, state.NextNidToAlloc, state.NextNidToFree);
    }

    /// <summary>The pool as plain data.</summary>
    public HugePagePoolState Capture() => new(
        ResvPages, OvercommitPages, _nextNidToAlloc, _nextNidToFree,
        [.. _nodes.Select(n => new NodePoolState(n.NrPages, n.SurplusPages, [.. n.FreeList], [.. n.Buddy], n.NextFresh, n.CapacityPages))]);
}
