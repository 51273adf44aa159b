using Hugesim.Audit;

namespace Hugesim.Machine;

/// <summary>A machine whose invariants can be checked between two commands.</summary>
public interface IAuditedMachine
{
    /// <summary>Checks all invariants.</summary>
    /// <returns>What does not hold; with a kernel that has accounting bugs, also what those bugs did.</returns>
    ValueTask<IReadOnlyList<AuditViolation>> AuditAsync(CancellationToken ct);
}
