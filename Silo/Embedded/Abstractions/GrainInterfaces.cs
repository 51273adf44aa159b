using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything that can be called by its identity: a grain or a reference to one (Orleans: <c>Orleans.Runtime.IAddressable</c>).</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>Marks a grain interface (Orleans: <c>Orleans.IGrain</c>).</summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain interface whose grains are named by strings, the only kind of key this engine has (Orleans: <c>Orleans.IGrainWithStringKey</c>).</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>Hands out references to grains; a grain exists by being named (Orleans: <c>Orleans.IGrainFactory</c>, string keys only).</summary>
    public interface IGrainFactory
    {
        /// <summary>A reference to the grain of this interface and key. Makes no call: the grain is activated by the first one.</summary>
        /// <param name="primaryKey">The key of the grain.</param>
        /// <param name="grainClassNamePrefix">Which class, where several implement the interface: a prefix of its full name.</param>
        TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
            where TGrainInterface : IGrainWithStringKey;

        /// <summary>A reference to the grain with this identity.</summary>
        TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
            where TGrainInterface : IAddressable;

        /// <summary>As the generic overload, for an interface known only at run time.</summary>
        IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey);
    }

    /// <summary>What the engine needs from a grain class; <see cref="Grain"/> implements it (Orleans: <c>Orleans.IGrainBase</c>).</summary>
    public interface IGrainBase
    {
        /// <summary>The activation that hosts this instance.</summary>
        IGrainContext GrainContext { get; }

        /// <summary>Runs before the first request of an activation; failing here fails the requests that wait for it.</summary>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        /// <summary>Runs after the last request of an activation.</summary>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }
}
