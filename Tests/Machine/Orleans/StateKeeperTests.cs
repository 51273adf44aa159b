using Hugesim.Tests.Engine;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>States between two activations, on silos that keep them.</summary>
public sealed class StateKeeperTests
{
    [Fact]
    public async Task Stop_OfASiloWhereGrainsHaveEnded_LeavesTheirStatesToTheOthers()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 1 });
        var machine = new LoadedMachine(host.GrainFactory, "m", host.Calls);
        await machine.BootAsync();
        await machine.WorkForAsync(workers: 3, rounds: 10);
        var first = host.Silos.Single();
        foreach (var grain in new IAddressable[] { machine.Hstate, machine.Frames(0) })
        {
            await host.DeactivateAsync(grain);
        }

        // Nobody has asked for them when the only silo that knows them goes.
        await host.StartSiloAsync();
        await host.StopSiloAsync(first);

        (await machine.AuditAsync()).ShouldBeEmpty();
        await machine.WorkForAsync(workers: 3, rounds: 10);
        (await machine.AuditAsync()).ShouldBeEmpty();
    }
}
