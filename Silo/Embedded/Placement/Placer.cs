using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Hugesim.Embedded;

/// <summary>Chooses the silo of a new activation: the filters of the class narrow, its strategy chooses.</summary>
internal sealed class Placer(EmbeddedCluster cluster) : ISiloMetadataCache
{
    private static readonly Dictionary<string, object> NoContext = [];
    private int _turn;

    /// <inheritdoc/>
    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress) =>
        cluster.Silos.FirstOrDefault(silo => silo.SiloAddress.Equals(siloAddress)) is { } known
            ? new SiloMetadata { Metadata = (System.Collections.Immutable.ImmutableDictionary<string, string>)known.Metadata }
            : SiloMetadata.Empty;

    internal void Reset() => _turn = 0;

    internal EmbeddedSilo Place(
        GrainId grain, PlacementStrategy strategy, PlacementFilterStrategy[] filters, ExecutionNode? caller, Dictionary<string, object>? context)
    {
        var silos = Running();
        if (filters.Length > 0)
        {
            silos = Filter(grain, filters, silos, context ?? NoContext);
        }

        return strategy switch
        {
            _ when silos.Count == 1 => silos[0],
            HashBasedPlacement => silos[(int)(grain.GetUniformHashCode() % (uint)silos.Count)],
            ActivationCountBasedPlacement => silos.MinBy(silo => silo.ActivationCount)!,
            PreferLocalPlacement when (caller as Activation)?.Silo is { } local && silos.Contains(local) => local,
            _ => Next(silos),
        };
    }

    /// <summary>The silos that take new activations.</summary>
    internal IReadOnlyList<EmbeddedSilo> Running()
    {
        var silos = cluster.Silos;
        if (silos.All(silo => silo.IsOpen))
        {
            return silos;
        }

        var running = silos.Where(silo => silo.IsOpen).ToList();
        return running.Count > 0
            ? running
            : throw new SiloUnavailableException($"None of the {silos.Count} silos runs.");
    }

    /// <summary>Each in turn: as even as chance, and the same in every run.</summary>
    internal EmbeddedSilo Next(IReadOnlyList<EmbeddedSilo> silos) =>
        silos[(int)((uint)(Interlocked.Increment(ref _turn) - 1) % (uint)silos.Count)];

    private List<EmbeddedSilo> Filter(
        GrainId grain, PlacementFilterStrategy[] filters, IReadOnlyList<EmbeddedSilo> silos, Dictionary<string, object> context)
    {
        IEnumerable<SiloAddress> addresses = silos.Select(silo => silo.SiloAddress).ToList();
        foreach (var filter in filters)
        {
            var name = filter.GetType().Name;
            var director = cluster.Services.GetKeyedService<IPlacementFilterDirector>(name)
                ?? throw new InvalidOperationException($"{grain} asks for the placement filter {name}: register it with AddPlacementFilter.");
            addresses = director.Filter(filter, new PlacementTarget(grain, context), addresses).ToList();
        }

        var left = addresses.ToHashSet();
        var result = silos.Where(silo => left.Contains(silo.SiloAddress)).ToList();
        return result.Count > 0
            ? result
            : throw new OrleansException(
                $"No silo for {grain}: its placement filters leave none of the {silos.Count} that run.");
    }
}
