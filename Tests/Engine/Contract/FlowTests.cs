using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Request context, cancellation and timers.</summary>
public sealed class FlowTests(EngineFixture engine)
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task RequestContext_SetByTheClient_ReachesTheGrain()
    {
        RequestContext.Set("machine", "m1");
        (await engine.New<IFlow>().Context("machine")).ShouldBe("m1");
    }

    [Fact]
    public async Task RequestContext_SetByTheClient_ReachesTheGrainBehindTheGrain()
    {
        RequestContext.Set("machine", "m2");
        (await engine.New<IFlow>().ContextThrough(engine.New<IFlow>(), "machine")).ShouldBe("m2");
    }

    [Fact]
    public async Task RequestContext_SetByAGrain_FlowsOnButNotBack()
    {
        (await engine.New<IFlow>().ContextOfOther(engine.New<IFlow>(), "depth", "1")).ShouldBe("1");
        RequestContext.Get("depth").ShouldBeNull();
    }

    [Fact]
    public async Task RequestContext_OfOneRequest_IsNotSeenByTheNext()
    {
        var grain = engine.New<IFlow>();
        RequestContext.Set("machine", "m3");
        await grain.Context("machine");
        RequestContext.Clear();
        (await grain.Context("machine")).ShouldBeNull();
    }

    [Fact]
    public async Task Cancellation_OfARunningCall_ReachesTheCallee()
    {
        using var source = new CancellationTokenSource();
        var call = engine.New<IFlow>().WaitForCancellation(_name, source.Token);
        await Gate.Opened(_name + ".in");
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        await Gate.Opened(_name + ".canceled");
    }

    /// <summary>The grain stays busy until it has confirmed: a cancellation that overtakes its call on the way is tried again by Orleans.</summary>
    [Fact]
    public async Task Cancellation_OfAQueuedCall_KeepsItFromStarting()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { AcknowledgesCancellation = true });
        var grain = host.GrainFactory.GetGrain<IFlow>(_name);
        var busy = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        using var source = new CancellationTokenSource();
        var queued = grain.Started(source.Token).AsTask();
        await grain.Starts();
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => queued);
        Gate.Open(_name + ".go");
        await busy;
        (await grain.Started(CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task Cancellation_BeforeTheCall_FailsItAtOnce()
    {
        var grain = engine.New<IFlow>();
        await Should.ThrowAsync<OperationCanceledException>(() => grain.Started(new CancellationToken(canceled: true)).AsTask());
        (await grain.Starts()).ShouldBe(0);
    }

    [Fact]
    public async Task Timer_WithAPeriod_TicksAgain()
    {
        var grain = engine.New<IFlow>();
        await grain.Tick(_name, 3);
        await Gate.Opened(_name);
        await grain.StopTimer();
        (await grain.Ticks()).ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task Timer_DueWhileARequestAwaits_WaitsItsTurnUnlessItInterleaves()
    {
        var grain = engine.New<IFlow>();
        (await grain.TickWhileBusy(_name)).ShouldBe(0);
        await Gate.Opened(_name + ".ticked");
        await grain.StopTimer();
    }

    [Fact]
    public async Task Call_LongerThanTheResponseTimeout_FailsAndNamesTheMethod()
    {
        await using var host = await EngineHost.StartAsync(new EngineHostOptions { Silos = 1, ResponseTimeout = TimeSpan.FromMilliseconds(300) });
        var grain = host.GrainFactory.GetGrain<IFlow>("slow");
        var failure = await Should.ThrowAsync<TimeoutException>(() => grain.Pass(_name).AsTask());
        failure.Message.ShouldContain("Pass");
        Gate.Open(_name + ".go");
        (await StartsAsync(grain)).ShouldBe(0);
    }

    // On a busy machine any call may take longer than so short a timeout.
    private static async Task<int> StartsAsync(IFlow grain)
    {
        while (true)
        {
            try
            {
                return await grain.Starts();
            }
            catch (TimeoutException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
