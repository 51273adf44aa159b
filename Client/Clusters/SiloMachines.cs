using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Telemetry;

namespace Hugesim.Clusters;

/// <summary>Machines in a cluster whose grains this process calls.</summary>
internal sealed class SiloMachines(IGrainHost host) : IClusterMachines
{
    // Other clients have machines in the same cluster.
    private readonly string _prefix = $"m{Guid.NewGuid():N}"[..13];
    private readonly MachineLease _lease = new(host);
    private long _machines;

    /// <inheritdoc/>
    public async ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct)
    {
        var name = $"{_prefix}-{Interlocked.Increment(ref _machines)}";
        var leased = await _lease.HostAsync(new ClusterMachine(name, options.Profile, options.Nodes)).ConfigureAwait(false);
        var machine = await GrainMachine.BootAsync(leased, name, options).ConfigureAwait(false);
        machine.Flows = host as IFlowSource;
        return machine;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OwnedMachine>> ListAsync(CancellationToken cancellationToken) =>
        await host.RunAsync(async grains => await grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey).List().ConfigureAwait(false))
            .AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AuditViolation>> AuditAsync(ClusterMachine machine, CancellationToken cancellationToken) =>
        await host.RunAsync(grains => LiveAudit.RunAsync(grains, machine.Name)).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task EndAsync(ClusterMachine machine, CancellationToken cancellationToken) => await host.RunAsync(async grains =>
    {
        await MachinePower.OffAsync(grains, machine).ConfigureAwait(false);
        await grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey).Remove([machine.Name]).ConfigureAwait(false);
        return 0;
    }).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lease.DisposeAsync().ConfigureAwait(false);
        await host.DisposeAsync().ConfigureAwait(false);
    }
}
