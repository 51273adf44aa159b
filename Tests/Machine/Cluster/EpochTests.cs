using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Tests.Engine;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>Two activations of one hstate, on the grain directory that silos have: it takes a directory that loses an entry to get them.</summary>
public sealed class EpochTests
{
    [Fact]
    public async Task SecondActivation_OfAnHstate_IsToldApartAndTheOldOneRefused()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3 });
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();

        // A reference that has called the first activation, and goes on to it.
        var first = host.GrainFactory.GetGrain<IHstateGrain>("m/2048kB");
        var epoch = (await first.Unreserve(new UnreserveRequest(0, []), default)).Epoch;
        epoch.ShouldBeGreaterThan(0);
        await host.ForgetActivationAsync(first);

        // Whoever has seen a newer activation says so; the first one refuses, names both epochs, and ends.
        var newer = new Operation(1, 0, 1, epoch + 5);
        var refused = await Should.ThrowAsync<StaleEpochException>(() => first.Unreserve(new UnreserveRequest(0, []), newer).AsTask());
        refused.Message.ShouldContain("hstate m/2048kB");
        refused.Message.ShouldContain($"{epoch}");
        refused.Message.ShouldContain($"{epoch + 5}");

        // What comes next is another activation without the state: it says so, and makes no counter up.
        await Should.ThrowAsync<StateLostException>(async () =>
        {
            for (var attempt = 0; attempt < 200; attempt++)
            {
                try
                {
                    await host.GrainFactory.GetGrain<IHstateGrain>("m/2048kB").ReadCounters();
                }
                catch (StaleEpochException)
                {
                    // The first one is on its way out.
                }

                await Task.Delay(10);
            }
        });
    }

    [Fact]
    public async Task Epoch_AfterEachMigration_IsHigher()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        var epoch = 0L;
        for (var i = 0; i < 3; i++)
        {
            var now = (await machine.Hstate.Unreserve(new UnreserveRequest(0, []), new Operation(1, 0, i + 1, epoch))).Epoch;
            now.ShouldBeGreaterThan(epoch);
            epoch = now;
            await host.MigrateAsync(machine.Hstate, host.Silos.First(silo => silo != host.SiloOf(machine.Hstate).AsTask().Result));
        }
    }

    [Fact]
    public async Task Operation_SentAgain_IsAnsweredAndNotDoneAgain()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var machine = new LoadedMachine(host.GrainFactory, "m");
        await machine.BootAsync();
        var before = (await machine.Hstate.ReadCounters()).Resv;
        var reserve = new ReserveRequest(TaskContext.Default, 3, 0);
        var operation = new Operation(7, 0, 1, 0);

        (await machine.Hstate.Reserve(reserve, operation)).Value.ShouldBe(Errno.None);
        await host.MigrateAsync(machine.Hstate, host.Silos.First(silo => silo != host.SiloOf(machine.Hstate).AsTask().Result));
        (await machine.Hstate.Reserve(reserve, operation)).Value.ShouldBe(Errno.None);
        (await machine.Hstate.ReadCounters()).Resv.ShouldBe(before + 3);
        (await machine.Hstate.Unreserve(new UnreserveRequest(3, []), operation with { Sequence = 2 })).Value.ShouldBe(Errno.None);

        // An operation that was given up and comes late.
        (await Should.ThrowAsync<InvalidOperationException>(() => machine.Hstate.Reserve(reserve, operation).AsTask())).Message.ShouldContain("operation 1 of slot 0");
        (await machine.Hstate.ReadCounters()).Resv.ShouldBe(before);
    }
}
