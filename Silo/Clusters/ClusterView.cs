using Hugesim.Telemetry;

namespace Hugesim.Silo;

/// <summary>What a silo's pages show.</summary>
/// <param name="Silo">The silo's name, or what the silos of one process are called together.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Flows">The newest flows that were kept here.</param>
/// <param name="FindFlowAsync">A flow by its trace, with the parts that other silos have recorded.</param>
/// <param name="Pools">The pools that live here.</param>
/// <param name="Grains">Calls grains of the whole cluster.</param>
/// <param name="MachinesAsync">The machines of all silos.</param>
/// <param name="IsReady">Does it take calls?</param>
public sealed record ClusterView(
    string Silo,
    string Cluster,
    SpanStore Flows,
    Func<string, Task<GatheredFlow>> FindFlowAsync,
    PoolRegistry Pools,
    IGrainFactory Grains,
    Func<Task<ClusterMachines>> MachinesAsync,
    Func<bool> IsReady)
{
    /// <summary>The most spans that a silo keeps to be looked at.</summary>
    public const int StoredSpans = 50_000;
}

/// <summary>The machines of a cluster, as far as its silos have told them.</summary>
/// <param name="Names">Their names, in order.</param>
/// <param name="Missing">Why some may be missing; empty if none can be.</param>
public sealed record ClusterMachines(IReadOnlyList<string> Names, IReadOnlyList<string> Missing)
{
    /// <summary>Those of one process that has all of them.</summary>
    public static ClusterMachines In(PoolRegistry pools) => new([.. pools.Pools.Select(pool => pool.Machine)], []);
}
