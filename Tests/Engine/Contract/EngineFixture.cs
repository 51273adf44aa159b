using Hugesim.Tests.Engine;
using Orleans;
using Xunit;

[assembly: AssemblyFixture(typeof(EngineFixture))]

namespace Hugesim.Tests.Engine;

/// <summary>One cluster of two silos for all contract tests; each test names grains of its own.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    private IEngineHost _host = null!;

    public IGrainFactory Grains => _host.GrainFactory;

    public async ValueTask InitializeAsync() => _host = await EngineHost.StartAsync(new EngineHostOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>A grain that no other test has.</summary>
    public TGrain New<TGrain>()
        where TGrain : IGrainWithStringKey => Grains.GetGrain<TGrain>(Guid.NewGuid().ToString("N"));
}
