using System.Collections.Immutable;
using Hugesim.Embedded.CodeGeneration;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Hugesim.Embedded;

/// <summary>Silos in this process that host grains. Messages between them pass their arguments by reference: payloads must be immutable.</summary>
public sealed partial class EmbeddedCluster : IAsyncDisposable, IDisposable
{
    private readonly EmbeddedClusterOptions _options;
    private readonly ServiceProvider _services;
    private readonly ITimer? _sweep;
    private readonly Lock _silosChange = new();
    private EmbeddedSilo[] _silos;
    private long _activationNumber;

    private EmbeddedCluster(EmbeddedClusterOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Silos, 1, nameof(options.Silos));
        _options = options;
        _silos = MakeSilos(options);
        Placement = new Placer(this);
        References = new ReferenceFactory(this);
        TimeProvider = TimeProvider.System;
        if (options.Scheduler == SchedulerKind.Deterministic)
        {
            var clock = new VirtualTimeProvider();
            TimeProvider = clock;
            Deterministic = new DeterministicScheduler(this, options, clock);
        }

        _services = MakeServices(options);
        if (Deterministic is null && options.ResponseTimeout != Timeout.InfiniteTimeSpan)
        {
            var interval = TimeSpan.FromMilliseconds(Math.Clamp(options.ResponseTimeout.TotalMilliseconds / 8, 5, 5000));
            _sweep = TimeProvider.CreateTimer(static self => ((EmbeddedCluster)self!).ExpireRequests(), this, interval, interval);
        }
    }

    /// <summary>Hands out references to grains.</summary>
    public IGrainFactory GrainFactory => References;

    /// <summary>The services of the cluster.</summary>
    public IServiceProvider Services => _services;

    /// <summary>The clock of the cluster: the system's, or the virtual one of the deterministic scheduler. Grains get it as a service.</summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>The silos, by number. A crashed one is in the list until it is restarted.</summary>
    public IReadOnlyList<EmbeddedSilo> Silos => Volatile.Read(ref _silos);

    internal MemoryStore Store { get; } = new();

    internal Placer Placement { get; }

    internal ReferenceFactory References { get; }

    /// <summary>Starts a cluster.</summary>
    public static EmbeddedCluster Start(EmbeddedClusterOptions? options = null) => new(options ?? new EmbeddedClusterOptions());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await _services.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _services.Dispose();
    }

    internal long NextActivationNumber() => Interlocked.Increment(ref _activationNumber);

    internal void ReportBackgroundError(Exception failure, string where) => _options.OnBackgroundError?.Invoke(failure, where);

    private static EmbeddedSilo[] MakeSilos(EmbeddedClusterOptions options) => Enumerable.Range(0, options.Silos)
        .Select(index => new EmbeddedSilo(
            index, 1, options.SiloMetadata?.Invoke(index).ToImmutableDictionary() ?? ImmutableDictionary<string, string>.Empty))
        .ToArray();

    private void Stop()
    {
        _sweep?.Dispose();
        foreach (var silo in Silos.Where(silo => silo.IsRunning))
        {
            CrashSilo(silo.Index);
        }
    }

    private ServiceProvider MakeServices(EmbeddedClusterOptions options)
    {
        var services = new ServiceCollection();
        services.AddSingleton(this);
        services.AddSingleton(TimeProvider);
        services.AddSingleton<IGrainFactory>(References);
        services.AddSingleton<ISiloMetadataCache>(Placement);
        options.ConfigureServices?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private void ExpireRequests()
    {
        var timeout = _options.ResponseTimeout;
        var now = Environment.TickCount64;
        foreach (var activation in References.Kinds.SelectMany(kind => kind.Activations))
        {
            // A racy look: who starts to wait now does not wait too long.
            if (activation.HasWork)
            {
                Deliver(activation, new ControlWork(host => host.ExpireRequests(now, timeout)), activation);
            }
        }
    }
}
