using System.Diagnostics;

namespace Hugesim.Benchmarks.Machine;

/// <summary>What a run at a fixed rate shows.</summary>
/// <param name="CpuMicroseconds">Processor time of the whole process for each flow, without what a process that waits takes.</param>
/// <param name="P50Microseconds">Median of the latencies, from the moment at which a flow was due.</param>
/// <param name="P99Microseconds">99th percentile.</param>
/// <param name="FlowsPerSecond">What was reached.</param>
internal sealed record PacedRun(double CpuMicroseconds, double P50Microseconds, double P99Microseconds, double FlowsPerSecond);

/// <summary>
/// An open loop: flows begin when they are due, each millisecond the same number, however long the ones before take; so a slow answer is seen as such and does not slow the load.
/// </summary>
internal static class PacedFaults
{
    /// <summary>Runs.</summary>
    /// <param name="flow">One flow of one process, by the number of the process.</param>
    /// <param name="processes">Processes that take turns; each has one flow at a time.</param>
    /// <param name="flowsPerSecond">The rate.</param>
    /// <param name="flows">How many.</param>
    public static async Task<PacedRun> RunAsync(Func<int, ValueTask> flow, int processes, int flowsPerSecond, int flows)
    {
        var latencies = new double[flows];
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var due = flows / processes;
        await Task.WhenAll(Enumerable.Range(0, processes).Select(process => Task.Run(async () =>
        {
            for (var i = 0; i < due; i++)
            {
                var at = TimeSpan.FromSeconds((double)(i * processes + process) / flowsPerSecond);
                var early = at - Stopwatch.GetElapsedTime(began);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early + TimeSpan.FromMilliseconds(1));
                }

                var start = Stopwatch.GetTimestamp();
                await flow(process);
                latencies[i * processes + process] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
        })));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var used = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds;
        Array.Sort(latencies);
        return new PacedRun(used / flows, latencies[flows / 2], latencies[flows * 99 / 100], flows / seconds);
    }
}
