using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Hugesim.Silo;

/// <summary>Leaves the silos that own the NUMA node in a grain's key; where none does, all.</summary>
/// <param name="metadata">What silos say about themselves; null where they say nothing.</param>
public sealed class OwnerOfNodeDirector(ISiloMetadataCache? metadata = null) : IPlacementFilterDirector
{
    /// <summary>The silo metadata that lists the NUMA nodes a silo owns: numbers, separated by commas.</summary>
    public const string MetadataKey = "hugesim.node";

    /// <inheritdoc/>
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var all = silos.ToList();
        if (metadata is null || Keys.NodeOf(target.GrainIdentity.Key.ToString()!) is not { } node)
        {
            return all;
        }

        var owners = all.FindAll(silo => Owns(silo, node));
        return owners.Count > 0 ? owners : all;
    }

    private bool Owns(SiloAddress silo, int node) =>
        metadata!.GetSiloMetadata(silo)?.Metadata.GetValueOrDefault(MetadataKey) is { } nodes
        && Array.Exists(nodes.Split(','), owned => int.TryParse(owned, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number == node);
}

/// <summary>What a silo needs to host hugesim's grains, on either engine.</summary>
public static class GrainServices
{
    /// <summary>Adds the placement filters.</summary>
    public static IServiceCollection AddHugesimGrains(this IServiceCollection services) =>
        services.AddPlacementFilter<OwnerOfNode, OwnerOfNodeDirector>(ServiceLifetime.Transient);
}
