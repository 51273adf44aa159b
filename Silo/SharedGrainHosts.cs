namespace Hugesim.Silo;

/// <summary>
/// Hosts for machines that come and go. Machines have keys of their own, so they may share silos; they do where starting silos takes longer
/// than a scenario does.
/// </summary>
public sealed class SharedGrainHosts : IAsyncDisposable
{
    private readonly Dictionary<int, Task<IGrainHost>> _bySilos = [];
    private readonly Lock _lock = new();

    /// <summary>A host with these options. Disposing it gives it back, or ends it if nobody else can use it.</summary>
    public async ValueTask<IGrainHost> GetAsync(GrainHostOptions options)
    {
        if (GrainHost.IsCheap || options.Deterministic)
        {
            return await GrainHost.StartAsync(options).ConfigureAwait(false);
        }

        Task<IGrainHost>? started;
        lock (_lock)
        {
            if (!_bySilos.TryGetValue(options.Silos, out started) || started.IsFaulted)
            {
                _bySilos[options.Silos] = started = GrainHost.StartAsync(options).AsTask();
            }
        }

        return new BorrowedGrainHost(await started.ConfigureAwait(false));
    }

    /// <summary>Ends the hosts that are kept.</summary>
    public async ValueTask DisposeAsync()
    {
        Task<IGrainHost>[] hosts;
        lock (_lock)
        {
            hosts = [.. _bySilos.Values];
            _bySilos.Clear();
        }

        // One that did not start has told its user so, and left nothing behind.
        foreach (var started in hosts.Where(host => !host.IsFaulted))
        {
            var host = await started.ConfigureAwait(false);
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }
}
