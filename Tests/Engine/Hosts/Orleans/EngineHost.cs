using System.Collections.Concurrent;
using Hugesim.Grains;
using Hugesim.Silo;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Hugesim.Tests.Engine;

/// <summary>Starts clusters of Orleans whose silos are in this process, on the grain directory that hugesim's silos have.</summary>
public static class EngineHost
{
    public static async Task<IEngineHost> StartAsync(EngineHostOptions options)
    {
        var builder = new InProcessTestClusterBuilder((short)options.Silos);

        // The test host's own default directory is a dictionary in this process.
        builder.Options.UseDistributedGrainDirectory = true;
        var storage = new SurvivingStorage();
        builder.ConfigureSilo((own, silo) =>
        {
            silo.AddMemoryGrainStorageAsDefault();
            silo.Services.AddSingleton<PlacementStrategy, RandomPlacement>();
            silo.AddHugesimGrains(options.NodesOf(NumberOf(own.SiloName)));
            silo.Services.Configure<SiloMessagingOptions>(messaging =>
            {
                messaging.ResponseTimeout = options.ResponseTimeout;
                messaging.SystemResponseTimeout = TimeSpan.FromSeconds(30);
            });
            if (options.HasStorage)
            {
                silo.Services.AddKeyedSingleton<IGrainStorage>("hugesim", storage);
            }

            if (options.BeforeCall is not null || options.AfterCall is not null)
            {
                silo.AddOutgoingGrainCallFilter(new WatchingFilter(options));
            }

            if (options.Faults is { } faults)
            {
                silo.AddOutgoingGrainCallFilter(new LosingFilter(faults));
                silo.AddIncomingGrainCallFilter(new DoublingFilter(faults));
            }
        });
        var losses = new ConnectionLosses("in this process");
        builder.ConfigureClient(client =>
        {
            client.Services.Configure<ClientMessagingOptions>(messaging =>
            {
                messaging.ResponseTimeout = options.ResponseTimeout;
                messaging.WaitForCancellationAcknowledgement = options.AcknowledgesCancellation;
            });
            client.Services.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
            client.AddGatewayCountChangedHandler((_, change) => losses.OnGateways(change.PreviousNumberOfConnectedGateways, change.NumberOfConnectedGateways));
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new Host(cluster, losses);
    }

    // The test host counts its silos in their names.
    private static int NumberOf(string siloName) => int.Parse(siloName.Where(char.IsAsciiDigit).ToArray(), null);

    private sealed class Host(InProcessTestCluster cluster, ISiloConnection connection) : IEngineHost
    {
        public IGrainFactory GrainFactory => cluster.Client;

        public RepeatedCalls Calls { get; } = new(TimeProvider.System, connection);

        public async Task<T> FromSiloAsync<T>(string silo, Func<IGrainFactory, Task<T>> calls)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, Handle(silo).SiloAddress);
            try
            {
                return await calls(Handle(silo).ServiceProvider.GetRequiredService<IGrainFactory>());
            }
            finally
            {
                RequestContext.Remove(IPlacementDirector.PlacementHintKey);
            }
        }

        public IReadOnlyList<string> Silos => [.. Active().Select(silo => silo.SiloAddress.ToString())];

        // Not the management grain: it answers from a cache, which may not have heard of a move.
        public async ValueTask<string?> SiloOf(IAddressable grain) => (await Directory().Lookup(grain.GetGrainId()))?.SiloAddress?.ToString();

        public async Task MigrateAsync(IAddressable grain, string silo)
        {
            await cluster.MigrateAsync(grain, Handle(silo).SiloAddress);
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (await SiloOf(grain) != silo)
            {
                // The new activation enters the directory by itself.
                await Task.Delay(10, timeout.Token);
            }
        }

        public async Task MigrateAllAsync()
        {
            var silos = Active().Select(silo => silo.SiloAddress).ToList();
            var grains = await Management().GetDetailedGrainStatistics();

            // While a grain moves, both of its activations are listed. Moving it back at once would keep Orleans busy for half a minute: either waits for the end of the other.
            await Task.WhenAll(grains.Where(grain => grain.GrainType.StartsWith("Hugesim.Grains.", StringComparison.Ordinal)).GroupBy(grain => grain.GrainId)
                .Where(activations => activations.Count() == 1).SelectMany(activations => activations).Select(grain =>
                    cluster.MigrateAsync(grain.GrainId, silos[(silos.IndexOf(grain.SiloAddress) + 1) % silos.Count])));
        }

        public Task DeactivateAsync(IAddressable grain) => cluster.DeactivateAsync(grain);

        public Task CollectIdleAsync() => Management().ForceActivationCollection(TimeSpan.Zero);

        public async Task ForgetActivationAsync(IAddressable grain)
        {
            var address = await Directory().Lookup(grain.GetGrainId());
            await Directory().Unregister(address!);
        }

        public async Task<string> StartSiloAsync()
        {
            var silo = await cluster.StartAdditionalSiloAsync();
            await cluster.WaitForLivenessToStabilizeAsync();
            return silo.SiloAddress.ToString();
        }

        public Task StopSiloAsync(string silo) => cluster.StopSiloAsync(Handle(silo));

        public async Task KillSiloAsync(string silo)
        {
            await cluster.KillSiloAsync(Handle(silo));
            await cluster.WaitForLivenessToStabilizeAsync(didKill: true);
        }

        public async ValueTask DisposeAsync()
        {
            await cluster.StopAllSilosAsync();
            await cluster.DisposeAsync();
        }

        private IGrainDirectory Directory() =>
            Active().First().ServiceProvider.GetRequiredKeyedService<IGrainDirectory>(GrainDirectoryAttribute.DEFAULT_GRAIN_DIRECTORY);

        private IManagementGrain Management() => cluster.Client.GetGrain<IManagementGrain>(0);

        private IEnumerable<InProcessSiloHandle> Active() => cluster.Silos.Where(silo => silo.IsActive).OrderBy(silo => NumberOf(silo.Name));

        private InProcessSiloHandle Handle(string silo) => cluster.Silos.First(known => known.SiloAddress.ToString() == silo);
    }

    /// <summary>Loses calls before they leave a silo or after they come back.</summary>
    private sealed class LosingFilter(MessageFaults faults) : IOutgoingGrainCallFilter
    {
        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            var fault = faults.Next(Name(context), CallFault.LoseRequest, CallFault.LoseAnswer);
            if (fault == CallFault.LoseRequest)
            {
                throw new TimeoutException("the request was lost");
            }

            await context.Invoke();
            if (fault == CallFault.LoseAnswer)
            {
                throw new TimeoutException("the answer was lost");
            }
        }
    }

    /// <summary>Holds calls up and sees their answers.</summary>
    private sealed class WatchingFilter(EngineHostOptions options) : IOutgoingGrainCallFilter
    {
        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            await (options.BeforeCall?.Invoke(Name(context), context.SourceContext) ?? Task.CompletedTask);
            await context.Invoke();
            options.AfterCall?.Invoke(Name(context), context.Result);
        }
    }

    /// <summary>Has calls carried out twice.</summary>
    private sealed class DoublingFilter(MessageFaults faults) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (faults.Next(Name(context), CallFault.Duplicate) == CallFault.Duplicate)
            {
                await context.Invoke();
            }

            await context.Invoke();
        }
    }

    private static string Name(IGrainCallContext context) => $"{context.InterfaceMethod?.DeclaringType?.Name}.{context.MethodName}";

    /// <summary>A store that outlives silos, as a database does; Orleans' own in memory is made of grains.</summary>
    private sealed class SurvivingStorage : IGrainStorage
    {
        private readonly ConcurrentDictionary<(string, GrainId), (object State, string ETag)> _records = new();
        private long _version;

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var exists = _records.TryGetValue((stateName, grainId), out var record);
            (grainState.State, grainState.ETag, grainState.RecordExists) = (exists ? (T)record.State : Activator.CreateInstance<T>(), record.ETag, exists);
            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Check(stateName, grainId, grainState.ETag);
            var etag = $"{Interlocked.Increment(ref _version)}";
            _records[(stateName, grainId)] = (grainState.State!, etag);
            (grainState.ETag, grainState.RecordExists) = (etag, true);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Check(stateName, grainId, grainState.ETag);
            _records.TryRemove((stateName, grainId), out _);
            (grainState.State, grainState.ETag, grainState.RecordExists) = (Activator.CreateInstance<T>(), null, false);
            return Task.CompletedTask;
        }

        private void Check(string stateName, GrainId grainId, string? etag)
        {
            if ((_records.TryGetValue((stateName, grainId), out var record) ? record.ETag : null) != etag)
            {
                throw new InconsistentStateException($"{grainId} has version {record.ETag}, and its activation has seen {etag}");
            }
        }
    }
}
