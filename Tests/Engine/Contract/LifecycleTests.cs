using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>How activations come, go and fail.</summary>
public sealed class LifecycleTests(EngineFixture engine)
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task FirstCalls_FromManyClients_MakeOneActivation()
    {
        var key = _name;
        var generations = await Task.WhenAll(Enumerable.Range(0, 50)
            .Select(_ => Task.Run(() => engine.Grains.GetGrain<ILiving>(key).Generation().AsTask())));
        generations.ShouldAllBe(generation => generation == 1);
        LivingGrain.Generations[key].ShouldBe(1);
    }

    [Fact]
    public async Task DeactivateOnIdle_ThenCall_MakesANewActivation()
    {
        var grain = engine.New<ILiving>();
        (await grain.End()).ShouldBe(1);
        (await grain.Generation()).ShouldBe(2);
        await Gate.Opened($"{grain.GetPrimaryKeyString()}.1.ApplicationRequested");
    }

    [Fact]
    public async Task DeactivateOnIdle_InARequest_WaitsForItsEnd()
    {
        var grain = engine.New<ILiving>();
        var ending = grain.EndAfter(_name).AsTask();
        await Gate.Opened(_name + ".in");
        Gate.IsOpen($"{grain.GetPrimaryKeyString()}.1.ApplicationRequested").ShouldBeFalse();
        Gate.Open(_name + ".go");
        await ending;
        await Gate.Opened($"{grain.GetPrimaryKeyString()}.1.ApplicationRequested");
    }

    [Fact]
    public async Task RequestsThatWait_WhenTheirActivationEnds_ReachTheNext()
    {
        var grain = engine.New<ILiving>();
        var ending = grain.EndAfter(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var waiting = Enumerable.Range(0, 20).Select(_ => grain.Generation().AsTask()).ToList();
        Gate.Open(_name + ".go");
        await ending;
        (await Task.WhenAll(waiting)).ShouldAllBe(generation => generation == 2);
    }

    [Fact]
    public async Task OnActivateAsync_Throwing_ReachesTheCaller()
    {
        var key = _name;
        StillbornGrain.Broken[key] = true;
        var failure = await Should.ThrowAsync<InvalidOperationException>(() => engine.Grains.GetGrain<IStillborn>(key).Value().AsTask());
        failure.Message.ShouldContain("no activation today");
        StillbornGrain.Broken.TryRemove(key, out _);
        (await engine.Grains.GetGrain<IStillborn>(key).Value()).ShouldBe(1);
    }

    [Fact]
    public async Task PreferLocal_CalledByAGrain_IsOnItsSilo()
    {
        for (var i = 0; i < 8; i++)
        {
            var (mine, other) = await engine.New<ILiving>().SiloOfNeighbour(_name + i);
            other.ShouldBe(mine);
        }
    }

    [Fact]
    public async Task HashBased_ActivatedAgain_IsOnTheSameSilo()
    {
        var grain = engine.New<IHashed>();
        var silo = await grain.Silo();
        await grain.End();
        (await grain.Silo()).ShouldBe(silo);
    }

    [Fact]
    public async Task HashBased_ManyKeys_UseEverySilo()
    {
        var silos = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => engine.New<IHashed>().Silo().AsTask()));
        silos.Distinct().Count().ShouldBe(2);
    }
}

/// <summary>Failures and calls that nobody waits for.</summary>
public sealed class FailureTests(EngineFixture engine)
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Exception_ThrownAtOnce_ReachesTheCallerAsItIs() =>
        (await Should.ThrowAsync<ArgumentException>(() => engine.New<IFailing>().ThrowAtOnce("at once").AsTask())).Message.ShouldBe("at once");

    [Fact]
    public async Task Exception_ThrownAfterAnAwait_ReachesTheCallerAsItIs() =>
        (await Should.ThrowAsync<InvalidOperationException>(() => engine.New<IFailing>().ThrowLater("later").AsTask())).Message.ShouldBe("later");

    [Fact]
    public async Task Exception_OfATaskMethod_ReachesTheCallerAsItIs() =>
        (await Should.ThrowAsync<KeyNotFoundException>(() => engine.New<IFailing>().ThrowFromTask("task"))).Message.ShouldBe("task");

    [Fact]
    public async Task Exception_OfACalledGrain_PassesThroughTheCallingOne() =>
        (await Should.ThrowAsync<ArgumentException>(
            () => engine.New<IFailing>().ThrowThrough(engine.New<IFailing>(), "deep").AsTask())).Message.ShouldBe("deep");

    [Fact]
    public async Task Grain_ThatThrew_GoesOn()
    {
        var grain = engine.New<IFailing>();
        await Should.ThrowAsync<ArgumentException>(() => grain.ThrowAtOnce("once").AsTask());
        (await grain.Survivor()).ShouldBe(1);
    }

    [Fact]
    public async Task OneWay_CallStillRunning_HasReturnedToItsCaller()
    {
        await engine.New<IFailing>().FireAndForget(_name);
        await Gate.Opened(_name + ".in");
        Gate.IsOpen(_name + ".out").ShouldBeFalse();
        Gate.Open(_name + ".go");
        await Gate.Opened(_name + ".out");
    }

    [Fact]
    public async Task OneWay_CallThatThrows_HurtsNobody()
    {
        var grain = engine.New<IFailing>();
        await grain.FireAndFail(_name);
        await Gate.Opened(_name);
        (await grain.Survivor()).ShouldBe(1);
    }
}
