using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Hugesim.Tests.Engine;

/// <summary>Starts clusters of Orleans whose silos are in this process.</summary>
public static class EngineHost
{
    public static async Task<IEngineHost> StartAsync(EngineHostOptions options)
    {
        var builder = new InProcessTestClusterBuilder((short)options.Silos);
        builder.ConfigureSilo((_, silo) => silo.AddMemoryGrainStorageAsDefault().Services.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.ResponseTimeout = options.ResponseTimeout;
            messaging.SystemResponseTimeout = TimeSpan.FromSeconds(30);
        }));
        builder.ConfigureClient(client => client.Services.Configure<ClientMessagingOptions>(
            messaging => messaging.ResponseTimeout = options.ResponseTimeout));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new Host(cluster);
    }

    private sealed class Host(InProcessTestCluster cluster) : IEngineHost
    {
        public IGrainFactory GrainFactory => cluster.Client;

        public async ValueTask DisposeAsync()
        {
            await cluster.StopAllSilosAsync();
            await cluster.DisposeAsync();
        }
    }
}
