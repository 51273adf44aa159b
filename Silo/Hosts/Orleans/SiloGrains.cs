using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Hugesim.Silo;

/// <summary>What every silo of Orleans needs to host hugesim's grains, wherever it runs.</summary>
public static class SiloGrains
{
    /// <summary>
    /// Adds placement filters, the NUMA nodes that the silo owns, and the strongly consistent grain directory: the default one can for a moment give two
    /// activations to one key while silos come and go, and the epochs of the grains would have to refuse one of them.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="nodes">NUMA nodes, separated by commas.</param>
    public static ISiloBuilder AddHugesimGrains(this ISiloBuilder silo, string nodes)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddHugesimGrains().AddSingleton<ILostSilos, EndedSilos>();
        return silo
            .UseSiloMetadata(new Dictionary<string, string> { [OwnerOfNodeDirector.MetadataKey] = nodes })
            .AddDistributedGrainDirectory();
    }

    private sealed class EndedSilos(IClusterMembershipService membership) : ILostSilos
    {
        public IReadOnlyList<string> Lost =>
            [.. membership.CurrentSnapshot.Members.Values.Where(silo => silo.Status == SiloStatus.Dead).Select(silo => silo.SiloAddress.ToString())];
    }
}
