using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>How the silo of a new activation is chosen (Orleans: <c>Orleans.Runtime.PlacementStrategy</c>).</summary>
    public abstract class PlacementStrategy;

    /// <summary>Any silo; here the next one in turn. The default of grain classes without an attribute (Orleans: <c>Orleans.Runtime.RandomPlacement</c>).</summary>
    public sealed class RandomPlacement : PlacementStrategy
    {
        internal static RandomPlacement Singleton { get; } = new();
    }

    /// <summary>The silo of the calling grain; for a client, any (Orleans: <c>Orleans.Runtime.PreferLocalPlacement</c>).</summary>
    public sealed class PreferLocalPlacement : PlacementStrategy
    {
        internal static PreferLocalPlacement Singleton { get; } = new();
    }

    /// <summary>By a hash of the identity over the silos that run (Orleans: <c>Orleans.Runtime.HashBasedPlacement</c>).</summary>
    public sealed class HashBasedPlacement : PlacementStrategy
    {
        internal static HashBasedPlacement Singleton { get; } = new();
    }

    /// <summary>The silo with the fewest activations (Orleans: <c>Orleans.Runtime.ActivationCountBasedPlacement</c>).</summary>
    public sealed class ActivationCountBasedPlacement : PlacementStrategy
    {
        internal static ActivationCountBasedPlacement Singleton { get; } = new();
    }

    /// <summary>Several activations on each silo (Orleans: <c>Orleans.Runtime.StatelessWorkerPlacement</c>).</summary>
    internal sealed class StatelessWorkerPlacement(int maxLocal) : PlacementStrategy
    {
        public int MaxLocal { get; } = maxLocal > 0
            ? maxLocal
            : throw new ArgumentOutOfRangeException(nameof(maxLocal), maxLocal, "A stateless worker needs at least one activation.");
    }
}

namespace Orleans.Placement
{
    /// <summary>Base of the placement attributes of grain classes (Orleans: <c>Orleans.Placement.PlacementAttribute</c>).</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public abstract class PlacementAttribute : Attribute
    {
        /// <summary>Keeps the strategy.</summary>
        protected PlacementAttribute(PlacementStrategy placement) => PlacementStrategy = placement;

        /// <summary>The strategy of the class.</summary>
        public PlacementStrategy PlacementStrategy { get; }
    }

    /// <summary>See <see cref="RandomPlacement"/> (Orleans: <c>Orleans.Placement.RandomPlacementAttribute</c>).</summary>
    public sealed class RandomPlacementAttribute() : PlacementAttribute(RandomPlacement.Singleton);

    /// <summary>See <see cref="HashBasedPlacement"/> (Orleans: <c>Orleans.Placement.HashBasedPlacementAttribute</c>).</summary>
    public sealed class HashBasedPlacementAttribute() : PlacementAttribute(HashBasedPlacement.Singleton);

    /// <summary>See <see cref="PreferLocalPlacement"/> (Orleans: <c>Orleans.Placement.PreferLocalPlacementAttribute</c>).</summary>
    public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(PreferLocalPlacement.Singleton);

    /// <summary>See <see cref="ActivationCountBasedPlacement"/> (Orleans: <c>Orleans.Placement.ActivationCountBasedPlacementAttribute</c>).</summary>
    public sealed class ActivationCountBasedPlacementAttribute() : PlacementAttribute(ActivationCountBasedPlacement.Singleton);

    /// <summary>Base of attributes that narrow the silos before a strategy chooses (Orleans: <c>Orleans.Placement.PlacementFilterAttribute</c>).</summary>
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public abstract class PlacementFilterAttribute : Attribute
    {
        /// <summary>Keeps the filter.</summary>
        protected PlacementFilterAttribute(PlacementFilterStrategy placement) => PlacementFilterStrategy = placement;

        /// <summary>The filter of the class.</summary>
        public PlacementFilterStrategy PlacementFilterStrategy { get; }
    }

    /// <summary>Names a filter and its place among several; its director does the work (Orleans: <c>Orleans.Placement.PlacementFilterStrategy</c>).</summary>
    public abstract class PlacementFilterStrategy
    {
        /// <summary>Keeps the order.</summary>
        protected PlacementFilterStrategy(int order) => Order = order;

        /// <summary>Filters with a lower order come first.</summary>
        public int Order { get; }
    }

    /// <summary>Narrows the silos for a new activation (Orleans: <c>Orleans.Placement.IPlacementFilterDirector</c>).</summary>
    public interface IPlacementFilterDirector
    {
        /// <summary>The silos that may host the grain.</summary>
        IEnumerable<SiloAddress> Filter(
            PlacementFilterStrategy filterStrategy, Runtime.Placement.PlacementTarget target, IEnumerable<SiloAddress> silos);
    }
}

namespace Orleans.Runtime.Placement
{
    /// <summary>What is to be placed (Orleans: <c>Orleans.Runtime.Placement.PlacementTarget</c>).</summary>
    /// <param name="grainIdentity">The grain.</param>
    /// <param name="requestContextData">The request context of the call that needs the activation.</param>
    public readonly struct PlacementTarget(GrainId grainIdentity, Dictionary<string, object> requestContextData)
    {
        /// <summary>The grain.</summary>
        public GrainId GrainIdentity { get; } = grainIdentity;

        /// <summary>The request context of the call that needs the activation.</summary>
        public Dictionary<string, object> RequestContextData { get; } = requestContextData;
    }
}
