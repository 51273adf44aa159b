using Hugesim.Embedded;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>The seed decides the run.</summary>
public sealed class DeterministicTests
{
    [Fact]
    public void Run_WithTheSameSeed_DeliversTheSameMessages()
    {
        var (first, second) = (RaceLog(7), RaceLog(7));
        second.ShouldBe(first);
        first.Count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void Run_WithOtherSeeds_FindsTheLostUpdateAndItsAbsence()
    {
        using var cluster = Start();
        var results = Enumerable.Range(0, 200).Select(seed =>
        {
            cluster.Reset(seed);
            return Race(cluster);
        }).ToList();
        results.ShouldContain(4);
        results.ShouldContain(1);
        results.ShouldAllBe(result => result >= 1 && result <= 4);
    }

    [Fact]
    public void Reset_WithTheSameSeed_RepeatsTheRun()
    {
        using var cluster = Start();
        var (results, traces) = (new List<int>(), new List<DecisionTrace>());
        for (var i = 0; i < 2; i++)
        {
            cluster.Reset(11);
            results.Add(Race(cluster));
            traces.Add(cluster.Trace);
        }

        traces[1].ShouldBe(traces[0]);
        results[1].ShouldBe(results[0]);
    }

    [Fact]
    public void Replay_OfATraceInText_RepeatsTheRunUnderAnotherSeed()
    {
        using var cluster = Start();
        cluster.Reset(3);
        var result = Race(cluster);
        var trace = DecisionTrace.Parse(cluster.Trace.ToString());
        cluster.Reset(99, trace);
        Race(cluster).ShouldBe(result);
        cluster.Trace.ShouldBe(trace);
    }

    [Fact]
    public void Replay_OfAnotherProgram_SaysWhereItLeftTheTrace()
    {
        using var cluster = Start();
        Race(cluster);
        cluster.Reset(0, new DecisionTrace([new Choice(77, 1)]));
        Should.Throw<InvalidOperationException>(() => Race(cluster)).Message.ShouldContain("decision 0 had 77 outcomes");
    }

    [Fact]
    public void Messages_FromOneGrainToAnother_StayInOrder()
    {
        using var cluster = Start();
        for (var seed = 0; seed < 50; seed++)
        {
            cluster.Reset(seed);
            var log = cluster.Run(async grains =>
            {
                await Task.WhenAll(
                    grains.GetGrain<IRacer>("a").WriteLog("log", 4).AsTask(), grains.GetGrain<IRacer>("b").WriteLog("log", 4).AsTask());
                return await grains.GetGrain<IRegister>("log").Log("");
            });
            var words = log.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            words.Where(word => word[0] == 'a').ShouldBe(["a0", "a1", "a2", "a3"]);
            words.Where(word => word[0] == 'b').ShouldBe(["b0", "b1", "b2", "b3"]);
        }
    }

    [Fact]
    public void Clients_SideBySide_InterleaveInMoreThanOneWay()
    {
        using var cluster = Start();
        var logs = Enumerable.Range(0, 50).Select(seed =>
        {
            cluster.Reset(seed);
            var log = "";
            cluster.Run(
                async grains => log = await grains.GetGrain<IRegister>("log").Log("x"),
                async grains => log = await grains.GetGrain<IRegister>("log").Log("y"));
            return log;
        });
        logs.Distinct().Order().ShouldBe(["x", "xy", "y", "yx"], ignoreOrder: true, customMessage: "both orders of delivery and of answers");
    }

    [Fact]
    public void Client_ThatThrows_PassesItsExceptionOn()
    {
        using var cluster = Start();
        Should.Throw<KeyNotFoundException>(() => cluster.Run(async grains =>
        {
            await grains.GetGrain<IRegister>("r").AddOne();
            throw new KeyNotFoundException("mine");
        })).Message.ShouldBe("mine");
    }

    [Fact]
    public void Client_OnThePumpingThread_NeverLeavesIt()
    {
        using var cluster = Start();
        var threads = new HashSet<int>();
        cluster.Run(async grains =>
        {
            for (var i = 0; i < 10; i++)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                await grains.GetGrain<IRegister>("r").AddOne();
                await Task.Yield();
                await grains.GetGrain<IRegister>("r").AddOne().ConfigureAwait(false);
            }
        });
        threads.ShouldBe([Environment.CurrentManagedThreadId]);
    }

    [Fact]
    public void Grains_ThatWaitForEachOther_AreNamed()
    {
        using var cluster = Start();
        var failure = Should.Throw<DeadlockException>(() => cluster.Run(grains => grains.GetGrain<IRacer>("a").Embrace("b").AsTask()));
        failure.Message.ShouldContain("racer/a waits for IRacer.Embrace on racer/b, which runs");
        failure.Message.ShouldContain("racer/b waits for IRacer.Embrace on racer/a, which waits in the queue behind IRacer.Embrace");
    }

    [Fact]
    public void Grains_ThatWaitForEachOther_TimeOutWhereDeadlocksAreAllowed()
    {
        using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Scheduler = SchedulerKind.Deterministic, DetectDeadlocks = false });
        Should.Throw<TimeoutException>(() => cluster.Run(grains => grains.GetGrain<IRacer>("a").Embrace("b").AsTask()));
        cluster.TimeProvider.GetUtcNow().Second.ShouldBe(30);
    }

    [Fact]
    public void Client_ThatAwaitsNothingOfTheCluster_IsToldSo()
    {
        using var cluster = Start();
        Should.Throw<DeadlockException>(() => cluster.Run(_ => new TaskCompletionSource().Task)).Message.ShouldContain("No grain call is open");
    }

    [Fact]
    public void Call_FromOutsideOfRun_IsRefused()
    {
        using var cluster = Start();
        Should.Throw<InvalidOperationException>(() => _ = cluster.GrainFactory.GetGrain<IRegister>("r").Get().AsTask())
            .Message.ShouldContain("EmbeddedCluster.Run");
    }

    [Fact]
    public void OneWayCall_NotYetDelivered_RunsUntilIdle()
    {
        using var cluster = Start();
        cluster.Run(grains => grains.GetGrain<IRegister>("r").AddOneLater().AsTask());
        cluster.RunUntilIdle();
        cluster.Run(grains => grains.GetGrain<IRegister>("r").Get().AsTask()).ShouldBe(1);
    }

    [Fact]
    public void Delay_UnderVirtualTime_TakesNoTime()
    {
        using var cluster = Start();
        cluster.Run(grains => grains.GetGrain<IRacer>("a").Sleep(TimeSpan.FromSeconds(29)).AsTask()).ShouldBe(TimeSpan.FromSeconds(29));
    }

    [Fact]
    public void Timer_UnderVirtualTime_TicksExactly()
    {
        using var cluster = Start();
        cluster.Run(grains => grains.GetGrain<IRacer>("a").TicksWithin(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10.5)).AsTask()).ShouldBe(10);
    }

    [Fact]
    public void Call_LongerThanTheTimeout_TimesOutAtItsTime()
    {
        using var cluster = Start();
        Should.Throw<TimeoutException>(() => cluster.Run(grains => grains.GetGrain<IRacer>("a").Sleep(TimeSpan.FromSeconds(40)).AsTask()))
            .Message.ShouldContain("IRacer.Sleep on racer/a within 00:00:30: it runs");
        cluster.TimeProvider.GetUtcNow().Second.ShouldBe(30);
    }

    private static EmbeddedCluster Start(long seed = 0, Action<MessageInfo>? onMessage = null) => EmbeddedCluster.Start(
        new EmbeddedClusterOptions { Silos = 2, Scheduler = SchedulerKind.Deterministic, Seed = seed, OnMessage = onMessage });

    private static List<string> RaceLog(long seed)
    {
        var log = new List<string>();
        using var cluster = Start(seed, message => log.Add(message.ToString()));
        log.Add(Race(cluster).ToString());
        log.Add(cluster.Trace.ToString());
        return log;
    }

    private static int Race(EmbeddedCluster cluster) => cluster.Run(async grains =>
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(racer => grains.GetGrain<IRacer>("r" + racer).Increment("shared").AsTask()));
        return await grains.GetGrain<IRegister>("shared").Get();
    });
}
