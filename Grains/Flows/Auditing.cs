using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>What grains tell of their reserve maps when they are audited.</summary>
internal static class Auditing
{
    public static ReserveMapAudit Describe(ReserveMap map) => new(
        FaultOf(map), map.AddsInProgress, [.. map.Regions.Select(r => new RegionAudit(r.From, r.To, r.UnchargeCgroup))]);

    private static string? FaultOf(ReserveMap map)
    {
        try
        {
            map.Verify();
            return null;
        }
        catch (InvalidOperationException unsound)
        {
            return unsound.Message;
        }
    }
}
