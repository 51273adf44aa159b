using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>What every silo of Orleans has that hosts hugesim's grains, wherever it runs.</summary>
internal static class OrleansSilo
{
    /// <summary>Configures a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="numaNodes">The NUMA nodes it owns.</param>
    /// <param name="combines">What its grains ask of one hstate at the same time goes as one message.</param>
    public static void Configure(ISiloBuilder silo, IReadOnlyList<int> numaNodes, bool combines)
    {
        // Orleans' default keeps grains on the silo that calls them while it has room: one silo would have them all.
        silo.Services.AddSingleton<PlacementStrategy, RandomPlacement>();
        silo.AddHugesimGrains(string.Join(',', numaNodes), combines);
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = GrainHostOptions.ResponseTimeout);
    }
}
