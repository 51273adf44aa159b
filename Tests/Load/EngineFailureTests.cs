using System.Reflection;
using System.Text.Json;
using Hugesim.Cli;
using Hugesim.Grains;
using Hugesim.Load;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>A cluster that goes away while a load runs.</summary>
public sealed class EngineFailureTests
{
    // Every process ends after one line, and the grain of its successor cannot be had.
    private const string Workload = "pool 10\nprocess p rest\n  life 1\n  start\n    mmap m 1 private\n  repeat\n    w m 0\n";

    [Fact]
    public async Task Run_GrainsNoLongerAnswer_EndsWithTheResultsSoFar()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var host = await GrainHost.StartAsync(new GrainHostOptions());
        var options = (await TestLoad.OptionsAsync(Workload)) with { EngineGrace = TimeSpan.FromMilliseconds(300) };
        var results = await host.RunAsync(grains =>
        {
            var failing = DispatchProxy.Create<IGrainFactory, FailingGrains>();
            var factory = (FailingGrains)(object)failing;
            factory.Inner = grains;
            var reporter = new WatchingReporter { Sample = totals => factory.Fails |= totals.Latency(LoadOperation.Fault) is { Count: > 0 } };
            return new LoadRun(options, reporter, cancellation).RunAsync(failing, host.Calls);
        });

        results.End.ShouldBe(LoadEnd.EngineFailed);
        results.EngineFailure.ShouldBe("TimeoutException: the silo does not answer");
        results.Totals.Latency(LoadOperation.Fault)!.Count.ShouldBeGreaterThan(0);
        results.Totals.FailuresByCause.Keys.ShouldBe(["engine TimeoutException"]);
        results.Samples.ShouldNotBeEmpty();
        results.Passed.ShouldBeFalse();
    }

    [Fact]
    public async Task Load_ClusterIsGoneAndItsConnectionEnds_ShowsTheResultsSoFar()
    {
        using var folder = new TemporaryFolder();
        await using var host = await GrainHost.StartAsync(new GrainHostOptions());
        using var console = new TestConsole { CancellationToken = TestContext.Current.CancellationToken };
        console.StartGrains = _ => new(new LosingHost(host, () => LoadCommandTests.HasMeasured(console.OutputText)));
        var file = folder.Write("p.load", Workload);
        (await console.RunAsync("load", file, "--processes", "4", "--duration", "10m", "--json")).ShouldBe(ExitCodes.Failure);
        console.ErrorText.ShouldContain("the cluster is gone");
        var summary = JsonDocument.Parse(console.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        summary.GetProperty("end").GetString().ShouldBe("engine_failed");
        summary.GetProperty("calls").GetInt64().ShouldBeGreaterThan(0);
    }

    /// <summary>A host that gives up on its client some time, as the client of a cluster does when the connection ends.</summary>
    private sealed class LosingHost(IGrainHost inner, Func<bool> isTime) : IGrainHost
    {
        public RepeatedCalls Calls => inner.Calls;

        public async ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client)
        {
            var running = inner.RunAsync(client).AsTask();
            while (!isTime() && !running.IsCompleted)
            {
                await Task.Delay(20);
            }

            return running.IsCompleted ? await running : throw new ClusterException("the cluster is gone", "start it again");
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
