using System.Collections.Concurrent;
using Hugesim.Abstractions;
using Hugesim.Grains;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>The machines of this client in a cluster whose grains it calls: they stay while it lives, and are switched off when it is done with them.</summary>
internal sealed class MachineLease : IAsyncDisposable
{
    // For a farewell; what is left then ends with the lease.
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(20);
    private const int AtOnce = 64;

    private readonly IGrainHost _host;
    private readonly MachineOwner _owner = LeaseRenewal.Owner();
    private readonly ConcurrentDictionary<string, ClusterMachine> _machines = new(StringComparer.Ordinal);
    private readonly LeaseRenewal _renewal;

    /// <summary>Begins without machines.</summary>
    /// <param name="host">The cluster; it belongs to the caller.</param>
    public MachineLease(IGrainHost host)
    {
        _host = host;
        _renewal = new LeaseRenewal(_ => _machines.IsEmpty ? Task.CompletedTask : Call((directory, _) => directory.Renew(_owner, [.. _machines.Values])));
    }

    /// <summary>Announces machines that are about to boot.</summary>
    public Task AddAsync(params ClusterMachine[] machines)
    {
        foreach (var machine in machines)
        {
            _machines[machine.Name] = machine;
        }

        return Call((directory, _) => directory.Add(_owner, machines));
    }

    /// <summary>Boots a machine whose end switches it off.</summary>
    /// <param name="machine">The machine.</param>
    /// <returns>A host for it that it owns.</returns>
    public async Task<IGrainHost> HostAsync(ClusterMachine machine)
    {
        await AddAsync(machine).ConfigureAwait(false);
        return new LeasedHost(this, machine);
    }

    /// <summary>Ends what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync().ConfigureAwait(false);
        await EndAsync([.. _machines.Values]).ConfigureAwait(false);
    }

    // A cluster that is gone has no machines any more; whoever used it has been told.
    private async Task EndAsync(ClusterMachine[] machines)
    {
        foreach (var machine in machines)
        {
            _machines.TryRemove(machine.Name, out _);
        }

        if (machines.Length == 0)
        {
            return;
        }

        var ending = Call(async (directory, grains) =>
        {
            foreach (var some in machines.Chunk(AtOnce))
            {
                await Task.WhenAll(some.Select(machine => MachinePower.OffAsync(grains, machine).AsTask())).ConfigureAwait(false);
            }

            await directory.Remove([.. machines.Select(machine => machine.Name)]).ConfigureAwait(false);
        });
        await Task.WhenAny(ending, Task.Delay(FarewellTime)).ConfigureAwait(false);
        _ = ending.Exception;
    }

    private async Task Call(Func<IMachineDirectoryGrain, IGrainFactory, ValueTask> call) => await _host.RunAsync(async grains =>
    {
        await call(grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey), grains).ConfigureAwait(false);
        return 0;
    }).ConfigureAwait(false);

    private sealed class LeasedHost(MachineLease lease, ClusterMachine machine) : IGrainHost
    {
        public RepeatedCalls Calls => lease._host.Calls;

        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => lease._host.RunAsync(client);

        public async ValueTask DisposeAsync() => await lease.EndAsync([machine]).ConfigureAwait(false);
    }
}
