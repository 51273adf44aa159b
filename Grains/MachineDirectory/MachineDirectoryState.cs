using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>All of a machine directory as plain data.</summary>
/// <param name="Owners">The clients, when their leases end, and their machines with the time at which they were announced.</param>
public sealed record MachineDirectoryState(OwnerState[] Owners);

/// <summary>A client.</summary>
/// <param name="Owner">The client.</param>
/// <param name="EndsUtc">When its lease ends.</param>
/// <param name="Machines">Its machines.</param>
public sealed record OwnerState(MachineOwner Owner, DateTime EndsUtc, OwnedMachine[] Machines);
