using Hugesim.Embedded;

namespace Hugesim.Silo;

/// <summary>Starts the silos of a local cluster: all in this process.</summary>
public static class LocalSilos
{
    /// <summary>What a cluster of this build is, for people.</summary>
    public const string Description = "the embedded engine, all silos in one process";

    /// <summary>Starts them.</summary>
    /// <param name="options">What to start.</param>
    /// <param name="onChange">Is told that <see cref="ILocalSilos.Silos"/> has changed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The embedded engine cannot do what is asked.</exception>
    public static Task<ILocalSilos> StartAsync(LocalSilosOptions options, Action<LocalSilo> onChange, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (options.Clustering == ClusteringKind.Postgres)
        {
            throw ClusterException.Input(
                "postgres clustering needs Orleans, and this build has the embedded engine",
                "leave --clustering away, or build with -p:GrainEngine=Orleans");
        }

        return Task.FromResult<ILocalSilos>(new InProcessSilos(options, onChange));
    }

    private sealed class InProcessSilos : ILocalSilos
    {
        private readonly EmbeddedCluster _cluster;
        private readonly Action<LocalSilo> _onChange;
        private readonly LocalSilo[] _silos;
        private readonly Lock _lock = new();

        public InProcessSilos(LocalSilosOptions options, Action<LocalSilo> onChange)
        {
            _cluster = GrainHost.StartCluster(new GrainHostOptions(options.Silos));
            _onChange = onChange;
            Host = GrainHost.Of(_cluster);
            _silos = [.. Enumerable.Range(0, options.Silos).Select(i =>
                new LocalSilo(LocalSilosOptions.NameOf(i), LocalSiloState.Ready, null, null, null, null, options.NodesOf(i), null, null))];
        }

        public IReadOnlyList<LocalSilo> Silos
        {
            get
            {
                lock (_lock)
                {
                    return [.. _silos];
                }
            }
        }

        public IGrainHost Host { get; }

        public Task StartAsync(string silo, CancellationToken cancellationToken) => ChangeAsync(silo, LocalSiloState.Ready, false, number =>
        {
            _cluster.RestartSilo(number);
            return Task.CompletedTask;
        });

        public Task StopAsync(string silo, CancellationToken cancellationToken) =>
            ChangeAsync(silo, LocalSiloState.Stopped, true, number => _cluster.StopSiloAsync(number).WaitAsync(cancellationToken));

        public Task CrashAsync(string silo, CancellationToken cancellationToken) => ChangeAsync(silo, LocalSiloState.Crashed, true, number =>
        {
            _cluster.CrashSilo(number);
            return Task.CompletedTask;
        });

        public ValueTask DisposeAsync() => _cluster.DisposeAsync();

        private async Task ChangeAsync(string silo, LocalSiloState state, bool onlyRunning, Func<int, Task> change)
        {
            var number = Array.FindIndex(_silos, known => known.Name == silo);
            if ((Silos[number].State == LocalSiloState.Ready) != onlyRunning)
            {
                return;
            }

            await change(number).ConfigureAwait(false);
            lock (_lock)
            {
                _silos[number] = _silos[number] with { State = state };
            }

            _onChange(Silos[number]);
        }
    }
}
