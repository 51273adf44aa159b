namespace Hugesim.Silo;

/// <summary>Connects to silos in other processes: what this build cannot do.</summary>
public static class ClusterClient
{
    /// <summary>Can this build do it?</summary>
    public const bool IsSupported = false;

    /// <summary>Says so.</summary>
    /// <exception cref="ClusterException">Always.</exception>
    public static ValueTask<IGrainHost> ConnectAsync(ClusterTarget target, bool traces, CancellationToken cancellationToken) => throw ClusterException.Input(
        $"cluster {target.Name} has silos of Orleans, and this build has the embedded engine",
        "use a build with -p:GrainEngine=Orleans, or the name of a cluster that 'hugesim cluster up' of this build has started");
}
