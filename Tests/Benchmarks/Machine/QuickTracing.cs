using System.Diagnostics;
using System.Net;
using Hugesim.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;

namespace Hugesim.Benchmarks.Machine;

/// <summary>
/// What tracing costs: flows a second and processor time of each, without, with tail sampling, and with all flows sent to a receiver on this machine. The three take
/// turns; a flow is a reserved private write fault of its own, with its messages and kernel routines.
/// </summary>
internal static class QuickTracing
{
    private const int Processes = 4;
    private const int Pages = 500;
    private const int Rounds = 15;
    private const int FlowsPerSecond = 10_000;

    internal static async Task RunAsync()
    {
        var receiver = await StartReceiverAsync();
        await using (receiver.ConfigureAwait(false))
        {
            var url = new Uri(receiver.Urls.First() + "/v1/traces");
            (string Name, FlowExportOptions? Export)[] kinds =
            [
                ("off", null),
                ("1 % and all failed flows", new FlowExportOptions(url, OtlpExportProtocol.HttpProtobuf, 0.01)),
                ("all flows sent", new FlowExportOptions(url, OtlpExportProtocol.HttpProtobuf, 1)),
            ];
            await using var untraced = await FaultWorkload.StartAsync(Processes, Pages);
            await using var traced = await FaultWorkload.StartAsync(Processes, Pages, traces: true);
            var rounds = kinds.Select(_ => new List<(double Seconds, double Cpu)>()).ToArray();
            for (var round = -1; round < Rounds; round++)
            {
                for (var kind = 0; kind < kinds.Length; kind++)
                {
                    var measured = await MeasureAsync(kinds[kind].Export is null ? untraced : traced, kinds[kind].Export);
                    if (round >= 0)
                    {
                        rounds[kind].Add(measured);
                    }
                }
            }

            Report(kinds.Select(kind => kind.Name).ToArray(), rounds);
        }
    }

    private static async Task<(double Seconds, double Cpu)> MeasureAsync(FaultWorkload workload, FlowExportOptions? export)
    {
        // The receiver belongs to nobody's grains, but shares the processor.
        using var flows = export is null ? null : FlowPipeline.Start(export, FlowPipeline.SiloService, "bench", TimeSpan.Zero);
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await workload.ReservedFaultsAsync();
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    }

    private static void Report(string[] names, List<(double Seconds, double Cpu)>[] rounds)
    {
        const double Flows = Processes * Pages;
        for (var kind = 0; kind < names.Length; kind++)
        {
            var speed = Median(rounds[kind].Select((round, i) => rounds[0][i].Seconds / round.Seconds));
            var cpu = Median(rounds[kind].Select(round => round.Cpu)) / Flows;
            var extra = cpu - Median(rounds[0].Select(round => round.Cpu)) / Flows;
            Console.WriteLine(
                $"{names[kind]}: {Flows / Median(rounds[kind].Select(round => round.Seconds)):N0} flows a second, {speed:N2} of those without; "
                + $"{cpu * 1e6:N1} us of processor a flow; at {FlowsPerSecond:N0} flows a second {extra * FlowsPerSecond:P1} of a core more");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static async Task<WebApplication> StartReceiverAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.MapPost("/v1/traces", async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/x-protobuf";
        });
        await application.StartAsync();
        return application;
    }
}
