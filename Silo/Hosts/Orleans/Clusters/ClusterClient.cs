using Hugesim.Grains;
using Hugesim.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>Connects to silos in other processes.</summary>
public static class ClusterClient
{
    /// <summary>Can this build do it?</summary>
    public const bool IsSupported = true;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Connects.</summary>
    /// <param name="target">The cluster.</param>
    /// <param name="traces">The client records flows, and learns which ones have failed elsewhere.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The cluster does not answer.</exception>
    public static async ValueTask<IGrainHost> ConnectAsync(ClusterTarget target, bool traces, CancellationToken cancellationToken)
    {
        if (target.Connection is not null)
        {
            await PostgresSchema.CheckAsync(target.Connection, cancellationToken).ConfigureAwait(false);
        }

        var losses = new ConnectionLosses(target.Name);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.UseOrleansClient(client => Configure(client, target, losses));
        var host = builder.Build();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectTimeout);
        try
        {
            await host.StartAsync(timeout.Token).ConfigureAwait(false);
            return new ClientHost(host, target.Name, losses, traces);
        }
        catch (Exception exception)
        {
            await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }

            throw new ClusterException(
                $"cluster {target.Name} does not answer{At(target)}: {Cause(exception)}",
                "look at it with 'hugesim cluster status'; for a cluster elsewhere, its cluster id and service id must be given as its silos have them", exception);
        }
    }

    private static void Configure(IClientBuilder client, ClusterTarget target, ConnectionLosses losses)
    {
        FlowControl.AllowType(client.Services);
        client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (target.ClusterId, target.ServiceId));
        client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = GrainHostOptions.ResponseTimeout);
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        client.AddClusterConnectionLostHandler((_, _) => losses.OnClusterLost());
        client.AddGatewayCountChangedHandler((_, change) => losses.OnGateways(change.PreviousNumberOfConnectedGateways, change.NumberOfConnectedGateways));
        if (target.Connection is { } connection)
        {
            PostgresClustering.Configure(client, connection);
        }
        else if (target.Folder is { } folder)
        {
            client.Services.AddSingleton(new MembershipFile(Path.Combine(folder, LocalSilos.MembershipFileName)));
            client.Services.AddSingleton<IGatewayListProvider, FileGatewayList>();
        }
        else
        {
            client.UseStaticClustering([.. target.Gateways]);
        }

        // One more attempt each second, until the caller's patience ends: a silo may be about to start.
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation).ConfigureAwait(false);
            return true;
        });
    }

    private static string At(ClusterTarget target) => target.Gateways.Count > 0 ? $" at {string.Join(", ", target.Gateways)}" : "";

    private static string Cause(Exception exception) => exception is OperationCanceledException
        ? $"no gateway could be reached within {ConnectTimeout.TotalSeconds} s"
        : exception.Message;

    private sealed class ClientHost : IGrainHost, IFlowSource
    {
        private readonly IHost _host;
        private readonly string _cluster;
        private readonly ConnectionLosses _losses;
        private readonly IGrainFactory _grains;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _exchange;

        public ClientHost(IHost host, string cluster, ConnectionLosses losses, bool traces)
        {
            (_host, _cluster, _losses) = (host, cluster, losses);
            Calls = new RepeatedCalls(TimeProvider.System, losses);
            _grains = host.Services.GetRequiredService<IGrainFactory>();
            _exchange = traces ? FailedFlowExchange.RunAsync(_grains, _stop.Token) : Task.CompletedTask;
        }

        public RepeatedCalls Calls { get; }

        public ValueTask<IReadOnlyList<RecordedSpan>> GatherAsync(string traceId) => RunAsync(grains => FlowControl.GatherAsync(grains, _cluster, traceId));

        public async ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client)
        {
            var lost = _losses.End;
            try
            {
                var step = client(_grains).AsTask();
                if (await Task.WhenAny(step, lost).ConfigureAwait(false) == step)
                {
                    return await step.ConfigureAwait(false);
                }

                _ = step.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
                throw await lost.ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OrleansMessageRejectionException or TimeoutException || _losses.IsRefusal(exception))
            {
                throw _losses.Describe(exception);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _exchange.ConfigureAwait(false);
            _stop.Dispose();
            // Nothing else of the client's is worth a goodbye that takes time.
            try
            {
                await _host.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
            }

            await ((IAsyncDisposable)_host).DisposeAsync().ConfigureAwait(false);
        }
    }
}
