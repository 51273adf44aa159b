using System.Net;
using Hugesim.Embedded;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;

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

        return InProcessSilos.StartAsync(options, onChange, cancellationToken);
    }

    private sealed class InProcessSilos : ILocalSilos
    {
        private readonly EmbeddedCluster _cluster;
        private readonly Action<LocalSilo> _onChange;
        private readonly LocalSilo[] _silos;
        private readonly Lock _lock = new();
        private readonly ClusterTelemetry? _telemetry;
        private SiloWeb? _web;

        private InProcessSilos(LocalSilosOptions options, int? httpPort, Action<LocalSilo> onChange)
        {
            // The client's span reaches this process, and no other one has a part of the flow.
            _telemetry = ClusterTelemetry.Start(options.Flows, options.ClusterId, options.HasConsole, hasOthers: false, ClusterView.StoredSpans);
            _cluster = GrainHost.StartCluster(new GrainHostOptions(options.Silos), services => AddTo(services, _telemetry));
            _onChange = onChange;
            Host = GrainHost.Of(_cluster);
            _silos = [.. Enumerable.Range(0, options.Silos).Select(i =>
                new LocalSilo(LocalSilosOptions.NameOf(i), LocalSiloState.Ready, null, null, null, null, httpPort, options.NodesOf(i), null, null))];
        }

        public static async Task<ILocalSilos> StartAsync(LocalSilosOptions options, Action<LocalSilo> onChange, CancellationToken cancellationToken)
        {
            int? port = options.HasConsole ? FreePorts.Find(1)[0] : null;
            var silos = new InProcessSilos(options, port, onChange);
            if (silos._telemetry is { } telemetry && port is not null)
            {
                try
                {
                    silos._web = await SiloWeb.StartAsync(IPAddress.Loopback, port.Value, silos.View(options, telemetry), options.Pages, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch
                {
                    await silos.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            }

            return silos;
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
            var identity = _cluster.Silos[number].SiloAddress.ToString();
            _cluster.CrashSilo(number);
            _telemetry?.Pools.RemoveSilo(name => name == identity);
            return Task.CompletedTask;
        });

        public async ValueTask DisposeAsync()
        {
            await (_web?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
            await _cluster.DisposeAsync().ConfigureAwait(false);
            await (_telemetry?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
        }

        private static void AddTo(IServiceCollection services, ClusterTelemetry? telemetry)
        {
            if (telemetry is not null)
            {
                services.AddSingleton(telemetry.Pools);
            }
        }

        private ClusterView View(LocalSilosOptions options, ClusterTelemetry telemetry) => new(
            string.Join(", ", _silos.Select(silo => silo.Name)), options.ClusterId, telemetry.Flows, GatheredFlow.In(telemetry.Flows), telemetry.Pools, _cluster.GrainFactory,
            () => Task.FromResult(ClusterMachines.In(telemetry.Pools)), () => true);

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
