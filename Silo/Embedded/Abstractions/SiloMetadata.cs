using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime.MembershipService.SiloMetadata
{
    /// <summary>What a silo says about itself (Orleans: <c>Orleans.Runtime.MembershipService.SiloMetadata.SiloMetadata</c>).</summary>
    public sealed record SiloMetadata
    {
        /// <summary>Metadata of a silo that says nothing.</summary>
        public static SiloMetadata Empty { get; } = new();

        /// <summary>Names and values.</summary>
        public ImmutableDictionary<string, string> Metadata { get; internal init; } = ImmutableDictionary<string, string>.Empty;
    }

    /// <summary>The metadata of every silo (Orleans: <c>Orleans.Runtime.MembershipService.SiloMetadata.ISiloMetadataCache</c>).</summary>
    public interface ISiloMetadataCache
    {
        /// <summary>The metadata of one silo, empty for an unknown one.</summary>
        SiloMetadata GetSiloMetadata(SiloAddress siloAddress);
    }
}

namespace Orleans.Placement
{
    /// <summary>Registers placement filters (Orleans: <c>Orleans.Placement.PlacementFilterExtensions</c>).</summary>
    public static class PlacementFilterExtensions
    {
        /// <summary>Registers the director of a filter.</summary>
        public static IServiceCollection AddPlacementFilter<TFilter, TDirector>(this IServiceCollection services, ServiceLifetime strategyLifetime)
            where TFilter : PlacementFilterStrategy
            where TDirector : class, IPlacementFilterDirector
        {
            _ = strategyLifetime;
            return services.AddKeyedSingleton<IPlacementFilterDirector, TDirector>(typeof(TFilter).Name);
        }
    }
}
