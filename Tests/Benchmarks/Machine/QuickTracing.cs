using System.Net;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;

namespace Hugesim.Benchmarks.Machine;

/// <summary>
/// What tracing costs, in two ways: at 10,000 flows a second, of four callers or of one, the processor time and latency of each, and as fast as it goes the flows a second. Without tracing, which is measured twice to show
/// the noise, with tail sampling, and with all flows sent to a receiver on this machine, which take turns. A flow is a reserved private write fault of its own, with its
/// messages and kernel routines.
/// </summary>
internal static class QuickTracing
{
    private const int Processes = 4;
    private const int Pages = 2000;
    private const int Rounds = 11;
    private const int FlowsPerSecond = 10_000;

    internal static async Task RunAsync()
    {
        var receiver = await StartReceiverAsync(Task.CompletedTask);
        await using (receiver.ConfigureAwait(false))
        {
            var url = UrlOf(receiver);
            await using var workload = await FaultWorkload.StartAsync(Processes, Pages);
            Kind[] kinds =
            [
                new("no tracing", null),
                new("no tracing, again", null),
                new("failed flows", To(url, 0)),
                new("1 % and failed flows", To(url, 0.01)),
                new("the same, of several processes", To(url, 0.01)) { Window = TimeSpan.FromSeconds(15) },
                new("all flows", To(url, 1)),
            ];
            for (var round = -1; round < Rounds; round++)
            {
                foreach (var kind in kinds)
                {
                    await MeasureAsync(workload, kind, isKept: round >= 0);
                }
            }

            Report(kinds);
            await ReportMemoryAsync(workload);
        }
    }

    private static async Task MeasureAsync(FaultWorkload workload, Kind kind, bool isKept)
    {
        // The receiver belongs to nobody's grains, but shares the processor.
        using var flows = kind.Export is null ? null : FlowPipeline.Start(kind.Export, FlowPipeline.SiloService, "bench", kind.Window);

        // The first flows of a new pipeline connect to the receiver and compile: that is not what a flow costs.
        await workload.PacedFaultsAsync(FlowsPerSecond);
        var even = await workload.PacedFaultsAsync(FlowsPerSecond, evenly: true);
        var bursts = await workload.PacedFaultsAsync(FlowsPerSecond);
        var alone = await workload.PacedFaultsAsync(FlowsPerSecond, isAlone: true);
        var fast = await workload.PacedFaultsAsync(int.MaxValue);
        if (isKept)
        {
            kind.Even.Add(even);
            kind.Bursts.Add(bursts);
            kind.Alone.Add(alone);
            kind.Fast.Add(fast);
        }
    }

    private static void Report(Kind[] kinds)
    {
        Console.WriteLine($"medians of {Rounds} rounds of {Processes * Pages} flows; ratios to 'no tracing' of the same round");
        ReportPaced($"{FlowsPerSecond:N0} flows a second, one by one", kinds, kind => kind.Even);
        ReportPaced($"{FlowsPerSecond:N0} flows a second, in bursts", kinds, kind => kind.Bursts);
        ReportPaced($"{FlowsPerSecond:N0} flows a second of one caller", kinds, kind => kind.Alone);
        Console.WriteLine("as fast as it goes: flows a second | ratio");
        foreach (var kind in kinds)
        {
            Console.WriteLine(
                $"{kind.Name} | {Median(kind.Fast.Select(run => run.FlowsPerSecond)):N0} | {Ratio(kind.Fast, kinds[0].Fast, run => run.FlowsPerSecond):N2}");
        }
    }

    private static void ReportPaced(string title, Kind[] kinds, Func<Kind, List<PacedRun>> runsOf)
    {
        Console.WriteLine($"{title}: us of processor a flow | ratio | % of a core more | p50 us | ratio | p99 us | ratio");
        var none = runsOf(kinds[0]);
        foreach (var kind in kinds)
        {
            var runs = runsOf(kind);
            var more = Median(runs.Select((run, i) => (run.CpuMicroseconds - none[i].CpuMicroseconds) * FlowsPerSecond / 1e6));
            Console.WriteLine(
                $"{kind.Name} | {Median(runs.Select(run => run.CpuMicroseconds)):N1} | {Ratio(runs, none, run => run.CpuMicroseconds):N2} | {100 * more:N1} "
                + $"| {Median(runs.Select(run => run.P50Microseconds)):N1} | {Ratio(runs, none, run => run.P50Microseconds):N2} "
                + $"| {Median(runs.Select(run => run.P99Microseconds)):N0} | {Ratio(runs, none, run => run.P99Microseconds):N2}");
        }
    }

    // All flows go to a receiver that takes requests and never answers.
    private static async Task ReportMemoryAsync(FaultWorkload workload)
    {
        var never = new TaskCompletionSource();
        var receiver = await StartReceiverAsync(never.Task);
        await using (receiver.ConfigureAwait(false))
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            using (FlowPipeline.Start(To(UrlOf(receiver), 1), FlowPipeline.SiloService, "bench", TimeSpan.Zero))
            {
                for (var i = 1; i <= 5; i++)
                {
                    await workload.PacedFaultsAsync(FlowsPerSecond);
                    var heap = GC.GetTotalMemory(forceFullCollection: true) - before;
                    Console.WriteLine($"a receiver that does not answer, {i * Processes * Pages:N0} flows sent: {heap / 1e6:N0} MB more than before");
                }
            }

            never.SetResult();
        }
    }

    private static double Ratio(List<PacedRun> runs, List<PacedRun> to, Func<PacedRun, double> value) =>
        Median(runs.Select((run, i) => value(run) / value(to[i])));

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static FlowExportOptions To(Uri url, double ratio) => new(url, OtlpExportProtocol.HttpProtobuf, ratio);

    private static Uri UrlOf(WebApplication receiver) => new(receiver.Urls.First() + "/v1/traces");

    private static async Task<WebApplication> StartReceiverAsync(Task answersAfter)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.MapPost("/v1/traces", async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await answersAfter;
            context.Response.ContentType = "application/x-protobuf";
        });
        await application.StartAsync();
        return application;
    }

    private sealed record Kind(string Name, FlowExportOptions? Export)
    {
        /// <summary>How long flows wait for what other processes say of them.</summary>
        public TimeSpan Window { get; init; }

        public List<PacedRun> Even { get; } = [];

        public List<PacedRun> Bursts { get; } = [];

        /// <summary>Those of one caller: nobody waits for anybody, so a call takes as long as its code does.</summary>
        public List<PacedRun> Alone { get; } = [];

        public List<PacedRun> Fast { get; } = [];
    }
}
