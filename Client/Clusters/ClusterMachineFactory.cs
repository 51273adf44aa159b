using System.Collections.Concurrent;
using Hugesim.Scenarios;

namespace Hugesim.Clusters;

/// <summary>Makes machines where the options say: on a cluster, to which it connects once, or by another factory.</summary>
public sealed class ClusterMachineFactory(IScenarioMachineFactory otherwise) : IScenarioMachineFactory, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<IClusterMachines>>> _clusters = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct)
    {
        if (options.Cluster is not { } name)
        {
            return await otherwise.CreateAsync(options, ct).ConfigureAwait(false);
        }

        var cluster = _clusters.GetOrAdd(name, key => new Lazy<Task<IClusterMachines>>(() => ClusterConnector.ConnectAsync(key, options.Traces, ct)));
        var machines = await cluster.Value.ConfigureAwait(false);
        return await machines.CreateAsync(options, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in _clusters.Values.Select(cluster => cluster.Value))
        {
            // One that could not be connected to has told its user so.
            if (cluster.IsCompletedSuccessfully)
            {
                await cluster.Result.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
