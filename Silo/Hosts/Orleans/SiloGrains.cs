using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Hugesim.Silo;

/// <summary>What every silo of Orleans needs to host hugesim's grains, wherever it runs.</summary>
public static class SiloGrains
{
    // A grain that moves again while messages are on their way to its last place has them sent on from place to place. Orleans' limit of 2
    // would refuse calls that were never carried out.
    private const int MostForwards = 16;

    // A grain whose silo stops may be in the middle of a flow, whose next call may have been lost with another silo: it waits for that a minute and asks again. A grain that is given up before has its state nowhere.
    private static readonly TimeSpan DeactivationTimeout = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Adds placement filters, the NUMA nodes that the silo owns, and the strongly consistent grain directory: the default one can for a moment give two
    /// activations to one key while silos come and go, and the epochs of the grains would have to refuse one of them.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="nodes">NUMA nodes, separated by commas.</param>
    /// <param name="combines">What the silo's grains ask of one hstate at the same time goes as one message.</param>
    public static ISiloBuilder AddHugesimGrains(this ISiloBuilder silo, string nodes, bool combines = false)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddHugesimGrains().AddSingleton<ILostSilos, EndedSilos>();
        StateKeeper.AddTo(silo);
        if (combines)
        {
            silo.Services.AddSingleton<HstateCombining>();
        }

        return silo
            .Configure<SiloMessagingOptions>(options => options.MaxForwardCount = MostForwards)
            .Configure<GrainCollectionOptions>(options => options.DeactivationTimeout = DeactivationTimeout)
            .UseSiloMetadata(new Dictionary<string, string> { [OwnerOfNodeDirector.MetadataKey] = nodes })
            .AddDistributedGrainDirectory();
    }

    private sealed class EndedSilos(IClusterMembershipService membership) : ILostSilos
    {
        public IReadOnlyList<string> Lost =>
            [.. membership.CurrentSnapshot.Members.Values.Where(silo => silo.Status == SiloStatus.Dead).Select(silo => silo.SiloAddress.ToString())];
    }
}
