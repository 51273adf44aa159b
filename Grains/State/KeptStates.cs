namespace Hugesim.Grains;

/// <summary>A silo begins to keep a state, or keeps it no longer.</summary>
/// <param name="Grain">The grain.</param>
/// <param name="Epoch">Epoch of the state.</param>
/// <param name="IsKept">False: neither this nor an older one is kept there any more.</param>
[GenerateSerializer, Alias("KeptChange")]
public readonly record struct KeptChange([property: Id(0)] GrainId Grain, [property: Id(1)] long Epoch, [property: Id(2)] bool IsKept);

/// <summary>
/// What one silo's keeper has, and what it has heard of the others: plain bookkeeping, for one thread at a time. Epochs decide what is newer, so it does not matter in which order news of different silos
/// arrive.
/// </summary>
/// <typeparam name="TSilo">What names a silo.</typeparam>
public sealed class KeptStates<TSilo>
    where TSilo : notnull
{
    private readonly Dictionary<GrainId, GrainRecord> _own = [];
    private readonly Dictionary<GrainId, Dictionary<TSilo, long>> _elsewhere = [];

    /// <summary>Nothing is kept in the whole cluster, as far as is known here.</summary>
    public bool IsEmpty => _own.Count == 0 && _elsewhere.Count == 0;

    /// <summary>All that is kept here.</summary>
    public IReadOnlyList<KeyValuePair<GrainId, GrainRecord>> Own => [.. _own];

    /// <summary>Keeps a state here.</summary>
    /// <returns>False if one that is as new is kept here already.</returns>
    public bool Keep(GrainId grain, GrainRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_own.TryGetValue(grain, out var known) && known.Epoch >= record.Epoch)
        {
            return false;
        }

        _own[grain] = record;
        return true;
    }

    /// <summary>The state that is kept here.</summary>
    public GrainRecord? Find(GrainId grain) => _own.GetValueOrDefault(grain);

    /// <summary>Keeps a state here no longer.</summary>
    /// <returns>False if there is none, or a newer one.</returns>
    public bool Drop(GrainId grain, long epoch) => _own.TryGetValue(grain, out var known) && known.Epoch <= epoch && _own.Remove(grain);

    /// <summary>The newest state of a grain that is kept on another silo.</summary>
    public bool TryFindElsewhere(GrainId grain, out TSilo silo, out long epoch)
    {
        (silo, epoch) = (default!, 0);
        if (!_elsewhere.TryGetValue(grain, out var keepers))
        {
            return false;
        }

        (silo, epoch) = keepers.MaxBy(keeper => keeper.Value);
        return true;
    }

    /// <summary>News of another silo.</summary>
    /// <returns>True if what is kept here is older than what is kept there, and was dropped.</returns>
    public bool Hear(TSilo silo, KeptChange change)
    {
        if (!_elsewhere.TryGetValue(change.Grain, out var keepers))
        {
            if (!change.IsKept)
            {
                return false;
            }

            _elsewhere[change.Grain] = keepers = [];
        }

        if (change.IsKept)
        {
            keepers[silo] = Math.Max(change.Epoch, keepers.GetValueOrDefault(silo));
            return Drop(change.Grain, change.Epoch - 1);
        }

        if (keepers.TryGetValue(silo, out var epoch) && epoch <= change.Epoch && keepers.Remove(silo) && keepers.Count == 0)
        {
            _elsewhere.Remove(change.Grain);
        }

        return false;
    }

    /// <summary>A silo has ended, and what it kept is gone.</summary>
    public void Forget(TSilo silo)
    {
        foreach (var (grain, keepers) in _elsewhere.ToArray())
        {
            if (keepers.Remove(silo) && keepers.Count == 0)
            {
                _elsewhere.Remove(grain);
            }
        }
    }
}
