using System.Diagnostics;

namespace Hugesim.Benchmarks.Machine;

/// <summary>A measurement of a few seconds for the console.</summary>
internal static class QuickMachine
{
    private const int Pages = 2000;
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(2);

    internal static async Task RunAsync()
    {
        foreach (var processes in new[] { 1, 16 })
        {
            await using var workload = await FaultWorkload.StartAsync(processes, Pages);
            await ReportAsync("reserved private write faults", processes, workload.ReservedFaultsAsync);
            await ReportAsync("mmap + munmap pairs", processes, workload.MapAndUnmapAsync);
        }
    }

    /// <summary>Only what <c>hugesim bench</c> has a goal for, and longer: for a profiler.</summary>
    internal static async Task RunFaultsAsync()
    {
        const int Processes = 16;
        await using var workload = await FaultWorkload.StartAsync(Processes, Pages);
        for (var round = 0; round < 3; round++)
        {
            await ReportAsync("reserved private write faults", Processes, workload.ReservedFaultsAsync);
        }
    }

    private static async Task ReportAsync(string what, int processes, Func<ValueTask<int>> work)
    {
        for (var warming = Stopwatch.StartNew(); warming.Elapsed < s_time;)
        {
            await work();
        }

        var (rounds, clock, cpu) = (0L, Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var (paused, allocated) = (GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes());
        while (clock.Elapsed < s_time)
        {
            await work();
            rounds++;
        }

        var operations = rounds * processes * Pages;
        var cpuTime = (Environment.CpuUsage.TotalTime - cpu) / operations;
        Console.WriteLine(
            $"{what}, {processes} process(es): {operations / clock.Elapsed.TotalSeconds:N0} a second, {cpuTime.TotalMicroseconds:N2} us of processor and "
            + $"{(GC.GetTotalAllocatedBytes() - allocated) / operations:N0} bytes each, {(GC.GetTotalPauseDuration() - paused) / clock.Elapsed:P1} of the time stopped for garbage");
    }
}
