using Hugesim.Load;
using Hugesim.Silo;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>What a load counts, and when it ends.</summary>
public sealed class LoadRunTests
{
    private const string Workload = "pool 10\nprocess p rest\n  start\n    mmap m 1 private\n  repeat\n    w m 0\n";

    [Fact]
    public async Task Run_CallsEndWhileASampleIsTaken_CountsThem()
    {
        // The last call is due half a second after the first sample, and that takes longer.
        var options = (await TestLoad.OptionsAsync(Workload)) with { Rate = 100, Calls = 150 };
        var results = await RunAsync(options, new WatchingReporter { Sample = _ => Thread.Sleep(1000) }, CancellationToken.None);
        results.End.ShouldBe(LoadEnd.Complete);
        results.Totals.Calls.ShouldBe(150);
        results.Totals.AllLatencies().Count.ShouldBe(150);
    }

    [Fact]
    public async Task Run_InterruptedWhileItWarmsUp_HasMeasuredNothing()
    {
        var options = (await TestLoad.OptionsAsync(Workload)) with { Rate = 1000, Warmup = TimeSpan.FromMinutes(10) };
        using var interruption = new CancellationTokenSource();
        var reporter = new WatchingReporter
        {
            Progress = phase =>
            {
                if (phase.StartsWith("warming up", StringComparison.Ordinal))
                {
                    interruption.Cancel();
                }
            },
        };
        var results = await RunAsync(options, reporter, interruption.Token);
        results.End.ShouldBe(LoadEnd.Interrupted);
        (results.Totals.Calls, results.MeasuredSeconds, results.DueCalls).ShouldBe((0L, 0.0, (long?)0));
        results.Samples.ShouldBeEmpty();
        results.AuditSeconds.ShouldNotBeNull();
        results.Violations.ShouldBeEmpty();
    }

    private static async Task<LoadResults> RunAsync(LoadOptions options, ILoadReporter reporter, CancellationToken interrupted)
    {
        await using var host = await GrainHost.StartAsync(new GrainHostOptions());
        return await host.RunAsync(grains => new LoadRun(options, reporter, interrupted).RunAsync(grains, host.Calls));
    }
}
