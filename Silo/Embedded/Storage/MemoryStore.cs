using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hugesim.Embedded;

/// <summary>Where grains store their state: memory of the cluster, so it outlives activations and silos but not the process.</summary>
internal sealed class MemoryStore
{
    private readonly ConcurrentDictionary<(string Store, GrainId Grain, string State), Record> _records = new();

    internal void Clear() => _records.Clear();

    internal Record? Read((string Store, GrainId Grain, string State) key) => _records.GetValueOrDefault(key);

    /// <summary>Stores a record in place of the one the writer has seen, or removes that one.</summary>
    internal void Replace((string Store, GrainId Grain, string State) key, Record? seen, Record? record)
    {
        var done = (seen, record) switch
        {
            (null, null) => !_records.ContainsKey(key),
            (null, _) => _records.TryAdd(key, record),
            (_, null) => _records.TryRemove(new(key, seen)),
            _ => _records.TryUpdate(key, record, seen),
        };
        if (!done)
        {
            throw new InconsistentStateException(
                $"State {key.State} of {key.Grain} has version {Read(key)?.Version.ToString() ?? "none"} in the store, " +
                $"but this activation has seen {seen?.Version.ToString() ?? "none"}.");
        }
    }

    internal sealed record Record(object? State, long Version)
    {
        // Two writes of equal states are two records.
        public bool Equals(Record? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => Version.GetHashCode();
    }
}

/// <summary>One state of one activation.</summary>
internal sealed class MemoryState<TState> : IPersistentState<TState>
{
    private readonly MemoryStore _store;
    private readonly (string Store, GrainId Grain, string State) _key;
    private MemoryStore.Record? _seen;

    public MemoryState(MemoryStore store, string storeName, GrainId grain, string stateName)
    {
        _store = store;
        _key = (storeName, grain, stateName);
        State = default!;
        Read();
    }

    /// <inheritdoc/>
    public TState State { get; set; }

    /// <inheritdoc/>
    public string? Etag => _seen?.Version.ToString();

    /// <inheritdoc/>
    public bool RecordExists => _seen is not null;

    /// <inheritdoc/>
    public Task ClearStateAsync()
    {
        _store.Replace(_key, _seen, null);
        _seen = null;
        State = Activator.CreateInstance<TState>();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync()
    {
        var record = new MemoryStore.Record(StateCopier.Copy(State), (_seen?.Version ?? 0) + 1);
        _store.Replace(_key, _seen, record);
        _seen = record;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReadStateAsync()
    {
        Read();
        return Task.CompletedTask;
    }

    private void Read()
    {
        _seen = _store.Read(_key);
        State = _seen is null ? Activator.CreateInstance<TState>() : (TState)StateCopier.Copy(_seen.State)!;
    }
}
