using System.Net;
using System.Net.Sockets;
using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>Starts the engine that this build has.</summary>
public static class GrainHost
{
    /// <summary>The engine's name, for people.</summary>
    public const string EngineName = "Orleans";

    /// <summary>Can the engine run under a seed?</summary>
    public const bool SupportsDeterministic = false;

    /// <summary>Are silos so cheap that each machine may have its own? Otherwise machines share them.</summary>
    public const bool IsCheap = false;

    // Between looking for a free port and listening on it, another program may take it.
    private const int StartAttempts = 5;

    /// <summary>Starts the silos.</summary>
    public static async ValueTask<IGrainHost> StartAsync(GrainHostOptions options)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await OrleansGrainHost.StartAsync(options).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < StartAttempts)
            {
            }
        }
    }

    /// <summary>Orleans silos in this process, which talk to each other over the loopback interface.</summary>
    private sealed class OrleansGrainHost(IReadOnlyList<IHost> silos) : IGrainHost
    {
        private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(60);

        // The first silo's own client: a call to a grain on that silo crosses no socket.
        private readonly IGrainFactory _grains = silos[0].Services.GetRequiredService<IGrainFactory>();

        public RepeatedCalls Calls { get; } = new(TimeProvider.System);

        public static async ValueTask<IGrainHost> StartAsync(GrainHostOptions options)
        {
            var cluster = $"hugesim-{Guid.NewGuid():N}";
            var ports = FreePorts.Find(options.Silos);
            var silos = ports.Select((port, i) => Build(cluster, $"silo{i}", port, ports[0], options.NodesOf(i), options)).ToArray();
            var host = new OrleansGrainHost(silos);
            try
            {
                // One after the other: the first one keeps the membership table, and silos that join at once wait seconds for each other.
                foreach (var silo in silos)
                {
                    await silo.StartAsync().ConfigureAwait(false);
                }

                // A directory that still changes could give one key two activations.
                await Task.WhenAll(silos.Select(silo => SeesAll(silo, silos.Length))).ConfigureAwait(false);
                return host;
            }
            catch
            {
                await host.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }

        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => client(_grains);

        public async ValueTask DisposeAsync()
        {
            // All state ends with the process: nothing is worth a graceful goodbye, which would move every activation to the next silo.
            var atOnce = new CancellationToken(canceled: true);
            foreach (var silo in silos.Reverse())
            {
                try
                {
                    await silo.StopAsync(atOnce).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    // That is how a stop at once ends.
                }

                await ((IAsyncDisposable)silo).DisposeAsync().ConfigureAwait(false);
            }
        }

        private static IHost Build(string cluster, string name, int port, int firstPort, string nodes, GrainHostOptions options)
        {
            // Empty: no log, no configuration files, and no signal handlers, which belong to the program.
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
            // Orleans' default keeps grains on the silo that calls them while it has room: one silo would have them all.
            builder.Services.AddSingleton<PlacementStrategy, RandomPlacement>();
            builder.UseOrleans(silo => silo
                .AddHugesimGrains(nodes, options.Combines)
                .UseLocalhostClustering(port, gatewayPort: 0, new IPEndPoint(IPAddress.Loopback, firstPort), serviceId: "hugesim", clusterId: cluster)
                .Configure<SiloOptions>(o => o.SiloName = name)
                // Silos of one process live and die together: a pause of the process is no death of a silo, and would cost its grains' state.
                .Configure<ClusterMembershipOptions>(o => o.LivenessEnabled = false)
                .Configure<SiloMessagingOptions>(o => o.ResponseTimeout = GrainHostOptions.ResponseTimeout));
            return builder.Build();
        }

        private static async Task SeesAll(IHost silo, int count)
        {
            using var timeout = new CancellationTokenSource(JoinTimeout);
            var membership = silo.Services.GetRequiredService<IClusterMembershipService>();
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(timeout.Token).ConfigureAwait(false))
            {
                if (snapshot.Members.Values.Count(member => member.Status == SiloStatus.Active) == count)
                {
                    return;
                }
            }
        }
    }
}
