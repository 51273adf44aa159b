using System.Net;

namespace Hugesim.Silo;

/// <summary>The silos that a client connects to.</summary>
/// <param name="Name">What the user calls it, for messages.</param>
/// <param name="ClusterId">Its cluster id.</param>
/// <param name="ServiceId">Its service id.</param>
/// <param name="Gateways">Known gateways, where it is reached by these.</param>
/// <param name="Folder">The folder of a local cluster whose silos are listed in a file, or null.</param>
/// <param name="Connection">The connection string, where the silos are listed in PostgreSQL, or null.</param>
public sealed record ClusterTarget(
    string Name, string ClusterId, string ServiceId, IReadOnlyList<IPEndPoint> Gateways, string? Folder, string? Connection);
