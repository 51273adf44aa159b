using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Turns, and who may enter while another request is in progress.</summary>
public sealed class SchedulingTests(EngineFixture engine)
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task SecondRequest_WhileFirstAwaits_Waits()
    {
        var grain = engine.New<IScheduled>();
        var first = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var second = grain.Pass(_name + "2").AsTask();
        await grain.Sum();
        Gate.IsOpen(_name + "2.in").ShouldBeFalse();
        Gate.Open(_name + ".go");
        await first;
        await Gate.Opened(_name + "2.in");
        Gate.Open(_name + "2.go");
        await second;
    }

    /// <summary>In which order is not said: Orleans may let one message of a client overtake another on its way.</summary>
    [Fact]
    public async Task WaitingRequests_WhenTheFirstEnds_AllRunOnce()
    {
        var grain = engine.New<IScheduled>();
        var first = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var notes = Enumerable.Range(0, 100).Select(number => grain.Note(number).AsTask()).ToList();
        Gate.Open(_name + ".go");
        await Task.WhenAll(notes);
        await first;
        (await grain.Notes()).ShouldBe(Enumerable.Range(0, 100), ignoreOrder: true);
    }

    [Fact]
    public async Task AlwaysInterleave_WhileAnotherAwaits_Enters()
    {
        var grain = engine.New<IScheduled>();
        var first = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var waiting = grain.Note(1).AsTask();
        var second = grain.Interleave(_name + "2").AsTask();
        await Gate.Opened(_name + "2.in");
        (await grain.Notes()).ShouldBeEmpty();
        Gate.Open(_name + "2.go");
        await second;
        Gate.Open(_name + ".go");
        await Task.WhenAll(first, waiting);
    }

    [Fact]
    public async Task ReadOnly_WhileReadOnlyAwaits_Enters()
    {
        var grain = engine.New<IScheduled>();
        var first = grain.Read(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var second = grain.Read(_name + "2").AsTask();
        await Gate.Opened(_name + "2.in");
        Gate.Open(_name + ".go");
        Gate.Open(_name + "2.go");
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task ReadOnly_WhileWriteAwaits_Waits()
    {
        var grain = engine.New<IScheduled>();
        var write = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var read = grain.Read(_name + "2").AsTask();
        await grain.Sum();
        Gate.IsOpen(_name + "2.in").ShouldBeFalse();
        Gate.Open(_name + ".go");
        Gate.Open(_name + "2.go");
        await Task.WhenAll(write, read);
    }

    [Fact]
    public async Task Write_WhileReadOnlyAwaits_Waits()
    {
        var grain = engine.New<IScheduled>();
        var read = grain.Read(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var write = grain.Note(1).AsTask();
        (await grain.Notes()).ShouldBeEmpty();
        Gate.Open(_name + ".go");
        await Task.WhenAll(read, write);
        (await grain.Notes()).ShouldBe([1]);
    }

    [Fact]
    public async Task ReentrantClass_WhileAnotherAwaits_Enters()
    {
        var grain = engine.New<IScheduledReentrant>();
        var first = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        await grain.Note(1);
        Gate.Open(_name + ".go");
        await first;
    }

    [Fact]
    public async Task Requests_ThatAwaitBetweenReadAndWrite_LoseNoUpdate()
    {
        var grain = engine.New<IScheduled>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => grain.AddSlowly(20).AsTask())));
        (await grain.Sum()).ShouldBe(1000);
    }

    [Fact]
    public async Task Continuations_OfInterleavingRequests_NeverRunAtTheSameTime()
    {
        var grain = engine.New<IScheduled>();
        var alone = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => grain.AddTogether(200).AsTask())));
        alone.ShouldAllBe(one => one);
        (await grain.Sum()).ShouldBe(4000);
    }

    [Fact]
    public async Task Reentrancy_WithoutCallChain_TimesOutInsteadOfHanging()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 1, ResponseTimeout = TimeSpan.FromMilliseconds(400) });
        var (a, b) = (host.GrainFactory.GetGrain<IChain>("a"), host.GrainFactory.GetGrain<IChain>("b"));
        var failure = await Should.ThrowAsync<TimeoutException>(() => a.CallBack(b, allow: false).AsTask());
        failure.Message.ShouldContain("CallBack");
    }

    [Fact]
    public async Task CallChainReentrancy_Allowed_LetsTheCallBackIn()
    {
        var (a, b) = (engine.New<IChain>(), engine.New<IChain>());
        (await a.CallBack(b, allow: true)).ShouldBe("value of " + a.GetPrimaryKeyString());
    }

    [Fact]
    public async Task CallChainReentrancy_AllowedForOneChain_KeepsOthersOut()
    {
        var (a, b) = (engine.New<IChain>(), engine.New<IChain>());
        var chain = a.CallBackThroughGate(b, _name).AsTask();
        await Gate.Opened(_name + ".in");
        var other = a.Value().AsTask();
        await a.Interleaved();
        other.IsCompleted.ShouldBeFalse();
        Gate.Open(_name + ".go");
        (await chain).ShouldBe("value of " + a.GetPrimaryKeyString());
        await other;
    }

    [Fact]
    public async Task CallChainReentrancy_Suppressed_TimesOut()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 1, ResponseTimeout = TimeSpan.FromMilliseconds(400) });
        var (a, b) = (host.GrainFactory.GetGrain<IChain>("a"), host.GrainFactory.GetGrain<IChain>("b"));
        await Should.ThrowAsync<TimeoutException>(() => a.CallBackSuppressed(b).AsTask());
    }

    [Fact]
    public async Task StatelessWorker_CalledAtOnce_RunsSeveralActivations()
    {
        var grain = engine.New<IWorker>();
        var calls = Enumerable.Range(0, 2).Select(_ => grain.Join(_name).AsTask()).ToList();
        await Gate.Opened(_name + ".2");
        Gate.Open(_name + ".go");
        await Task.WhenAll(calls);
    }
}
