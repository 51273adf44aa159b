using Hugesim.Telemetry;
using Microsoft.AspNetCore.Routing;

namespace Hugesim.Silo;

/// <summary>How a silo of a local cluster is.</summary>
public enum LocalSiloState
{
    /// <summary>It starts.</summary>
    Starting,

    /// <summary>It hosts grains.</summary>
    Ready,

    /// <summary>It was stopped in order: what its grains held was handed on where the cluster can do that.</summary>
    Stopped,

    /// <summary>It ended without that.</summary>
    Crashed,
}

/// <summary>One silo of a local cluster.</summary>
/// <param name="Name">Its name, such as <c>silo-1</c>.</param>
/// <param name="State">How it is.</param>
/// <param name="Pid">The process, where each silo has its own; else null.</param>
/// <param name="SiloPort">Its port for other silos, or null.</param>
/// <param name="GatewayPort">Its port for clients, or null.</param>
/// <param name="HealthPort">The port of its health endpoint, or null.</param>
/// <param name="HttpPort">The port of its console and metrics, or null.</param>
/// <param name="NumaNodes">The NUMA nodes it owns.</param>
/// <param name="Log">Its log file, or null.</param>
/// <param name="Detail">Why it ended, or null.</param>
public sealed record LocalSilo(
    string Name, LocalSiloState State, int? Pid, int? SiloPort, int? GatewayPort, int? HealthPort, int? HttpPort, IReadOnlyList<int> NumaNodes, string? Log,
    string? Detail);

/// <summary>What a local cluster is made of.</summary>
/// <param name="Silos">How many silos.</param>
/// <param name="Folder">Where log files and the table of members are put.</param>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="ServiceId">The id of the stored state.</param>
/// <param name="Clustering">Where the silos find each other.</param>
/// <param name="Connection">The connection string, with postgres clustering. Holds a password.</param>
public sealed record LocalSilosOptions(int Silos, string Folder, string ClusterId, string ServiceId, ClusteringKind Clustering, string Connection)
{
    /// <summary>Where flows are sent.</summary>
    public FlowExportOptions Flows { get; init; } = FlowExportOptions.None;

    /// <summary>Each silo has an HTTP port with console, flows and metrics.</summary>
    public bool HasConsole { get; init; }

    /// <summary>Adds pages to that.</summary>
    public Action<IEndpointRouteBuilder, ClusterView>? Pages { get; init; }

    /// <summary>The NUMA nodes of emulated machines.</summary>
    public const int MaximumNodes = 16;

    /// <summary>The name of a silo, by its number from 0.</summary>
    public static string NameOf(int silo) => $"silo-{silo + 1}";

    /// <summary>The nodes of a silo: all nodes that a machine can have are dealt out in turn.</summary>
    public IReadOnlyList<int> NodesOf(int silo) => [.. Enumerable.Range(0, MaximumNodes).Where(node => node % Silos == silo)];
}

/// <summary>The silos of a local cluster, and who may start and end them. Disposing ends all.</summary>
public interface ILocalSilos : IAsyncDisposable
{
    /// <summary>How they are now.</summary>
    IReadOnlyList<LocalSilo> Silos { get; }

    /// <summary>The grains, where they live in this process; else null, and clients connect to the silos themselves.</summary>
    IGrainHost? Host { get; }

    /// <summary>Starts a silo that has ended, and waits until it hosts grains.</summary>
    /// <exception cref="ClusterException">It does not start.</exception>
    Task StartAsync(string silo, CancellationToken cancellationToken);

    /// <summary>Stops a silo in order.</summary>
    Task StopAsync(string silo, CancellationToken cancellationToken);

    /// <summary>Ends a silo as if its machine had lost power.</summary>
    Task CrashAsync(string silo, CancellationToken cancellationToken);
}
