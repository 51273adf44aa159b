namespace Orleans.Core
{
    /// <summary>Stored state of one grain (Orleans: <c>Orleans.Core.IStorage</c>).</summary>
    public interface IStorage
    {
        /// <summary>Names the stored version; null if nothing is stored.</summary>
        string? Etag { get; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; }

        /// <summary>Removes what is stored.</summary>
        Task ClearStateAsync();

        /// <summary>Stores the state.</summary>
        Task WriteStateAsync();

        /// <summary>Replaces the state by what is stored.</summary>
        Task ReadStateAsync();
    }

    /// <summary>Stored state of one grain (Orleans: <c>Orleans.Core.IStorage</c>).</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The state in memory.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>State that is read before activation and stored on demand; asked for in a constructor (Orleans: <c>Orleans.Runtime.IPersistentState</c>).</summary>
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    /// <summary>Marks the constructor parameter of a state (Orleans: <c>Orleans.Runtime.PersistentStateAttribute</c>).</summary>
    /// <param name="stateName">The name of the state in the grain.</param>
    /// <param name="storageName">The name of the store; each name is one store in memory here.</param>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        /// <summary>The name of the state in the grain.</summary>
        public string StateName { get; } = stateName;

        /// <summary>The name of the store.</summary>
        public string? StorageName { get; } = storageName;
    }
}

namespace Orleans.Storage
{
    /// <summary>The stored state is not the one that was read: another activation wrote it (Orleans: <c>Orleans.Storage.InconsistentStateException</c>).</summary>
    /// <param name="message">Which state, and both versions.</param>
    public class InconsistentStateException(string message) : Runtime.OrleansException(message);
}
