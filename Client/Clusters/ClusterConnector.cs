using System.Net;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Clusters;

/// <summary>Machines on silos elsewhere. Disposing ends the connection.</summary>
public interface IClusterMachines : IScenarioMachineFactory, IAsyncDisposable
{
    /// <summary>The machines of all clients.</summary>
    Task<IReadOnlyList<OwnedMachine>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Audits a machine, which may be at work.</summary>
    Task<IReadOnlyList<AuditViolation>> AuditAsync(ClusterMachine machine, CancellationToken cancellationToken);

    /// <summary>Switches a machine off.</summary>
    Task EndAsync(ClusterMachine machine, CancellationToken cancellationToken);
}

/// <summary>Finds clusters by what users call them.</summary>
public static class ClusterConnector
{
    /// <summary>Connects to a cluster.</summary>
    /// <param name="name">
    /// The name of a local cluster, the endpoints of gateways (<c>HOST:PORT</c>, several separated by commas), or <c>postgres</c>: then the
    /// environment and appsettings.json say how to reach the database. Cluster id and service id come from there too.
    /// </param>
    /// <param name="traces">The client records flows, and learns which ones have failed elsewhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">There is no such cluster, or it does not answer.</exception>
    public static async Task<IClusterMachines> ConnectAsync(string name, bool traces, CancellationToken cancellationToken) =>
        await OpenAsync(name, traces, cancellationToken).ConfigureAwait(false) switch
        {
            (IGrainHost silos, _) => new SiloMachines(silos),
            (_, var machines) => new RemoteMachines(machines!),
        };

    /// <summary>The way to a local cluster in whose process commands are executed, because its grains cannot be called from elsewhere; null for all others.</summary>
    /// <exception cref="ClusterException">There is no such cluster, or it does not answer.</exception>
    internal static async Task<ControlClient?> FindHostAsync(string name, CancellationToken cancellationToken)
    {
        if (name == ClusterNames.Postgres || name.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        var client = Find(name).Client;
        try
        {
            if ((await client.StatusAsync(cancellationToken).ConfigureAwait(false)).HostsMachines)
            {
                return client;
            }
        }
        catch
        {
            client.Dispose();
            throw;
        }

        client.Dispose();
        return null;
    }

    /// <summary>Connects to the silos of a cluster, for clients that call grains themselves.</summary>
    /// <param name="name">As for <see cref="ConnectAsync"/>.</param>
    /// <param name="traces">As for <see cref="ConnectAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">There is no such cluster, it does not answer, or its grains cannot be called from another process.</exception>
    public static async Task<IGrainHost> ConnectToGrainsAsync(string name, bool traces, CancellationToken cancellationToken)
    {
        var (silos, machines) = await OpenAsync(name, traces, cancellationToken).ConfigureAwait(false);
        if (silos is not null)
        {
            return silos;
        }

        machines!.Dispose();
        throw ClusterException.Input(
            $"the grains of cluster '{name}' cannot be called from another process: it runs on the embedded engine",
            "leave --cluster out, which uses silos in this process, or build with -p:GrainEngine=Orleans");
    }

    // The cluster's silos, or where they are all in one other process, the way to the machines there.
    private static async Task<(IGrainHost? Silos, ControlClient? Machines)> OpenAsync(
        string name, bool traces, CancellationToken cancellationToken)
    {
        if (name == ClusterNames.Postgres)
        {
            var settings = SiloSettings.Read(null, new Dictionary<string, string> { [nameof(SiloSettings.Clustering)] = nameof(ClusteringKind.Postgres) });
            return await OfSilosAsync(Target(name, settings, []) with { Connection = settings.Connection }, traces, cancellationToken).ConfigureAwait(false);
        }

        if (name.Contains(':', StringComparison.Ordinal))
        {
            var settings = SiloSettings.Read(null, new Dictionary<string, string> { [nameof(SiloSettings.Clustering)] = nameof(ClusteringKind.Localhost) });
            var gateways = await Task.WhenAll(name.Split(',').Select(endpoint => ParseAsync(endpoint, cancellationToken))).ConfigureAwait(false);
            return await OfSilosAsync(Target(name, settings, gateways), traces, cancellationToken).ConfigureAwait(false);
        }

        var (folder, client) = Find(name);
        try
        {
            var status = await client.StatusAsync(cancellationToken).ConfigureAwait(false);
            if (status.HostsMachines)
            {
                return (null, client);
            }

            client.Dispose();
            return await OfSilosAsync(TargetOf(status, folder), traces, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Finds a local cluster that is running.</summary>
    /// <exception cref="ClusterException">There is none of this name.</exception>
    internal static (ClusterFolder Folder, ControlClient Client) Find(string name)
    {
        var folder = ClusterFolder.Of(name);
        if (folder.Read() is { } record)
        {
            return (folder, new ControlClient(record));
        }

        var known = ClusterFolder.All().Select(other => other.Name).ToArray();
        throw ClusterException.Input(
            $"there is no cluster '{name}'",
            (known.Length > 0 ? $"clusters on this machine: {string.Join(", ", known)}. " : "")
                + $"Start one with 'hugesim cluster up{(name == ClusterNames.Default ? "" : $" --name {name}")}'; one elsewhere is named by a gateway, HOST:PORT");
    }

    private static ClusterTarget Target(string name, SiloSettings settings, IReadOnlyList<IPEndPoint> gateways) =>
        new(name, settings.ClusterId, settings.ServiceId, gateways, null, null);

    private static ClusterTarget TargetOf(ClusterStatus status, ClusterFolder folder) => status.Clustering == ClusteringKind.File
        ? new ClusterTarget(status.Name, status.ClusterId, status.ServiceId, [], folder.Path, null)
        : new ClusterTarget(
            status.Name,
            status.ClusterId,
            status.ServiceId,
            [.. status.Silos.Where(silo => silo is { State: LocalSiloState.Ready, GatewayPort: not null }).Select(silo => new IPEndPoint(IPAddress.Loopback, silo.GatewayPort!.Value))],
            null,
            null);

    private static async Task<(IGrainHost? Silos, ControlClient? Machines)> OfSilosAsync(
        ClusterTarget target, bool traces, CancellationToken cancellationToken) =>
        (await ClusterClient.ConnectAsync(target, traces, cancellationToken).ConfigureAwait(false), null);

    private static async Task<IPEndPoint> ParseAsync(string endpoint, CancellationToken cancellationToken)
    {
        if (IPEndPoint.TryParse(endpoint, out var parsed) && parsed.Port > 0)
        {
            return parsed;
        }

        var colon = endpoint.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(endpoint[(colon + 1)..], out var port) || port == 0)
        {
            throw ClusterException.Input($"'{endpoint}' is no gateway", "its form is HOST:PORT, with the gateway port of a silo");
        }

        try
        {
            return new IPEndPoint((await Dns.GetHostAddressesAsync(endpoint[..colon], cancellationToken).ConfigureAwait(false))[0], port);
        }
        catch (System.Net.Sockets.SocketException exception)
        {
            throw new ClusterException($"{endpoint[..colon]} has no address: {exception.Message}", "check the name of the gateway's host", exception);
        }
    }
}
