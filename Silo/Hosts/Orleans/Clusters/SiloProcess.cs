using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>A silo as a process of its own.</summary>
public static class SiloProcess
{
    /// <summary>Can this build do it?</summary>
    public static bool IsSupported => true;

    // Storing or moving what all grains hold takes time.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Runs a silo until it is told to stop, and then stops it in order: activations move to other silos or are stored.</summary>
    /// <param name="settings">What the silo is.</param>
    /// <param name="pages">Adds pages to what the silo shows over HTTP, or null.</param>
    /// <param name="onReady">Called when the silo takes calls.</param>
    /// <param name="stop">Stops the silo.</param>
    /// <exception cref="ClusterException">It does not start, or has ended by itself.</exception>
    public static async Task RunAsync(
        SiloSettings settings, Action<IEndpointRouteBuilder, ClusterView>? pages, Action onReady, CancellationToken stop)
    {
        if (settings.Clustering == ClusteringKind.Postgres)
        {
            await PostgresSchema.CheckAsync(settings.Connection, stop).ConfigureAwait(false);
        }

        RequireFree(settings, settings.SiloPort, SiloSetting.SiloPort);
        RequireFree(settings, settings.GatewayPort, SiloSetting.GatewayPort);
        var isReady = false;
        await using var health = settings.HealthPort == 0
            ? null
            : await HealthEndpoint.StartAsync(settings.ListenAddress, settings.HealthPort, () => isReady, stop).ConfigureAwait(false);
        await using var telemetry = ClusterTelemetry.Start(
            settings.Flows, settings.Name, isShown: settings.HttpPort > 0, hasOthers: true, ClusterView.StoredSpans);
        var host = Build(settings, telemetry);
        await using ((IAsyncDisposable)host)
        {
            await using var web = settings.HttpPort == 0
                ? null
                : await SiloWeb.StartAsync(settings.HttpAddress, settings.HttpPort, View(settings, host, telemetry!, () => isReady), pages, stop).ConfigureAwait(false);
            await host.StartAsync(stop).ConfigureAwait(false);
            telemetry?.BeginExchange(host.Services.GetRequiredService<IGrainFactory>());
            var ended = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, ended);
            isReady = true;
            onReady();
            await Task.Delay(Timeout.Infinite, either.Token).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            isReady = false;
            if (ended.IsCancellationRequested && !stop.IsCancellationRequested)
            {
                throw new ClusterException(
                    $"silo {settings.Name} has ended by itself: the other silos have declared it dead, or its connection to the list of silos is lost",
                    "its log says which; start it again");
            }

            await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static ClusterView View(SiloSettings settings, IHost host, ClusterTelemetry telemetry, Func<bool> isReady)
    {
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var parts = host.Services.GetRequiredService<SiloParts>();
        return new ClusterView(settings.Name, settings.ClusterId, telemetry.Flows, parts.FindFlowAsync, telemetry.Pools, grains, parts.FindMachinesAsync, isReady);
    }

    // Orleans' own sockets let two programs listen on one port, and each would get some of the connections.
    private static void RequireFree(SiloSettings settings, int port, SiloSetting setting)
    {
        try
        {
            using var listener = new TcpListener(settings.ListenAddress, port) { ExclusiveAddressUse = true };
            listener.Start();
        }
        catch (SocketException exception)
        {
            throw new ClusterException(
                string.Create(CultureInfo.InvariantCulture, $"silo {settings.Name} cannot listen on {settings.ListenAddress}:{port}: {exception.Message}"),
                $"end the program that uses the port, or give another one with {setting.Flag}", exception);
        }
    }

    private static IHost Build(SiloSettings settings, ClusterTelemetry? telemetry)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ApplicationName = "hugesim" });
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        // Orleans places each activation through a pipeline of Polly's, which tells of every attempt that went well.
        builder.Logging.SetMinimumLevel(settings.LogLevel).AddFilter("Polly", settings.LogLevel == LogLevel.Information ? LogLevel.Warning : settings.LogLevel).AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (settings.ClusterId, settings.ServiceId));
            silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
            silo.Configure<EndpointOptions>(options => Listen(options, settings));
            OrleansSilo.Configure(silo, settings.NumaNodes, settings.Combine);
            FlowControl.AllowType(silo.Services);
            var flows = new FlowControl(settings.Name, settings.HttpPort > 0 ? telemetry?.Flows : null);
            silo.Services.AddSingleton(flows).AddKeyedSingleton<IControllable>(FlowControl.Name, flows);
            SiloParts.AddTo(silo);
            // Also of a silo that nobody watches: the pages of the others show its machines.
            silo.Services.AddSingleton(telemetry?.Pools ?? new PoolRegistry());
            ConfigureClustering(silo, settings);
        });
        return builder.Build();
    }

    private static void Listen(EndpointOptions options, SiloSettings settings)
    {
        if (!settings.Kubernetes)
        {
            // In a pod the address is the pod's, which Orleans finds out by itself.
            options.AdvertisedIPAddress = settings.AdvertisedAddress;
        }

        options.SiloPort = settings.SiloPort;
        options.GatewayPort = settings.GatewayPort;
        var address = settings.Kubernetes ? IPAddress.Any : settings.ListenAddress;
        options.SiloListeningEndpoint = new IPEndPoint(address, settings.SiloPort);
        options.GatewayListeningEndpoint = new IPEndPoint(address, settings.GatewayPort);
    }

    private static void ConfigureClustering(ISiloBuilder silo, SiloSettings settings)
    {
        switch (settings.Clustering)
        {
            case ClusteringKind.Localhost:
                silo.UseDevelopmentClustering(settings.Primary ?? new IPEndPoint(settings.AdvertisedAddress, settings.SiloPort));
                break;
            case ClusteringKind.File:
                silo.Services.AddSingleton(new MembershipFile(Path.GetFullPath(settings.MembershipFile))).AddSingleton<IMembershipTable, FileMembershipTable>();
                // Reading the file costs nothing, and says at once that a silo is gone.
                silo.Configure<ClusterMembershipOptions>(options => options.TableRefreshTimeout = TimeSpan.FromSeconds(1));
                break;
            default:
                PostgresClustering.Configure(silo, settings.Connection);
                break;
        }

        if (settings.Kubernetes)
        {
            silo.UseKubernetesHosting();
        }
    }
}
