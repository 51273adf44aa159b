using Hugesim.Load;
using Hugesim.Model;
using Hugesim.Silo;

namespace Hugesim.Bench;

/// <summary>What a load of so many processes on so many machines came to.</summary>
/// <param name="Processes">Emulated processes, of all machines together.</param>
/// <param name="Machines">Emulated machines.</param>
/// <param name="CallsPerSecond">Calls of processes a second.</param>
/// <param name="LatencyNsP50">Their median latency, in nanoseconds.</param>
/// <param name="LatencyNsP99">Its 99th percentile, in nanoseconds.</param>
/// <param name="StartSeconds">Seconds until all processes had started.</param>
/// <param name="IsSound">The audit found nothing, and nothing was left at the end.</param>
internal sealed record CostPoint(
    long Processes, int Machines, double CallsPerSecond, long LatencyNsP50, long LatencyNsP99, double StartSeconds, bool IsSound);

/// <summary>How throughput and latency change with the number of processes and of machines: short-lived mappings, closed loop.</summary>
internal static class CostCurve
{
    /// <summary>Calls on their way at once, where there are as many processes.</summary>
    public const int Workers = 100;

    /// <summary>Processes that the machines share, where their number is what changes.</summary>
    public const long SharedProcesses = 1_000;

    private const string Workload = "churn";

    /// <summary>Numbers of processes on one machine.</summary>
    public static IReadOnlyList<long> Processes { get; } = [1, 10, 100, 1_000, 10_000, 100_000];

    /// <summary>Numbers of machines.</summary>
    public static IReadOnlyList<int> Machines { get; } = [1, 2, 4, 8, 16, 32, 64];

    /// <summary>Measures all points, each for itself.</summary>
    /// <param name="start">Starts silos.</param>
    /// <param name="time">How long each point is measured, after its start.</param>
    /// <param name="onPoint">Is told each point.</param>
    /// <param name="cancellationToken">Ends it between two points.</param>
    public static async Task<IReadOnlyList<CostPoint>> MeasureAsync(
        Func<GrainHostOptions, ValueTask<IGrainHost>> start, TimeSpan time, Action<CostPoint> onPoint, CancellationToken cancellationToken)
    {
        var profile = await BuiltInProfiles.ReadAsync(Workload).ConfigureAwait(false);
        var host = await start(new GrainHostOptions()).ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            // The first one only warms up.
            await MeasureAsync(host, profile, SharedProcesses, 1, time, 0).ConfigureAwait(false);
            var points = new List<CostPoint>();
            foreach (var (processes, machines) in Processes.Select(n => (n, 1)).Concat(Machines.Skip(1).Select(n => (SharedProcesses, n))))
            {
                cancellationToken.ThrowIfCancellationRequested();
                points.Add(await MeasureAsync(host, profile, processes, machines, time, points.Count + 1).ConfigureAwait(false));
                onPoint(points[^1]);
            }

            return points;
        }
    }

    private static async Task<CostPoint> MeasureAsync(IGrainHost host, WorkloadProfile profile, long processes, int machines, TimeSpan time, int number)
    {
        var run = new LoadRun(
            new LoadOptions
            {
                Profile = profile,
                Kernel = KernelProfiles.Newest.Name,
                Machines = machines,
                Processes = processes,
                Duration = time,
                Workers = (int)Math.Min(processes, Workers),
                Seed = 1,
                MachinePrefix = $"curve{number}-",
            },
            new Silent(), CancellationToken.None);
        var results = await host.RunAsync(grains => run.RunAsync(grains, host.Calls)).ConfigureAwait(false);
        var latencies = results.Totals.AllLatencies();
        return new CostPoint(
            processes, machines, results.Totals.Calls / Math.Max(results.MeasuredSeconds, 1e-9), latencies.Percentile(50), latencies.Percentile(99),
            results.StartSeconds, results.Passed);
    }

    private sealed class Silent : ILoadReporter
    {
        public void OnBegin(LoadOptions options)
        {
        }

        public void OnProgress(string phase, long done, long total)
        {
        }

        public void OnSample(LoadSample sample, LoadTotals totals)
        {
        }

        public void OnSummary(LoadResults results)
        {
        }
    }
}
