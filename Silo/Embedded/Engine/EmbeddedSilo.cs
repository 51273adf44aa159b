using System.Collections.Immutable;
using System.Net;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>One silo of an <see cref="EmbeddedCluster"/>: a place for activations that can crash on its own.</summary>
public sealed class EmbeddedSilo
{
    private int _activations;
    private volatile bool _running = true;
    private volatile bool _closed;

    internal EmbeddedSilo(int index, int generation, ImmutableDictionary<string, string> metadata)
    {
        Index = index;
        Name = $"silo {index}";
        Metadata = metadata;
        SiloAddress = SiloAddress.New(IPAddress.Loopback, index, generation);
    }

    /// <summary>The number of the silo, from 0.</summary>
    public int Index { get; }

    /// <summary>A name for messages.</summary>
    public string Name { get; }

    /// <summary>The address; a restarted silo has a new generation.</summary>
    public SiloAddress SiloAddress { get; }

    /// <summary>What the silo says about itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Whether it has not crashed or stopped.</summary>
    public bool IsRunning => _running;

    /// <summary>Whether new activations may be placed on it: it runs and does not stop.</summary>
    public bool IsOpen => _running && !_closed;

    /// <summary>Whether it has stopped in order, so that nothing was lost with it.</summary>
    internal bool HasStoppedInOrder => !_running && _closed;

    /// <summary>The activations it holds now.</summary>
    public int ActivationCount => Volatile.Read(ref _activations);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({SiloAddress})";

    internal void CountActivation(int change) => Interlocked.Add(ref _activations, change);

    internal void Close() => _closed = true;

    internal void Stop() => _running = false;

    internal EmbeddedSilo NextGeneration() =>
        new(Index, SiloAddress.Generation + 1, (ImmutableDictionary<string, string>)Metadata);
}
