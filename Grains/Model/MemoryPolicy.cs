namespace Hugesim.Model;

/// <summary>Modes of a NUMA memory policy, as in <c>set_mempolicy(2)</c>.</summary>
public enum PolicyMode
{
    /// <summary>The default: the task's policy, or local allocation.</summary>
    Default = 0,

    /// <summary>MPOL_PREFERRED.</summary>
    Preferred = 1,

    /// <summary>MPOL_BIND.</summary>
    Bind = 2,

    /// <summary>MPOL_INTERLEAVE.</summary>
    Interleave = 3,

    /// <summary>MPOL_LOCAL.</summary>
    Local = 4,

    /// <summary>MPOL_PREFERRED_MANY.</summary>
    PreferredMany = 5,
}

/// <summary>
/// Where an allocation may come from: the node it starts at and the nodes it may use, as <c>huge_node</c> (mm/mempolicy.c) works them out of
/// the VMA's policy, the task's policy and its cpuset.
/// </summary>
/// <param name="PreferredNode">First node to look at.</param>
/// <param name="AllowedNodes">Bit mask of the nodes that may be used.</param>
/// <param name="FallbackNodes">Bit mask tried when <paramref name="AllowedNodes"/> has no page (MPOL_PREFERRED_MANY); 0 for none.</param>
public readonly record struct NodeChoice(int PreferredNode, long AllowedNodes, long FallbackNodes)
{
    /// <summary>Local allocation on node 0, any node allowed: the only choice of a machine with one node.</summary>
    public static NodeChoice Any => new(0, ~0L, 0);
}

/// <summary>A NUMA memory policy of a task or a VMA (<c>struct mempolicy</c>).</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Nodes">Bit mask of nodes.</param>
public readonly record struct MemoryPolicy(PolicyMode Mode, long Nodes)
{
    /// <summary>No policy of its own.</summary>
    public static MemoryPolicy None => new(PolicyMode.Default, 0);

    /// <summary>Node and mask for the page at <paramref name="pageIndex"/> of its mapping; mirrors <c>huge_node</c> and <c>policy_node</c>.</summary>
    /// <param name="localNode">Node of the CPU that the task runs on.</param>
    /// <param name="memsAllowed">Nodes that the task's cpuset allows.</param>
    /// <param name="pageIndex">Huge page index used by MPOL_INTERLEAVE.</param>
    public NodeChoice Choose(int localNode, long memsAllowed, long pageIndex)
    {
        var nodes = Nodes & memsAllowed;
        return Mode switch
        {
            PolicyMode.Preferred when nodes != 0 => new((int)long.TrailingZeroCount(nodes), memsAllowed, 0),
            PolicyMode.Bind when nodes != 0 => new(localNode, nodes, 0),
            PolicyMode.PreferredMany when nodes != 0 => new(localNode, nodes, memsAllowed),
            PolicyMode.Interleave when nodes != 0 => new(Nth(nodes, pageIndex), memsAllowed, 0),
            _ => new(localNode, memsAllowed, 0),
        };
    }

    /// <summary>The nodes whose pool a task resizes through nr_hugepages_mempolicy; mirrors <c>init_nodemask_of_mempolicy</c>.</summary>
    /// <param name="localNode">Node of the CPU that the task runs on.</param>
    public long PoolNodes(int localNode) => Mode switch
    {
        PolicyMode.Default => ~0L,
        PolicyMode.Local => 1L << localNode,
        _ => Nodes == 0 ? 1L << localNode : Nodes,
    };

    // interleave_nid: the n-th set bit, n taken modulo the number of nodes.
    private static int Nth(long nodes, long pageIndex)
    {
        var target = pageIndex % long.PopCount(nodes);
        for (var node = 0; node < 64; node++)
        {
            if ((nodes & (1L << node)) != 0 && target-- == 0)
            {
                return node;
            }
        }

        return 0;
    }
}
