using Hugesim.Scenarios;

namespace Hugesim.Clusters;

/// <summary>Makes all machines on one cluster, for those who do not know of it.</summary>
/// <param name="machines">Makes them where their options say.</param>
/// <param name="cluster">The cluster.</param>
internal sealed class MachinesOnCluster(IScenarioMachineFactory machines, string cluster) : IScenarioMachineFactory
{
    /// <inheritdoc/>
    public ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct) => machines.CreateAsync(options with { Cluster = cluster }, ct);
}
