using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>The activations of one stateless worker on one silo.</summary>
internal sealed class WorkerPool(int max)
{
    private readonly Lock _growing = new();
    private Activation[] _workers = [];
    private int _next;

    internal IReadOnlyList<Activation> Activations => Volatile.Read(ref _workers);

    /// <summary>An idle worker, else a new one, else the next in turn.</summary>
    internal Activation Pick(GrainKind kind, string key, EmbeddedSilo silo)
    {
        var workers = Volatile.Read(ref _workers);
        foreach (var worker in workers)
        {
            if (worker is { IsIdle: true, HasWork: false, Pending: 0 })
            {
                return worker;
            }
        }

        if (workers.Length >= max)
        {
            return workers[(uint)Interlocked.Increment(ref _next) % (uint)workers.Length];
        }

        lock (_growing)
        {
            if (_workers.Length >= max)
            {
                return _workers[0];
            }

            var worker = new Activation(kind, key, silo);
            Volatile.Write(ref _workers, [.. _workers, worker]);
            return worker;
        }
    }

    internal void Remove(Activation activation)
    {
        lock (_growing)
        {
            Volatile.Write(ref _workers, [.. _workers.Where(worker => !ReferenceEquals(worker, activation))]);
        }
    }
}
