using Hugesim.Embedded;
using Orleans;

namespace Hugesim.Tests.Engine;

/// <summary>Starts clusters of the embedded engine on the parallel scheduler.</summary>
public static class EngineHost
{
    public static Task<IEngineHost> StartAsync(EngineHostOptions options) => Task.FromResult<IEngineHost>(new Host(EmbeddedCluster.Start(
        new EmbeddedClusterOptions { Silos = options.Silos, ResponseTimeout = options.ResponseTimeout })));

    private sealed class Host(EmbeddedCluster cluster) : IEngineHost
    {
        public IGrainFactory GrainFactory => cluster.GrainFactory;

        public ValueTask DisposeAsync() => cluster.DisposeAsync();
    }
}
