using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hugesim.Benchmarks.Machine;

/// <summary>What a run at a fixed rate shows.</summary>
/// <param name="CpuMicroseconds">Processor time of the whole process for each flow.</param>
/// <param name="P50Microseconds">Median of the latencies of the calls.</param>
/// <param name="P99Microseconds">99th percentile.</param>
/// <param name="FlowsPerSecond">What was reached.</param>
internal sealed record PacedRun(double CpuMicroseconds, double P50Microseconds, double P99Microseconds, double FlowsPerSecond);

/// <summary>A load at a rate, in two ways. A latency is that of the call alone.</summary>
internal static class PacedFaults
{
    // Of Linux' prctl: a sleep may be as much longer as this says, in nanoseconds.
    private const int SetTimerSlack = 29;

    /// <summary>
    /// Each process begins its flows when they are due, one after the other, and catches up where one took longer. The clock that wakes it has milliseconds, so many flows are due at once: while a burst lasts
    /// the processes use all cores, and then none.
    /// </summary>
    /// <param name="flow">One flow of one process, by the number of the process.</param>
    /// <param name="processes">Processes that take turns; each has one flow at a time.</param>
    /// <param name="flowsPerSecond">The rate.</param>
    /// <param name="flows">How many.</param>
    public static async Task<PacedRun> InBurstsAsync(Func<int, ValueTask> flow, int processes, int flowsPerSecond, int flows)
    {
        var run = new Run(flow, processes, flows);
        await Task.WhenAll(Enumerable.Range(0, processes).Select(process => Task.Run(async () =>
        {
            for (var i = process; i < flows; i += processes)
            {
                var early = run.UntilDue(i, flowsPerSecond);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early + TimeSpan.FromMilliseconds(1));
                }

                await run.FlowAsync(i);
            }
        })));
        return run.Report();
    }

    /// <summary>The flows begin one by one at even distances, whether those before them have ended or not: as those of many callers do that know nothing of each other.</summary>
    /// <param name="flow">One flow of one process, by the number of the process; it has begun when this returns.</param>
    /// <param name="processes">Processes that take turns.</param>
    /// <param name="flowsPerSecond">The rate.</param>
    /// <param name="flows">How many.</param>
    public static async Task<PacedRun> EvenlyAsync(Func<int, ValueTask> flow, int processes, int flowsPerSecond, int flows)
    {
        var run = new Run(flow, processes, flows);
        var all = new Task[flows];
        var clock = new Thread(() =>
        {
            SleepPrecisely();
            for (var i = 0; i < flows; i++)
            {
                for (var early = run.UntilDue(i, flowsPerSecond); early > TimeSpan.Zero; early = run.UntilDue(i, flowsPerSecond))
                {
                    Sleep(early);
                }

                all[i] = run.FlowAsync(i).AsTask();
            }
        });
        clock.Start();
        await Task.Run(clock.Join);
        await Task.WhenAll(all);
        return run.Report();
    }

    private static void SleepPrecisely()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = prctl(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    private static void Sleep(TimeSpan time)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = usleep((uint)Math.Ceiling(time.TotalMicroseconds));
        }
        else
        {
            Thread.SpinWait(20);
        }
    }

    // .NET's own sleeps have milliseconds.
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int usleep(uint microseconds);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int prctl(int option, nuint value, nuint unused2, nuint unused3, nuint unused4);

    private sealed class Run(Func<int, ValueTask> flow, int processes, int flows)
    {
        private readonly double[] _latencies = new double[flows];
        private readonly long _began = Stopwatch.GetTimestamp();
        private readonly TimeSpan _cpu = Environment.CpuUsage.TotalTime;

        public TimeSpan UntilDue(int i, int flowsPerSecond) => TimeSpan.FromSeconds((double)i / flowsPerSecond) - Stopwatch.GetElapsedTime(_began);

        public async ValueTask FlowAsync(int i)
        {
            var start = Stopwatch.GetTimestamp();
            await flow(i % processes);
            _latencies[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        public PacedRun Report()
        {
            var seconds = Stopwatch.GetElapsedTime(_began).TotalSeconds;
            var used = (Environment.CpuUsage.TotalTime - _cpu).TotalMicroseconds;
            Array.Sort(_latencies);
            return new PacedRun(used / flows, _latencies[flows / 2], _latencies[flows * 99 / 100], flows / seconds);
        }
    }
}
