using Hugesim.Cli;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>A local cluster that this process runs: the silos, and the socket for commands to them.</summary>
internal sealed class LocalCluster : IControlledCluster, IAsyncDisposable
{
    private readonly ClusterFolder _folder;
    private readonly IDisposable _claim;
    private readonly LocalSilosOptions _options;
    private readonly Action<LocalSilo> _onChange;
    private readonly CancellationTokenSource _down = new();
    private ControlServer? _server;
    private ILocalSilos? _silos;

    private LocalCluster(ClusterFolder folder, IDisposable claim, LocalSilosOptions options, Action<LocalSilo> onChange) =>
        (_folder, _claim, _options, _onChange) = (folder, claim, options, onChange);

    /// <summary>Cancelled when somebody asks for the cluster's end.</summary>
    public CancellationToken IsDown => _down.Token;

    /// <inheritdoc/>
    public HostedMachines? Machines { get; private set; }

    /// <inheritdoc/>
    public HostedCommands? Commands { get; private set; }

    /// <inheritdoc/>
    public ClusterStatus Status => new(
        _folder.Name,
        EngineChoice.Engine,
        LocalSilos.Description,
        Environment.ProcessId,
        _options.ClusterId,
        _options.ServiceId,
        _options.Clustering,
        _silos is not null,
        Machines is not null,
        _silos?.Silos ?? []);

    /// <summary>Starts a cluster.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="options">What to start, given that folder.</param>
    /// <param name="services">What commands need that are executed in this process.</param>
    /// <param name="onChange">Is told when a silo starts, is ready, or has ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<LocalCluster> StartAsync(
        ClusterFolder folder, LocalSilosOptions options, CliServices services, Action<LocalSilo> onChange, CancellationToken cancellationToken)
    {
        var cluster = new LocalCluster(folder, folder.Claim(), options, onChange);
        try
        {
            var record = folder.Write();
            cluster._server = await ControlServer.StartAsync(record.Socket, cluster, cancellationToken).ConfigureAwait(false);
            var silos = await LocalSilos.StartAsync(options, onChange, cancellationToken).ConfigureAwait(false);
            if (silos.Host is { } host)
            {
                (cluster.Machines, cluster.Commands) = (new HostedMachines(host), new HostedCommands(folder.Name, host, services));
            }

            cluster._silos = silos;
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task ChangeSiloAsync(string silo, string action, CancellationToken cancellationToken)
    {
        var silos = _silos ?? throw new ClusterException($"cluster {_folder.Name} is still starting", "wait until 'hugesim cluster status' says ready");
        var names = silos.Silos.Select(known => known.Name).ToArray();
        if (!names.Contains(silo, StringComparer.Ordinal))
        {
            throw ClusterException.Input($"cluster {_folder.Name} has no silo '{silo}'", $"its silos are {string.Join(", ", names)}");
        }

        return action switch
        {
            "start" => silos.StartAsync(silo, cancellationToken),
            "stop" => silos.StopAsync(silo, cancellationToken),
            "crash" => silos.CrashAsync(silo, cancellationToken),
            _ => throw ClusterException.Input($"a silo cannot be told to '{action}'", "the actions are start, stop and crash"),
        };
    }

    /// <inheritdoc/>
    public void Down() => _down.Cancel();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Commands is not null)
        {
            await Commands.DisposeAsync().ConfigureAwait(false);
        }

        if (_silos is not null)
        {
            await _silos.DisposeAsync().ConfigureAwait(false);
        }

        if (_server is not null)
        {
            await _server.DisposeAsync().ConfigureAwait(false);
        }

        _folder.Remove();
        _claim.Dispose();
        _down.Dispose();
    }
}
