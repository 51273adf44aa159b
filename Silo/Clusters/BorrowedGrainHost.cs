using Hugesim.Grains;

namespace Hugesim.Silo;

/// <summary>A host that somebody else ends.</summary>
public sealed class BorrowedGrainHost(IGrainHost host) : IGrainHost
{
    /// <inheritdoc/>
    public RepeatedCalls Calls => host.Calls;

    /// <inheritdoc/>
    public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => host.RunAsync(client);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
