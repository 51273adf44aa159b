using Hugesim.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A state and its version in a store (Orleans: <c>Orleans.IGrainState</c>).</summary>
    public interface IGrainState<T>
    {
        /// <summary>The state.</summary>
        T? State { get; set; }

        /// <summary>The version that was read or written last.</summary>
        string? ETag { get; set; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; set; }
    }

    /// <summary>A state and its version in a store (Orleans: <c>Orleans.GrainState</c>).</summary>
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>No state.</summary>
        public GrainState()
        {
        }

        /// <summary>A state that is not stored.</summary>
        public GrainState(T? state)
            : this(state, null)
        {
        }

        /// <summary>A state of that version.</summary>
        public GrainState(T? state, string? eTag) => (State, ETag) = (state, eTag);

        /// <inheritdoc/>
        public T? State { get; set; }

        /// <inheritdoc/>
        public string? ETag { get; set; }

        /// <inheritdoc/>
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>A store of grain states; a keyed service, by the name of the store (Orleans: <c>Orleans.Storage.IGrainStorage</c>).</summary>
    public interface IGrainStorage
    {
        /// <summary>Reads a state; a new one if nothing is stored.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Stores a state in place of the version that the writer has seen.</summary>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Removes what is stored.</summary>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
    }
}

namespace Orleans.Hosting
{
    /// <summary>Registers stores (Orleans: <c>Orleans.Hosting.MemoryGrainStorageSiloBuilderExtensions</c>, there on the silo's builder).</summary>
    public static class MemoryGrainStorageExtensions
    {
        /// <summary>Adds a store in memory of the cluster.</summary>
        public static IServiceCollection AddMemoryGrainStorage(this IServiceCollection services, string name) =>
            services.AddKeyedSingleton<Storage.IGrainStorage>(
                name, (provider, _) => new MemoryGrainStorage(provider.GetRequiredService<EmbeddedCluster>().Store, name));
    }
}
