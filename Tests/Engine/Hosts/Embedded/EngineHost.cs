using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Silo;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>Starts clusters of the embedded engine on the parallel scheduler.</summary>
public static class EngineHost
{
    public static Task<IEngineHost> StartAsync(EngineHostOptions options) => Task.FromResult<IEngineHost>(new Host(EmbeddedCluster.Start(
        new EmbeddedClusterOptions
        {
            Silos = options.Silos,
            ResponseTimeout = options.ResponseTimeout,
            SiloMetadata = silo => new Dictionary<string, string> { [OwnerOfNodeDirector.MetadataKey] = options.NodesOf(silo) },
            ConfigureServices = services =>
            {
                services.AddEmbeddedHugesim();
                if (options.HasStorage)
                {
                    services.AddMemoryGrainStorage("hugesim");
                }
            },
        })));

    private sealed class Host(EmbeddedCluster cluster) : IEngineHost
    {
        public IGrainFactory GrainFactory => cluster.GrainFactory;

        public RepeatedCalls Calls { get; } = new(TimeProvider.System);

        // All of them are in one process, each new reference asks the directory, and where an activation begins is not asked for.
        public Task<T> FromSiloAsync<T>(string silo, Func<IGrainFactory, Task<T>> calls) => calls(cluster.GrainFactory);

        public IReadOnlyList<string> Silos => [.. cluster.Silos.Where(silo => silo.IsRunning).Select(silo => silo.SiloAddress.ToString())];

        public ValueTask<string?> SiloOf(IAddressable grain) => new(cluster.FindActivation(grain)?.SiloAddress.ToString());

        public Task MigrateAsync(IAddressable grain, string silo) => cluster.MigrateAsync(grain, Index(silo));

        public Task MigrateAllAsync() => cluster.MigrateAllAsync();

        public Task DeactivateAsync(IAddressable grain) => cluster.DeactivateAsync(grain);

        public Task CollectIdleAsync() => cluster.CollectIdleAsync();

        public Task ForgetActivationAsync(IAddressable grain)
        {
            cluster.ForgetActivation(grain);
            return Task.CompletedTask;
        }

        // A stopped silo comes back under its number, with the next generation.
        public Task<string> StartSiloAsync() =>
            Task.FromResult(cluster.RestartSilo(cluster.Silos.First(silo => !silo.IsRunning).Index).SiloAddress.ToString());

        public Task StopSiloAsync(string silo) => cluster.StopSiloAsync(Index(silo));

        public Task KillSiloAsync(string silo)
        {
            cluster.CrashSilo(Index(silo));
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => cluster.DisposeAsync();

        private int Index(string silo) => cluster.Silos.First(known => known.SiloAddress.ToString() == silo).Index;
    }
}
