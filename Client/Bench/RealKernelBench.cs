using System.Diagnostics;
using System.Globalization;
using Hugesim.Silo;

namespace Hugesim.Bench;

/// <summary>
/// The real kernel's side: processes of their own that map, fault and unmap huge pages. The pool is put back as it was found, also when this
/// program is killed: a small process waits for the end of a pipe from here.
/// </summary>
internal sealed class RealKernelBench : IDisposable
{
    private const string PoolFile = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

    // 1 GiB of huge pages is asked for at most.
    private const int MostProcesses = 8;

    private readonly Process _keeper;
    private readonly List<Process> _processes = [];

    /// <summary>Sets up a pool for one mapping of each process.</summary>
    /// <exception cref="IOException">The pool cannot be had.</exception>
    public RealKernelBench()
    {
        var before = File.ReadAllText(PoolFile).Trim();
        _keeper = StartKeeper(before);
        var wanted = (Processes * EngineBench.MappingPages).ToString(CultureInfo.InvariantCulture);
        File.WriteAllText(PoolFile, wanted);
        if (File.ReadAllText(PoolFile).Trim() != wanted)
        {
            Dispose();
            throw new IOException($"the kernel has no memory for {wanted} huge pages");
        }

        for (var i = 0; i < Processes; i++)
        {
            var start = HugesimProcess.StartInfo("bench", RealKernelProcess.Flag);
            start.RedirectStandardOutput = true;
            _processes.Add(Process.Start(start)!);
        }
    }

    /// <summary>As many processes as there are processors, within reason.</summary>
    public static int Processes { get; } = Math.Min(Environment.ProcessorCount, MostProcesses);

    /// <summary>Reserved private write faults.</summary>
    /// <param name="processes">Processes at the same time.</param>
    public BenchSide Faults(int processes) => new(NameOf(processes), operations => WorkAsync(RealKernelProcess.FaultCommand, processes, operations));

    /// <summary>mmap and munmap of one page.</summary>
    /// <param name="processes">Processes at the same time.</param>
    public BenchSide Mappings(int processes) => new(NameOf(processes), operations => WorkAsync(RealKernelProcess.MapCommand, processes, operations));

    /// <inheritdoc/>
    public void Dispose()
    {
        // Each process ends with its standard input, the keeper last: the pool can be put back when nobody has pages of it.
        foreach (var process in _processes.Append(_keeper))
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private static string NameOf(int processes) => $"real kernel, {processes} process{(processes == 1 ? "" : "es")}";

    // Signals of the terminal are for the program, whose end this process sees.
    private static Process StartKeeper(string before)
    {
        const string Script = "trap '' INT HUP TERM; cat > /dev/null; echo \"$1\" > \"$2\"";
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        foreach (var argument in (string[])["-c", Script, "hugesim-pool-keeper", before, PoolFile])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private async ValueTask WorkAsync(char command, int processes, long operations)
    {
        var working = _processes.Take(processes).ToArray();
        foreach (var process in working)
        {
            await process.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{command} {operations / processes}")).ConfigureAwait(false);
            await process.StandardInput.FlushAsync().ConfigureAwait(false);
        }

        foreach (var process in working)
        {
            if (await process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is not RealKernelProcess.Done)
            {
                throw new IOException("a process that measures the real kernel has failed; its reason is above");
            }
        }
    }
}
