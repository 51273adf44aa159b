namespace Hugesim.Audit;

/// <summary>Audits a machine that somebody may be using.</summary>
public static class LiveAudit
{
    private const int Looks = 5;

    /// <summary>
    /// Audits. The states of a walk over a machine at work are of different moments, so that what is under way looks like a violation; but not twice in the same words.
    /// </summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="machine">The machine.</param>
    /// <returns>The violations that several walks have found alike.</returns>
    /// <exception cref="ArgumentException">No machine of that name has booted.</exception>
    public static async ValueTask<IReadOnlyList<AuditViolation>> RunAsync(IGrainFactory grains, string machine)
    {
        var found = await MachineAudit.RunAsync(grains, machine);
        for (var look = 1; look < Looks && found.Count > 0; look++)
        {
            var again = (await MachineAudit.RunAsync(grains, machine)).Select(violation => violation.ToString()).ToHashSet(StringComparer.Ordinal);
            found = [.. found.Where(violation => again.Contains(violation.ToString()))];
        }

        return found;
    }
}
