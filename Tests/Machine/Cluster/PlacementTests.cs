using Hugesim.Abstractions;
using Hugesim.Tests.Engine;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Where the grains of a machine are: asked of the directory, after the machine was used.</summary>
public sealed class PlacementTests
{
    [Fact]
    public async Task Frames_OfEachNode_AreOnTheSiloThatOwnsIt()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3, NodesOf = silo => $"{silo},{silo + 3}" });
        for (var i = 0; i < 3; i++)
        {
            var machine = new LoadedMachine(host.GrainFactory, $"m{i}");
            await machine.BootAsync(nodes: 8);
            for (var node = 0; node < 6; node++)
            {
                (await host.SiloOf(machine.Frames(node))).ShouldBe(host.Silos[node % 3], $"node {node}");
            }

            // Nobody owns the others: they are somewhere.
            host.Silos.ShouldContain(await host.SiloOf(machine.Frames(7)));
        }
    }

    [Fact]
    public async Task Frames_WhenNoSiloOwnsTheirNodeAnyMore_AreOnAnother()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { NodesOf = silo => $"{silo}" });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync(nodes: 2);
        await host.StopSiloAsync(host.Silos[1]);

        (await host.SiloOf(machine.Frames(1))).ShouldBe(host.Silos.ShouldHaveSingleItem());
        await machine.WorkForAsync(workers: 1, rounds: 2);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Vmas_OfEachProcess_AreWhereTheProcessIs()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3 });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        var silos = new HashSet<string?>();
        for (var i = 0; i < 6; i++)
        {
            var parent = await machine.SpawnAsync();
            await LoadedMachine.MapAsync(parent, 2);
            var (pid, child) = await machine.NewPidAsync();
            await parent.Fork(pid);
            foreach (var process in new[] { parent, child })
            {
                var vma = host.GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(Orleans.GrainExtensions.GetPrimaryKeyString(process.Grain), 0));
                (await host.SiloOf(vma)).ShouldBe(await host.SiloOf(process.Grain));
                silos.Add(await host.SiloOf(process.Grain));
            }
        }

        silos.Count.ShouldBeGreaterThan(1, "processes are on all silos");
    }

    [Fact]
    public async Task Hstates_OfManyMachines_AreSpreadByTheirKeysAndComeBackToTheSamePlace()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3 });
        var silos = new HashSet<string?>();
        for (var i = 0; i < 24; i++)
        {
            var machine = new LoadedMachine(host.GrainFactory, $"m{i}");
            await machine.BootAsync();
            silos.Add(await host.SiloOf(machine.Hstate));
            (await host.SiloOf(host.GrainFactory.GetGrain<ISubpoolGrain>($"m{i}/A/0")))
                .ShouldBe(await host.SiloOf(host.GrainFactory.GetGrain<IMountGrain>($"m{i}/A/0")), "a subpool is with its mount");
        }

        silos.Count.ShouldBe(3);
    }
}
