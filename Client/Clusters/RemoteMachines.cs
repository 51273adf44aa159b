using System.Net.Http.Json;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Scenarios;

namespace Hugesim.Clusters;

/// <summary>Machines in the process that runs a local cluster of the embedded engine.</summary>
internal sealed class RemoteMachines : IClusterMachines
{
    private readonly ControlClient _client;
    private readonly MachineOwner _owner = LeaseRenewal.Owner();
    private readonly LeaseRenewal _renewal;

    /// <summary>Connects.</summary>
    /// <param name="client">The way to that process; it ends with this.</param>
    public RemoteMachines(ControlClient client)
    {
        _client = client;
        _renewal = new LeaseRenewal(token =>
            client.SendAsync<object>(HttpMethod.Post, "machines/renew", JsonContent.Create(_owner, ControlJson.Default.MachineOwner), null, token));
    }

    /// <inheritdoc/>
    public ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct) => RemoteMachine.BootAsync(_client, options, _owner, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OwnedMachine>> ListAsync(CancellationToken cancellationToken) =>
        await _client.GetAsync("machines/", ControlJson.Default.OwnedMachineArray, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AuditViolation>> AuditAsync(ClusterMachine machine, CancellationToken cancellationToken) =>
        _client.GetAsync($"machines/{machine.Name}/audit", ControlJson.Default.IReadOnlyListAuditViolation, cancellationToken);

    /// <inheritdoc/>
    public Task EndAsync(ClusterMachine machine, CancellationToken cancellationToken) =>
        _client.SendAsync<object>(HttpMethod.Delete, $"machines/{machine.Name}", null, null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
    }
}
