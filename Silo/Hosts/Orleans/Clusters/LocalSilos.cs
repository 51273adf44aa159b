using System.Collections.Concurrent;

namespace Hugesim.Silo;

/// <summary>Starts the silos of a local cluster: processes of their own.</summary>
public static class LocalSilos
{
    /// <summary>What a cluster of this build is, for people.</summary>
    public const string Description = "Orleans, each silo a process of its own";

    /// <summary>The file in a cluster's folder that lists its silos.</summary>
    internal const string MembershipFileName = "membership.json";

    /// <summary>Starts them.</summary>
    /// <param name="options">What to start.</param>
    /// <param name="onChange">Is told that <see cref="ILocalSilos.Silos"/> has changed.</param>
    /// <param name="cancellationToken">Gives up, and ends what has been started.</param>
    /// <exception cref="ClusterException">A silo does not start.</exception>
    public static async Task<ILocalSilos> StartAsync(LocalSilosOptions options, Action<LocalSilo> onChange, CancellationToken cancellationToken)
    {
        var silos = new ProcessSilos(options, onChange);
        try
        {
            // One after the other: silos that join at once wait seconds for each other.
            foreach (var silo in silos.Silos)
            {
                await silos.StartAsync(silo.Name, cancellationToken).ConfigureAwait(false);
            }

            return silos;
        }
        catch
        {
            await silos.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private sealed class ProcessSilos : ILocalSilos
    {
        private const int PortsOfSilo = 4;

        private readonly ConcurrentDictionary<string, LocalSiloProcess> _silos;
        private readonly string[] _names;
        private readonly MembershipFile? _membership;
        private readonly SemaphoreSlim _oneAtATime = new(1);

        public ProcessSilos(LocalSilosOptions options, Action<LocalSilo> onChange)
        {
            var ports = FreePorts.Find(PortsOfSilo * options.Silos);
            var membership = Path.Combine(options.Folder, MembershipFileName);
            File.Delete(membership);
            _membership = options.Clustering == ClusteringKind.File ? new MembershipFile(membership) : null;
            _names = [.. Enumerable.Range(0, options.Silos).Select(LocalSilosOptions.NameOf)];
            _silos = new(_names.Select((name, i) => KeyValuePair.Create(
                name, new LocalSiloProcess(options, i, ports.AsSpan(PortsOfSilo * i, PortsOfSilo).ToArray(), membership, silo => OnChange(silo, onChange)))));
        }

        public IReadOnlyList<LocalSilo> Silos => [.. _names.Select(name => _silos[name].Silo)];

        public IGrainHost? Host => null;

        public Task StartAsync(string silo, CancellationToken cancellationToken) => Alone(() => _silos[silo].StartAsync(cancellationToken));

        public Task StopAsync(string silo, CancellationToken cancellationToken) => Alone(() => _silos[silo].StopAsync(cancellationToken));

        public Task CrashAsync(string silo, CancellationToken cancellationToken) => Alone(async () =>
        {
            await _silos[silo].CrashAsync(cancellationToken).ConfigureAwait(false);
            // The next client shall not try it first.
            await (_membership?.DeclareDeadAsync(silo) ?? Task.CompletedTask).ConfigureAwait(false);
        });

        public async ValueTask DisposeAsync()
        {
            // With no silo left there is nobody to hand grains to, and what is stored is stored by each on its own.
            await Task.WhenAll(_silos.Values.Select(silo => silo.StopAsync(CancellationToken.None))).ConfigureAwait(false);
        }

        private async Task Alone(Func<Task> action)
        {
            await _oneAtATime.WaitAsync().ConfigureAwait(false);
            try
            {
                await action().ConfigureAwait(false);
            }
            finally
            {
                _oneAtATime.Release();
            }
        }

        private void OnChange(LocalSilo silo, Action<LocalSilo> onChange)
        {
            if (silo.State == LocalSiloState.Crashed)
            {
                // Nobody knows it as surely as the one whose child it was.
                _ = _membership?.DeclareDeadAsync(silo.Name);
            }

            onChange(silo);
        }
    }
}
