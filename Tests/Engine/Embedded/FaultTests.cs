using Hugesim.Embedded;
using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Messages and silos that fail, under the deterministic scheduler.</summary>
public sealed class FaultTests
{
    [Fact]
    public void Request_Dropped_TimesOutAndWasNotCarriedOut()
    {
        using var cluster = Start(new Plan((message, _) => message is { Method: "IRegister.AddOne", IsResponse: false } ? MessageFate.Drop : default));
        cluster.Run(async grains =>
        {
            var failure = await Failure.OfAsync<TimeoutException>(() => grains.GetGrain<IRegister>("r").AddOne().AsTask());
            failure.Message.ShouldContain("was lost");
            (await grains.GetGrain<IRegister>("r").Get()).ShouldBe(0);
        });
    }

    [Fact]
    public void Answer_Dropped_TimesOutAndWasCarriedOut()
    {
        using var cluster = Start(new Plan((message, _) => message is { Method: "IRegister.AddOne", IsResponse: true } ? MessageFate.Drop : default));
        cluster.Run(async grains =>
        {
            await Failure.OfAsync<TimeoutException>(() => grains.GetGrain<IRegister>("r").AddOne().AsTask());
            (await grains.GetGrain<IRegister>("r").Get()).ShouldBe(1);
        });
    }

    [Fact]
    public void Answer_LaterThanTheTimeout_IsNobodys()
    {
        using var cluster = Start(new Plan((message, _) =>
            message is { Method: "IRegister.AddOne", IsResponse: true } ? MessageFate.Delay(TimeSpan.FromMinutes(1)) : default));
        cluster.Run(async grains =>
        {
            await Failure.OfAsync<TimeoutException>(() => grains.GetGrain<IRegister>("r").AddOne().AsTask());
            (await grains.GetGrain<IRacer>("a").Sleep(TimeSpan.FromSeconds(20))).ShouldBe(TimeSpan.FromSeconds(20));
            (await grains.GetGrain<IRegister>("r").Get()).ShouldBe(1);
        });
    }

    [Fact]
    public void Request_Duplicated_IsCarriedOutTwiceAndAnsweredOnce()
    {
        using var cluster = Start(new Plan((message, _) => message is { Method: "IRegister.AddOne", IsResponse: false } ? MessageFate.Duplicate : default));
        cluster.Run(grains => grains.GetGrain<IRegister>("r").AddOne().AsTask()).ShouldBeInRange(1, 2);
        cluster.RunUntilIdle();
        cluster.Run(grains => grains.GetGrain<IRegister>("r").Get().AsTask()).ShouldBe(2);
    }

    [Fact]
    public void Request_Delayed_ArrivesAtItsTime()
    {
        using var cluster = Start(new Plan((message, _) => message.IsResponse ? default : MessageFate.Delay(TimeSpan.FromSeconds(5))));
        cluster.Run(grains => grains.GetGrain<IRegister>("r").AddOne().AsTask()).ShouldBe(1);
        cluster.TimeProvider.GetUtcNow().Second.ShouldBe(5);
    }

    [Fact]
    public void Messages_Unordered_OvertakeEachOther()
    {
        using var cluster = Start(new Plan((message, _) => message.IsResponse ? default : MessageFate.Unordered));
        var logs = new HashSet<string>();
        for (var seed = 0; seed < 30; seed++)
        {
            cluster.Reset(seed);
            logs.Add(cluster.Run(async grains =>
            {
                await grains.GetGrain<IRacer>("a").WriteLog("log", 2);
                return await grains.GetGrain<IRegister>("log").Log("");
            }));
        }

        logs.ShouldBe(["a0 a1 ", "a1 a0 "], ignoreOrder: true);
    }

    [Fact]
    public void Faults_DrawnFromTheChooser_AreReplayed()
    {
        using var cluster = Start(new Plan((message, chooser) => chooser.Chance(20) ? MessageFate.Drop : default));
        cluster.Reset(5);
        var first = CountSuccesses(cluster);
        var trace = cluster.Trace;
        cluster.Reset(6, trace);
        CountSuccesses(cluster).ShouldBe(first);
        first.ShouldBeInRange(1, 39);
    }

    [Fact]
    public void SiloCrash_WhileACallRuns_FailsTheCallAndTheNextOneActivatesElsewhere()
    {
        using var cluster = Start(null);
        var factory = cluster.GrainFactory;
        cluster.Run(grains => grains.GetGrain<IRegister>("r").AddOne().AsTask()).ShouldBe(1);
        var sleeping = cluster.Run(async grains =>
        {
            var racer = grains.GetGrain<IRacer>("a");
            await racer.Nothing();
            var silo = cluster.FindActivation(racer)!;
            var call = racer.Sleep(TimeSpan.FromSeconds(5)).AsTask();
            await Task.Delay(TimeSpan.FromSeconds(1), cluster.TimeProvider);
            cluster.CrashSilo(silo.Index);
            var failure = await Failure.OfAsync<SiloUnavailableException>(() => call);
            failure.Message.ShouldContain("IRacer.Sleep on racer/a");
            (await racer.Sleep(TimeSpan.FromSeconds(1))).ShouldBe(TimeSpan.FromSeconds(1));
            cluster.FindActivation(racer)!.Index.ShouldBe(1 - silo.Index);
            return silo.Index;
        });
        cluster.RestartSilo(sleeping).SiloAddress.Generation.ShouldBe(2);
    }

    [Fact]
    public void SiloCrash_AtAnyStep_FailsCallsButHangsNone()
    {
        var plan = new CrashingPlan();
        using var cluster = Start(plan);
        for (var seed = 0; seed < 200; seed++)
        {
            cluster.Reset(seed);
            plan.Crashes = 0;
            cluster.Run(async grains =>
            {
                for (var i = 0; i < 5; i++)
                {
                    try
                    {
                        await grains.GetGrain<IRacer>("a" + i).Increment("shared");
                    }
                    catch (SiloUnavailableException)
                    {
                        await grains.GetGrain<IRacer>("b").Nothing();
                    }
                }
            });
        }
    }

    [Fact]
    public void SiloCrash_OfACallerThatWaitsForALostMessage_LetsTheClockGoOn()
    {
        using var cluster = Start(new Plan((message, _) => message is { Method: "IRegister.AddOne", IsResponse: false } ? MessageFate.Drop : default));
        cluster.Run(async grains =>
        {
            var racer = grains.GetGrain<IRacer>("a");
            var call = racer.Add("r", CancellationToken.None).AsTask();
            await Task.Delay(TimeSpan.FromSeconds(1), cluster.TimeProvider);
            cluster.CrashSilo(cluster.FindActivation(racer)!.Index);
            await Failure.OfAsync<SiloUnavailableException>(() => call);

            // The racer's own call times out meanwhile, and nobody is there to be told.
            await Task.Delay(TimeSpan.FromMinutes(2), cluster.TimeProvider);
        });
        cluster.TimeProvider.GetUtcNow().Minute.ShouldBe(2);
        cluster.CrashedSilos.Count.ShouldBe(1);
        cluster.Reset(1);
        cluster.CrashedSilos.ShouldBeEmpty();
    }

    [Fact]
    public void Grain_ThatLeavesItsThread_IsRefused()
    {
        using var cluster = Start(null);
        var failure = Should.Throw<Exception>(() => cluster.Run(grains => grains.GetGrain<IRacer>("a").Escape().AsTask()));

        // Which one depends on how soon the other thread comes back.
        failure.Message.ShouldContain(failure is DeadlockException ? "IRacer.Escape on racer/a, which runs" : "Another thread continued racer/a");
    }

    [Fact]
    public void Cancellation_OfAQueuedCall_KeepsItFromStarting()
    {
        using var cluster = Start(null);
        cluster.Run(async grains =>
        {
            var racer = grains.GetGrain<IRacer>("a");
            var sleeping = racer.Sleep(TimeSpan.FromSeconds(10)).AsTask();
            using var source = new CancellationTokenSource(TimeSpan.FromSeconds(3), cluster.TimeProvider);
            await Failure.OfAsync<OperationCanceledException>(() => racer.Add("r", source.Token).AsTask());
            cluster.TimeProvider.GetUtcNow().Second.ShouldBe(3);
            await sleeping;
            await racer.Nothing();
            (await grains.GetGrain<IRegister>("r").Get()).ShouldBe(0);
        });
    }

    private static int CountSuccesses(EmbeddedCluster cluster) => cluster.Run(async grains =>
    {
        var successes = 0;
        for (var i = 0; i < 40; i++)
        {
            try
            {
                await grains.GetGrain<IRegister>("r" + i).AddOne();
                successes++;
            }
            catch (TimeoutException)
            {
                continue;
            }
        }

        return successes;
    });

    private static EmbeddedCluster Start(FaultPlan? plan) => EmbeddedCluster.Start(
        new EmbeddedClusterOptions { Silos = 2, Scheduler = SchedulerKind.Deterministic, Faults = plan });

    private sealed class Plan(Func<MessageInfo, Chooser, MessageFate> fate) : FaultPlan
    {
        public override MessageFate OnMessage(in MessageInfo message, Chooser chooser) => fate(message, chooser);
    }

    private sealed class CrashingPlan : FaultPlan
    {
        public int Crashes { get; set; }

        public override void OnStep(EmbeddedCluster cluster, long step, Chooser chooser)
        {
            if (Crashes < 2 && cluster.Silos.All(silo => silo.IsRunning) && chooser.Chance(10))
            {
                Crashes++;
                cluster.CrashSilo(chooser.Choose(2));
            }
            else if (chooser.Chance(10) && cluster.Silos.FirstOrDefault(silo => !silo.IsRunning) is { } crashed)
            {
                cluster.RestartSilo(crashed.Index);
            }
        }
    }
}
