using System.Diagnostics;

namespace Hugesim.Benchmarks.Machine;

/// <summary>What a run at a fixed rate shows.</summary>
/// <param name="CpuMicroseconds">Processor time of the whole process for each flow.</param>
/// <param name="P50Microseconds">Median of the latencies of the calls.</param>
/// <param name="P99Microseconds">99th percentile.</param>
/// <param name="FlowsPerSecond">What was reached.</param>
internal sealed record PacedRun(double CpuMicroseconds, double P50Microseconds, double P99Microseconds, double FlowsPerSecond);

/// <summary>
/// A load at a rate: each process begins its flows when they are due, and catches up where one took longer. The clock that wakes it has milliseconds, so some flows are due at once;
/// a latency is that of the call alone.
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
