using System.Net;
using Hugesim.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Clusters;

/// <summary>The statements for grain storage: one writer at a time, and nothing is overwritten unseen.</summary>
public sealed class PostgresStorageTests(PostgresServer server)
{
    private const string Type = "test.grain";
    private readonly GrainId _grain = GrainId.Create("test", Guid.NewGuid().ToString("N"));

    [Fact]
    public async Task Storage_WriteReadClear_KeepsWhatWasWrittenLast()
    {
        await using var silo = await StartAsync();
        var (mine, read) = (New("one"), New(null));

        await silo.Storage.WriteStateAsync(Type, _grain, mine);
        mine.State!.Text = "two";
        await silo.Storage.WriteStateAsync(Type, _grain, mine);
        await silo.Storage.ReadStateAsync(Type, _grain, read);
        (read.RecordExists, read.State!.Text, read.ETag).ShouldBe((true, "two", mine.ETag));

        await silo.Storage.ClearStateAsync(Type, _grain, mine);
        await silo.Storage.ReadStateAsync(Type, _grain, read);
        read.RecordExists.ShouldBeFalse();

        read.State!.Text = "three";
        await silo.Storage.WriteStateAsync(Type, _grain, read);
        await silo.Storage.ReadStateAsync(Type, _grain, mine);
        mine.State!.Text.ShouldBe("three");
    }

    [Fact]
    public async Task Storage_TwoWriters_RefusesTheOneThatHasNotSeenTheOther()
    {
        await using var silo = await StartAsync();
        var (first, second) = (New("first"), New("second"));
        await silo.Storage.WriteStateAsync(Type, _grain, first);

        await Should.ThrowAsync<InconsistentStateException>(() => silo.Storage.WriteStateAsync(Type, _grain, second));
        await silo.Storage.ReadStateAsync(Type, _grain, second);
        second.State!.Text.ShouldBe("first");
        await silo.Storage.WriteStateAsync(Type, _grain, second);
        await Should.ThrowAsync<InconsistentStateException>(() => silo.Storage.WriteStateAsync(Type, _grain, first));
        await Should.ThrowAsync<InconsistentStateException>(() => silo.Storage.ClearStateAsync(Type, _grain, first));
    }

    private static GrainState<Note> New(string? text) => new(new Note { Text = text });

    private async Task<RunningSilo> StartAsync()
    {
        var connection = await server.NewDatabaseAsync();
        await PostgresSchema.SetUpAsync(connection, CancellationToken.None);
        var port = FreePorts.Find(1)[0];
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(port, gatewayPort: 0, new IPEndPoint(IPAddress.Loopback, port), clusterId: $"c{port}")
            .AddAdoNetGrainStorage(SiloSettings.Storage, options => (options.Invariant, options.ConnectionString) = ("Npgsql", connection)));
        var host = builder.Build();
        await host.StartAsync();
        return new RunningSilo(host);
    }

    private sealed class RunningSilo(IHost host) : IAsyncDisposable
    {
        public IGrainStorage Storage { get; } = host.Services.GetRequiredKeyedService<IGrainStorage>(SiloSettings.Storage);

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    [GenerateSerializer]
    public sealed class Note
    {
        [Id(0)]
        public string? Text { get; set; }
    }
}
