using System.Collections.Concurrent;
using Hugesim.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

/// <summary>Placed by a filter on the silo whose metadata names the node in its key.</summary>
public interface INodeBound : IGrainWithStringKey
{
    ValueTask<string> Silo();
}

[NodeFilter]
public sealed class NodeBoundGrain : Grain, INodeBound
{
    public ValueTask<string> Silo() => new(RuntimeIdentity);
}

public sealed class NodeFilterAttribute() : PlacementFilterAttribute(new NodeFilter());

public sealed class NodeFilter() : PlacementFilterStrategy(0);

public sealed class NodeFilterDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos) =>
        silos.Where(silo => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault("node") == target.GrainIdentity.Key.ToString());
}

public interface ISequence : IGrainWithStringKey
{
    /// <summary>Ends the activation every few calls; the answer is how many calls came before in all activations.</summary>
    ValueTask<int> Next(int caller, int number);
}

public sealed class SequenceGrain : Grain, ISequence
{
    public static readonly ConcurrentDictionary<string, List<(int Caller, int Number)>> Logs = new();

    private int _calls;

    public async ValueTask<int> Next(int caller, int number)
    {
        var log = Logs.GetOrAdd(this.GetPrimaryKeyString(), _ => []);
        log.Add((caller, number));
        if (++_calls % 3 == 0)
        {
            DeactivateOnIdle();
        }

        if (number % 5 == 0)
        {
            await Task.Yield();
        }

        return log.Count;
    }
}

public interface IWorkerOfOne : IGrainWithStringKey
{
    ValueTask<string> Silo();
}

[StatelessWorker(1)]
public sealed class WorkerOfOneGrain : Grain, IWorkerOfOne
{
    public ValueTask<string> Silo() => new(RuntimeIdentity);
}

public interface IWorkerUser : IGrainWithStringKey
{
    ValueTask<(string Mine, string Workers)> Compare();
}

public sealed class WorkerUserGrain : Grain, IWorkerUser
{
    public async ValueTask<(string Mine, string Workers)> Compare() =>
        (RuntimeIdentity, await GrainFactory.GetGrain<IWorkerOfOne>("w").Silo());
}

/// <summary>Silos of the parallel scheduler: placement, crash, restart, and nothing lost under load.</summary>
public sealed class ClusterTests
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task PlacementFilter_OnMetadata_ChoosesTheSiloOfTheNode()
    {
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            Silos = 3,
            SiloMetadata = index => new Dictionary<string, string> { ["node"] = $"n{index}" },
            ConfigureServices = services => services.AddPlacementFilter<NodeFilter, NodeFilterDirector>(ServiceLifetime.Singleton),
        });
        for (var node = 0; node < 3; node++)
        {
            var grain = cluster.GrainFactory.GetGrain<INodeBound>($"n{node}");
            (await grain.Silo()).ShouldBe(cluster.Silos[node].SiloAddress.ToString());
            cluster.FindActivation(grain).ShouldBe(cluster.Silos[node]);
        }

        (await Should.ThrowAsync<OrleansException>(() => cluster.GrainFactory.GetGrain<INodeBound>("n9").Silo().AsTask()))
            .Message.ShouldContain("nodebound/n9");
    }

    [Fact]
    public async Task Crash_WhileACallRuns_FailsItAndRestartTakesNewActivations()
    {
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Silos = 2 });
        var grain = cluster.GrainFactory.GetGrain<IScheduled>("g");
        var running = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var waiting = grain.Note(1).AsTask();
        var silo = cluster.FindActivation(grain)!;
        cluster.CrashSilo(silo.Index);
        (await Should.ThrowAsync<SiloUnavailableException>(() => running)).Message.ShouldContain("IScheduled.Pass on scheduled/g");
        await Should.ThrowAsync<SiloUnavailableException>(() => waiting);
        (await grain.Notes()).ShouldBeEmpty();
        cluster.FindActivation(grain)!.Index.ShouldBe(1 - silo.Index);
        cluster.RestartSilo(silo.Index).IsRunning.ShouldBeTrue();
        Gate.Open(_name + ".go");
    }

    [Fact]
    public async Task Crash_OfEverySilo_LeavesNoPlaceForCalls()
    {
        await using var cluster = EmbeddedCluster.Start();
        cluster.CrashSilo(0);
        await Should.ThrowAsync<SiloUnavailableException>(() => cluster.GrainFactory.GetGrain<IRegister>("r").Get().AsTask());
    }

    [Fact]
    public async Task FindActivation_OfAGrainNeverCalled_IsNull()
    {
        await using var cluster = EmbeddedCluster.Start();
        cluster.FindActivation(cluster.GrainFactory.GetGrain<IRegister>("r")).ShouldBeNull();
    }

    [Fact]
    public async Task ActivationThatEndsUnderLoad_LosesAndReordersNothing()
    {
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Silos = 3 });
        const int Callers = 8;
        const int Calls = 500;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var grain = cluster.GrainFactory.GetGrain<ISequence>(_name);
            for (var number = 0; number < Calls; number++)
            {
                await grain.Next(caller, number);
            }
        })));
        var log = SequenceGrain.Logs[_name];
        log.Count.ShouldBe(Callers * Calls);
        for (var caller = 0; caller < Callers; caller++)
        {
            log.Where(entry => entry.Caller == caller).Select(entry => entry.Number).ShouldBe(Enumerable.Range(0, Calls));
        }
    }

    [Fact]
    public async Task Crashes_UnderLoad_HangNoCall()
    {
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Silos = 3 });
        var lost = 0;
        var callers = Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            for (var call = 0; call < 500; call++)
            {
                try
                {
                    await cluster.GrainFactory.GetGrain<IRacer>("a" + caller).Increment("r" + (call % 7));
                }
                catch (SiloUnavailableException)
                {
                    Interlocked.Increment(ref lost);
                }
            }
        })));
        for (var crash = 0; !callers.IsCompleted; crash++)
        {
            cluster.CrashSilo(crash % 3);
            await cluster.GrainFactory.GetGrain<IScheduled>("s" + crash).Sum();
            cluster.RestartSilo(crash % 3);
        }

        await callers.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        lost.ShouldBeLessThan(2000);
    }

    [Fact]
    public async Task StatelessWorker_CalledByAGrain_IsOnItsSilo()
    {
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions { Silos = 3 });
        for (var i = 0; i < 6; i++)
        {
            var (mine, workers) = await cluster.GrainFactory.GetGrain<IWorkerUser>("u" + i).Compare();
            workers.ShouldBe(mine);
        }
    }

    [Fact]
    public async Task FailureThatNobodyAwaits_IsReported()
    {
        var heard = new TaskCompletionSource<string>();
        await using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            OnBackgroundError = (failure, where) => heard.TrySetResult($"{where}: {failure.Message}"),
        });
        await cluster.GrainFactory.GetGrain<IFailing>("f").FireAndFail(_name);
        (await heard.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBe("one-way call IFailing.FireAndFail on failing/f: nobody hears this");
    }

    [Fact]
    public async Task WaitingRequests_OfOneCaller_RunInTheOrderOfTheCalls()
    {
        await using var cluster = EmbeddedCluster.Start();
        var grain = cluster.GrainFactory.GetGrain<IScheduled>("g");
        var first = grain.Pass(_name).AsTask();
        await Gate.Opened(_name + ".in");
        var notes = Enumerable.Range(0, 100).Select(number => grain.Note(number).AsTask()).ToList();
        Gate.Open(_name + ".go");
        await Task.WhenAll(notes.Append(first));
        (await grain.Notes()).ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    public async Task Write_WhileTheSecondOfTwoReadsRuns_Waits()
    {
        await using var cluster = EmbeddedCluster.Start();
        var grain = cluster.GrainFactory.GetGrain<IScheduled>("g");
        var first = grain.Read(_name).AsTask();
        var second = grain.Read(_name + "2").AsTask();
        await Gate.Opened(_name + "2.in");
        Gate.Open(_name + ".go");
        await first;
        var write = grain.Note(1).AsTask();
        (await grain.Notes()).ShouldBeEmpty();
        Gate.Open(_name + "2.go");
        await Task.WhenAll(second, write);
    }

    [Fact]
    public async Task Interface_WithSeveralClasses_NeedsAPrefix()
    {
        await using var cluster = EmbeddedCluster.Start();
        Should.Throw<ArgumentException>(() => cluster.GrainFactory.GetGrain<IForked>("k")).Message.ShouldContain("2 grain classes");
        (await cluster.GrainFactory.GetGrain<IForked>("k", typeof(LeftGrain).FullName).Which()).ShouldBe("left");
        (await cluster.GrainFactory.GetGrain<IForked>("k", typeof(RightGrain).FullName).Which()).ShouldBe("right");
    }
}

public interface IForked : IGrainWithStringKey
{
    [ReadOnly]
    ValueTask<string> Which();
}

public sealed class LeftGrain : Grain, IForked
{
    public ValueTask<string> Which() => new("left");
}

public sealed class RightGrain : Grain, IForked
{
    public ValueTask<string> Which() => new("right");
}
