using Microsoft.AspNetCore.Routing;

namespace Hugesim.Silo;

/// <summary>A silo as a process of its own: what this build cannot do.</summary>
public static class SiloProcess
{
    /// <summary>Can this build do it?</summary>
    public static bool IsSupported => false;

    /// <summary>Says so.</summary>
    /// <exception cref="ClusterException">Always.</exception>
    public static Task RunAsync(
        SiloSettings settings, Action<IEndpointRouteBuilder, ClusterView>? pages, Action onReady, CancellationToken stop) => throw ClusterException.Input(
        "a silo as a process of its own needs Orleans, and this build has the embedded engine, whose silos share one process",
        "start a cluster of these with 'hugesim cluster up', or build with -p:GrainEngine=Orleans");
}
