using Hugesim.Embedded;
using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Silo;

/// <summary>What the embedded engine needs to host hugesim's grains.</summary>
public static class EmbeddedGrainServices
{
    /// <summary>Adds the placement filters, and the names of lost silos for errors.</summary>
    public static IServiceCollection AddEmbeddedHugesim(this IServiceCollection services) =>
        services.AddHugesimGrains().AddSingleton<ILostSilos, CrashedSilos>();

    private sealed class CrashedSilos(EmbeddedCluster cluster) : ILostSilos
    {
        public IReadOnlyList<string> Lost => [.. cluster.CrashedSilos.Select(silo => silo.ToString())];
    }
}
