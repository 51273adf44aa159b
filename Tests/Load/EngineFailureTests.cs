using System.Reflection;
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
        var (profile, _) = await WorkloadParser.ReadAsync(RecordingFiles.ToStream(Workload), "p", cancellation);
        var options = new LoadOptions
        {
            Profile = profile!,
            Kernel = "7.3",
            Machines = 1,
            Processes = 4,
            Workers = 2,
            Duration = TimeSpan.FromMinutes(10),
            EngineGrace = TimeSpan.FromMilliseconds(300),
        };
        var results = await host.RunAsync(grains =>
        {
            var failing = DispatchProxy.Create<IGrainFactory, FailingGrains>();
            ((FailingGrains)(object)failing).Inner = grains;
            return LoadRun.RunAsync(failing, options, new FailAtTheFirstSample((FailingGrains)(object)failing), cancellation);
        });

        results.End.ShouldBe(LoadEnd.EngineFailed);
        results.EngineFailure.ShouldBe("TimeoutException: the silo does not answer");
        results.Totals.Latency(LoadOperation.Fault)!.Count.ShouldBeGreaterThan(0);
        results.Totals.FailuresByCause.Keys.ShouldBe(["engine TimeoutException"]);
        results.Samples.ShouldNotBeEmpty();
        results.Passed.ShouldBeFalse();
    }

    private sealed class FailAtTheFirstSample(FailingGrains grains) : ILoadReporter
    {
        public void OnBegin(LoadOptions options)
        {
        }

        public void OnProgress(string phase, long done, long total)
        {
        }

        public void OnSample(LoadSample sample, LoadTotals totals) => grains.Fails = true;

        public void OnSummary(LoadResults results)
        {
        }
    }
}
