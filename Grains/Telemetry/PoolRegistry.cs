using System.Collections.Concurrent;
using Hugesim.Model;

namespace Hugesim.Telemetry;

/// <summary>The pool of a machine whose hstate lives here.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="PageSizeKiB">The size of its pages.</param>
/// <param name="Silo">Where its grain lives.</param>
/// <param name="Pool">Its counters. To be read only, and without a lock: each number is true, but they may be of different moments.</param>
public sealed record WatchedPool(string Machine, long PageSizeKiB, string Silo, HugePagePool Pool);

/// <summary>
/// The pools whose hstates live in this process, for its metrics and its list of machines. Silos that nobody watches have no registry. Reading it
/// sends no message: a scrape never waits for a grain, and no grain for a scrape.
/// </summary>
public sealed class PoolRegistry
{
    private readonly ConcurrentDictionary<string, WatchedPool> _pools = new(StringComparer.Ordinal);

    /// <summary>The pools, ordered by machine.</summary>
    public IReadOnlyList<WatchedPool> Pools => [.. _pools.Values.OrderBy(pool => pool.Machine, StringComparer.Ordinal)];

    /// <summary>An hstate has begun or goes on here.</summary>
    public void Add(WatchedPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pools[pool.Machine] = pool;
    }

    /// <summary>An hstate has ended here; nothing if another one has the machine by now.</summary>
    public void Remove(string machine, HugePagePool pool)
    {
        if (_pools.TryGetValue(machine, out var known) && known.Pool == pool)
        {
            _pools.TryRemove(KeyValuePair.Create(machine, known));
        }
    }

    /// <summary>A silo of this process has ended with all that it held.</summary>
    public void RemoveSilo(Predicate<string> isThatSilo)
    {
        foreach (var (machine, pool) in _pools.Where(pool => isThatSilo(pool.Value.Silo)))
        {
            _pools.TryRemove(KeyValuePair.Create(machine, pool));
        }
    }
}
