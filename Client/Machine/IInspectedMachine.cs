using Hugesim.Audit;

namespace Hugesim.Machine;

/// <summary>A range of addresses that a process gave a name.</summary>
/// <param name="Name">The mapping's name in the scenario.</param>
/// <param name="AddressBytes">Its first byte.</param>
/// <param name="LengthBytes">Its length, as asked for.</param>
public sealed record NamedMapping(string Name, long AddressBytes, long LengthBytes);

/// <summary>A process under the name that the scenario gave it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">Key of its grain.</param>
/// <param name="Parent">The name of the process that forked it, or null.</param>
/// <param name="Death">How it died, or null.</param>
/// <param name="Mappings">The names that it has for its memory.</param>
public sealed record NamedProcess(string Name, string Key, string? Parent, string? Death, IReadOnlyList<NamedMapping> Mappings);

/// <summary>A machine that can be looked into between two commands.</summary>
public interface IInspectedMachine
{
    /// <summary>The states of all its grains.</summary>
    ValueTask<MachineSnapshot> InspectAsync();

    /// <summary>Its processes, dead ones included, in the order in which they began.</summary>
    IReadOnlyList<NamedProcess> ReadNames();
}
