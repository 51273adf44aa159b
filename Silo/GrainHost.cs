using Hugesim.Grains;

namespace Hugesim.Silo;

/// <summary>How the grains of a local run are hosted.</summary>
/// <param name="Silos">Silos in this process.</param>
/// <param name="Deterministic">One thread and a seed decide the order of all messages (embedded engine only).</param>
/// <param name="Seed">The seed.</param>
/// <param name="Combines">What the grains of a silo ask of one hstate at the same time goes as one message.</param>
public sealed record GrainHostOptions(int Silos = 1, bool Deterministic = false, long Seed = 0, bool Combines = false)
{
    /// <summary>How long a caller waits for an answer. One access to a large mapping is one message and may take minutes.</summary>
    public static TimeSpan ResponseTimeout { get; } = TimeSpan.FromMinutes(30);

    /// <summary>The NUMA nodes that a silo of this process owns, as its metadata says them: in turn, so that each silo has some.</summary>
    /// <param name="silo">The number of the silo.</param>
    public string NodesOf(int silo) => string.Join(',', Enumerable.Range(0, MostNodes).Where(node => node % Silos == silo));

    // As many as a pool can have.
    private const int MostNodes = 64;
}

/// <summary>Silos in this process and a client of them. What differs between the engines is behind this type.</summary>
public interface IGrainHost : IAsyncDisposable
{
    /// <summary>Calls of the client: repeated until they are answered, and done once.</summary>
    RepeatedCalls Calls { get; }

    /// <summary>
    /// Lets a client call grains. With the deterministic scheduler the calling thread runs all grains until the client is done; otherwise the
    /// client simply runs.
    /// </summary>
    ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client);
}

/// <summary>A host on which a schedule decides the order of all messages, also of several clients at work at the same time.</summary>
public interface IScheduledGrainHost : IGrainHost
{
    /// <summary>Runs clients side by side on the calling thread until all are done.</summary>
    void Run(Func<IGrainFactory, Task>[] clients);
}
