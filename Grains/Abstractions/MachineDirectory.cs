using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// The emulated machines of a cluster and the clients that have them. A client holds its machines by a lease; when it does not renew the lease, because it was
/// killed or cut off, its machines are switched off. One grain a cluster, on the path of nothing but boot and end.
/// </summary>
public interface IMachineDirectoryGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string TheKey = "machines";

    /// <summary>A client begins with machines: before they boot, so that none is missed.</summary>
    [CarriesFlow]
    ValueTask Add(MachineOwner owner, ClusterMachine[] machines);

    /// <summary>A client lives: its lease begins anew.</summary>
    /// <param name="owner">The client.</param>
    /// <param name="machines">All that it has, for a directory that has lost its memory with a silo.</param>
    [CarriesFlow]
    ValueTask Renew(MachineOwner owner, ClusterMachine[] machines);

    /// <summary>Machines have been switched off.</summary>
    [CarriesFlow]
    ValueTask Remove(string[] machines);

    /// <summary>All machines, in the order of their names.</summary>
    [ReadOnly]
    [CarriesFlow]
    ValueTask<OwnedMachine[]> List();
}

/// <summary>A client that has machines in a cluster.</summary>
/// <param name="Id">A name of its own.</param>
/// <param name="Description">What it is, for people: <c>hugesim run, process 4711 on host</c>.</param>
/// <param name="Lease">How long its machines stay without a word from it.</param>
[GenerateSerializer, Immutable, Alias("MachineOwner")]
public sealed record MachineOwner(string Id, string Description, TimeSpan Lease);

/// <summary>A machine of a cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Profile">Its kernel.</param>
/// <param name="Nodes">Its NUMA nodes.</param>
[GenerateSerializer, Immutable, Alias("ClusterMachine")]
public sealed record ClusterMachine(string Name, string Profile, int Nodes);

/// <summary>A machine and who has it.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Owner">Its client, for people.</param>
/// <param name="SinceUtc">When the client announced it.</param>
[GenerateSerializer, Immutable, Alias("OwnedMachine")]
public sealed record OwnedMachine(ClusterMachine Machine, string Owner, DateTime SinceUtc);
