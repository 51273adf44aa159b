using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime
{
    /// <summary>A grain whose state moves with its activation (Orleans: <c>Orleans.Runtime.IGrainMigrationParticipant</c>).</summary>
    public interface IGrainMigrationParticipant
    {
        /// <summary>On the activation that ends, after <c>OnDeactivateAsync</c>: puts the state into the context.</summary>
        void OnDehydrate(IDehydrationContext dehydrationContext);

        /// <summary>On the activation that takes over, before <c>OnActivateAsync</c>: takes the state out of the context.</summary>
        void OnRehydrate(IRehydrationContext rehydrationContext);
    }

    /// <summary>What a moving grain takes with it (Orleans: <c>Orleans.Runtime.IDehydrationContext</c>, values only).</summary>
    public interface IDehydrationContext
    {
        /// <summary>The names that have a value.</summary>
        IEnumerable<string> Keys { get; }

        /// <summary>Adds a value, by reference; false if the name has one.</summary>
        bool TryAddValue<T>(string key, T? value);
    }

    /// <summary>What a moving grain has brought with it (Orleans: <c>Orleans.Runtime.IRehydrationContext</c>, values only).</summary>
    public interface IRehydrationContext
    {
        /// <summary>The names that have a value.</summary>
        IEnumerable<string> Keys { get; }

        /// <summary>Gets a value; false if there is none of that name and type.</summary>
        bool TryGetValue<T>(string key, [NotNullWhen(true)] out T? value);
    }
}

namespace Orleans.Placement
{
    /// <summary>Keeps a class out of automatic migration, which the embedded engine has not (Orleans: <c>Orleans.Placement.ImmovableAttribute</c>).</summary>
    /// <param name="kind">By whom it is not moved.</param>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ImmovableAttribute(ImmovableKind kind = ImmovableKind.Any) : Attribute
    {
        /// <summary>By whom it is not moved.</summary>
        public ImmovableKind Kind { get; } = kind;
    }

    /// <summary>Who moves activations by itself (Orleans: <c>Orleans.Placement.ImmovableKind</c>).</summary>
    [Flags]
    public enum ImmovableKind : byte
    {
        /// <summary>The repartitioner.</summary>
        Repartitioner = 1,

        /// <summary>The rebalancer.</summary>
        Rebalancer = 2,

        /// <summary>Both.</summary>
        Any = Repartitioner | Rebalancer,
    }
}
