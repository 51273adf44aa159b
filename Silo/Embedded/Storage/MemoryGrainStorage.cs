using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hugesim.Embedded;

/// <summary>A store of the cluster as a service, for grains that choose their store at run time.</summary>
internal sealed class MemoryGrainStorage(MemoryStore store, string name) : IGrainStorage
{
    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var record = store.Read((name, grainId, stateName));
        grainState.State = record is null ? Activator.CreateInstance<T>() : (T)StateCopier.Copy(record.State)!;
        Note(grainState, record);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, grainId, stateName);
        var seen = Seen(key, grainState);
        var record = new MemoryStore.Record(StateCopier.Copy(grainState.State), (seen?.Version ?? 0) + 1);
        store.Replace(key, seen, record);
        Note(grainState, record);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (name, grainId, stateName);
        store.Replace(key, Seen(key, grainState), null);
        grainState.State = Activator.CreateInstance<T>();
        Note(grainState, null);
        return Task.CompletedTask;
    }

    // The record that the writer has seen; another one, where its version is not the stored one's, which Replace then refuses.
    private MemoryStore.Record? Seen<T>((string Store, GrainId Grain, string State) key, IGrainState<T> grainState)
    {
        var stored = store.Read(key);
        return grainState.ETag is null ? null
            : stored?.Version.ToString() == grainState.ETag ? stored
            : new MemoryStore.Record(null, long.Parse(grainState.ETag, null));
    }

    private static void Note<T>(IGrainState<T> grainState, MemoryStore.Record? record) =>
        (grainState.ETag, grainState.RecordExists) = (record?.Version.ToString(), record is not null);
}
