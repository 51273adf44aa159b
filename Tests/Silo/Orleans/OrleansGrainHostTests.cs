using Hugesim.Abstractions;
using Hugesim.Silo;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Hosts;

/// <summary>What the host of the Orleans engine promises beyond the engine itself.</summary>
public sealed class OrleansGrainHostTests
{
    private const int Machines = 30;

    [Fact]
    public async Task Grains_IdleWhenOrleansCollects_KeepTheirState()
    {
        await using var host = await StartAsync(silos: 2);
        await host.RunAsync(async grains =>
        {
            var management = grains.GetGrain<IManagementGrain>(0);
            var before = await management.GetTotalActivationCount();

            await management.ForceActivationCollection(TimeSpan.Zero);

            (await management.GetTotalActivationCount()).ShouldBeGreaterThanOrEqualTo(2 * Machines);
            before.ShouldBeGreaterThanOrEqualTo(2 * Machines);
            for (var i = 0; i < Machines; i++)
            {
                (await Hstate(grains, i).ReadCounters()).Nr.ShouldBe(i);
            }

            return true;
        });
    }

    [Fact]
    public async Task Grains_WithSeveralSilos_LiveOnAllOfThem()
    {
        await using var host = await StartAsync(silos: 3);
        await host.RunAsync(async grains =>
        {
            var statistics = await grains.GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();

            var places = statistics.Where(grain => grain.GrainType.Contains("Hstate", StringComparison.Ordinal)).Select(grain => grain.SiloAddress).ToList();

            places.Count.ShouldBe(Machines);
            places.Distinct().Count().ShouldBe(3);
            return true;
        });
    }

    [Fact]
    public async Task Start_SeveralAtOnce_AreClustersOfTheirOwn()
    {
        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => GrainHost.StartAsync(new GrainHostOptions(Silos: 2)).AsTask()));
        foreach (var host in hosts)
        {
            (await host.RunAsync(async grains => (await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count)).ShouldBe(2);
        }

        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    private static IHstateGrain Hstate(IGrainFactory grains, int machine) => grains.GetGrain<IHstateGrain>(Keys.Hstate($"m{machine}"));

    // Machines with a pool of 0, 1, 2... pages.
    private static async Task<IGrainHost> StartAsync(int silos)
    {
        var host = await GrainHost.StartAsync(new GrainHostOptions(silos));
        await host.RunAsync(async grains =>
        {
            for (var i = 0; i < Machines; i++)
            {
                await grains.GetGrain<IMachineGrain>($"m{i}").Boot(new BootMachine("7.3", 1, 1000));
                await Hstate(grains, i).SetMaxHugePages(new SetPoolRequest(i, -1, ~0L));
            }

            return true;
        });
        return host;
    }
}
