using Orleans;
using Orleans.Storage;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Activations that move, and silos that stop in order.</summary>
public sealed class MigrationTests
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Migration_OfAParticipant_TakesItsStateAlong()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var grain = host.GrainFactory.GetGrain<INomad>(_name);
        await grain.Add(3);
        var home = await grain.Silo();
        var other = host.Silos.First(silo => silo != home);

        await host.MigrateAsync(grain, other);

        (await grain.Add(2)).ShouldBe(5);
        (await grain.Silo()).ShouldBe(other);
        (await host.SiloOf(grain)).ShouldBe(other);
        (await grain.Past()).ShouldBe("rehydrated activated");
        NomadGrain.Ends[_name].ShouldBe("Migrating");
    }

    [Fact]
    public async Task Migration_WhileARequestRuns_WaitsForItsEnd()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var grain = host.GrainFactory.GetGrain<INomad>(_name);
        var home = await grain.Silo();
        var slow = grain.AddSlowly(1, _name).AsTask();
        await Gate.Opened(_name + ".in");
        var moving = host.MigrateAsync(grain, host.Silos.First(silo => silo != home));
        var waiting = grain.Add(10).AsTask();
        Gate.Open(_name + ".go");
        (await slow).ShouldBe(1);
        await moving;
        (await waiting).ShouldBe(11);
    }

    [Fact]
    public async Task Stop_OfASiloInOrder_MovesWhatAsksForItAndFinishesWhatRuns()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 3 });
        var grains = Enumerable.Range(0, 12).Select(i => host.GrainFactory.GetGrain<INomad>($"{_name}{i}")).ToList();
        foreach (var grain in grains)
        {
            await grain.Add(7);
        }

        var victim = await grains[0].Silo();
        var slow = grains[0].AddSlowly(1, _name).AsTask();
        await Gate.Opened(_name + ".in");
        var stopping = host.StopSiloAsync(victim);
        Gate.Open(_name + ".go");
        (await slow).ShouldBe(8);
        await stopping;

        host.Silos.ShouldNotContain(victim);
        (await grains[0].Add(0)).ShouldBe(8);
        foreach (var grain in grains.Skip(1))
        {
            (await grain.Add(0)).ShouldBe(7);
            (await grain.Silo()).ShouldNotBe(victim);
        }

        NomadGrain.Ends[$"{_name}0"].ShouldBe("ShuttingDown");
    }

    [Fact]
    public async Task StoppedSilo_StartedAgain_TakesNewActivations()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        await host.StopSiloAsync(host.Silos[0]);
        var started = await host.StartSiloAsync();
        host.Silos.ShouldContain(started);
        var silos = new HashSet<string>();
        for (var i = 0; i < 30; i++)
        {
            silos.Add(await host.GrainFactory.GetGrain<INomad>($"{_name}{i}").Silo());
        }

        silos.ShouldContain(started);
    }

    [Fact]
    public async Task IdleCollection_LeavesWhatIsKeptAlive()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var (kept, other) = (host.GrainFactory.GetGrain<INomad>(_name), host.GrainFactory.GetGrain<IForgetful>(_name));
        await kept.Add(1);
        await other.Add(1);

        await host.CollectIdleAsync();

        (await kept.Add(1)).ShouldBe(2);
        (await other.Add(1)).ShouldBe(1);
    }

    [Fact]
    public async Task Deactivation_OfAGrainThatDoesNotMove_BeginsAnew()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions());
        var grain = host.GrainFactory.GetGrain<INomad>(_name);
        await grain.Add(5);
        await host.DeactivateAsync(grain);
        (await grain.Add(1)).ShouldBe(1);
        NomadGrain.Ends[_name].ShouldBe("ApplicationRequested");
    }

    [Fact]
    public async Task Store_ByName_ReadsWritesClearsAndRefusesTheBlind()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { HasStorage = true });
        var grain = host.GrainFactory.GetGrain<IArchivist>(_name);
        (await grain.Read()).ShouldBe("False ");
        (await grain.Write("x")).ShouldBe("True True");
        await host.DeactivateAsync(grain);
        (await grain.Read()).ShouldBe("True x");
        await Should.ThrowAsync<InconsistentStateException>(() => grain.WriteBlindly().AsTask());
        (await grain.Read()).ShouldBe("True x");
        await grain.Clear();
        await host.DeactivateAsync(grain);
        (await grain.Read()).ShouldBe("False ");
    }
}
