using Hugesim.Embedded;
using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Silo;

/// <summary>Starts the engine that this build has.</summary>
public static class GrainHost
{
    /// <summary>The engine's name, for people.</summary>
    public const string EngineName = "embedded engine";

    /// <summary>Can the engine run under a seed?</summary>
    public const bool SupportsDeterministic = true;

    /// <summary>Are silos so cheap that each machine may have its own? Otherwise machines share them.</summary>
    public const bool IsCheap = true;

    /// <summary>Starts the silos.</summary>
    public static ValueTask<IGrainHost> StartAsync(GrainHostOptions options)
    {
        var cluster = StartCluster(options);
        return new(options.Deterministic ? new DeterministicGrainHost(cluster) : Of(cluster));
    }

    /// <summary>Starts the silos for one who needs more of them than grains.</summary>
    internal static EmbeddedCluster StartCluster(GrainHostOptions options, Action<IServiceCollection>? configure = null) => EmbeddedCluster.Start(new EmbeddedClusterOptions
    {
        Silos = options.Silos,
        Scheduler = options.Deterministic ? SchedulerKind.Deterministic : SchedulerKind.Parallel,
        Seed = options.Seed,
        ResponseTimeout = GrainHostOptions.ResponseTimeout,
        SiloMetadata = silo => new Dictionary<string, string> { [OwnerOfNodeDirector.MetadataKey] = options.NodesOf(silo) },
        ConfigureServices = services =>
        {
            services.AddEmbeddedHugesim();
            if (options.Combines)
            {
                // All silos share one combiner here, and with the silo of the grain that sends, all would lose what is under way.
                ArgumentOutOfRangeException.ThrowIfNotEqual(options.Silos, 1);
                services.AddSingleton<HstateCombining>();
            }

            configure?.Invoke(services);
        },
    });

    /// <summary>A host of silos under the parallel scheduler; disposing it ends them.</summary>
    internal static IGrainHost Of(EmbeddedCluster cluster) => new EmbeddedGrainHost(cluster);

    private sealed class EmbeddedGrainHost(EmbeddedCluster cluster) : IGrainHost
    {
        public RepeatedCalls Calls { get; } = new(cluster.Services.GetRequiredService<TimeProvider>());

        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => client(cluster.GrainFactory);

        public ValueTask DisposeAsync() => cluster.DisposeAsync();
    }

    private sealed class DeterministicGrainHost(EmbeddedCluster cluster) : IScheduledGrainHost
    {
        public RepeatedCalls Calls { get; } = new(cluster.Services.GetRequiredService<TimeProvider>());

        // The calling thread runs all grains, so the call has ended when Run returns.
        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => new(cluster.Run(grains => client(grains).AsTask()));

        public void Run(Func<IGrainFactory, Task>[] clients) => cluster.Run(clients);

        public ValueTask DisposeAsync() => cluster.DisposeAsync();
    }
}
