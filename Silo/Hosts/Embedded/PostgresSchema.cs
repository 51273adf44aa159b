namespace Hugesim.Silo;

/// <summary>The tables in PostgreSQL that silos of Orleans need: of no use to this build.</summary>
public static class PostgresSchema
{
    /// <summary>Can this build do it?</summary>
    public const bool IsSupported = false;

    /// <summary>Says so.</summary>
    /// <exception cref="ClusterException">Always.</exception>
    public static string Script() => throw ClusterException.Input(
        "PostgreSQL lists silos of Orleans, and this build has the embedded engine", "use a build with -p:GrainEngine=Orleans");

    /// <summary>Says so.</summary>
    /// <exception cref="ClusterException">Always.</exception>
    public static Task SetUpAsync(string connection, CancellationToken cancellationToken) => Task.FromResult(Script());

    /// <summary>A connection string, for people.</summary>
    public static string Describe(string connection) => "PostgreSQL";
}
