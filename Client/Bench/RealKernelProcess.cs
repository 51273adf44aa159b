using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hugesim.Bench;

/// <summary>One process of <see cref="RealKernelBench"/>: does what it reads, a command and how often, and says when it is done.</summary>
internal static class RealKernelProcess
{
    /// <summary>The option with which this program is such a process.</summary>
    public const string Flag = "--kernel-process";

    /// <summary>Reserved private write faults.</summary>
    public const char FaultCommand = 'f';

    /// <summary>mmap and munmap of one page.</summary>
    public const char MapCommand = 'm';

    /// <summary>The answer.</summary>
    public const string Done = "done";

    private const int PageBytes = 2 << 20;
    private const int ReadAndWrite = 3;

    // MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB
    private const int Flags = 0x2 | 0x20 | 0x40000;

    /// <summary>Works until its input ends.</summary>
    /// <exception cref="Win32Exception">The kernel refused a mapping.</exception>
    public static void Run(TextReader input, TextWriter output)
    {
        while (input.ReadLine() is { Length: > 2 } line)
        {
            var operations = long.Parse(line.AsSpan(2), CultureInfo.InvariantCulture);
            if (line[0] == FaultCommand)
            {
                Fault(operations);
            }
            else
            {
                for (var done = 0L; done < operations; done++)
                {
                    Unmap(Map(1), 1);
                }
            }

            output.WriteLine(Done);
            output.Flush();
        }
    }

    private static void Fault(long operations)
    {
        for (var done = 0L; done < operations; done += EngineBench.MappingPages)
        {
            var address = Map(EngineBench.MappingPages);
            for (var page = 0; page < EngineBench.MappingPages; page++)
            {
                Marshal.WriteByte(address, page * PageBytes, 1);
            }

            Unmap(address, EngineBench.MappingPages);
        }
    }

    private static nint Map(long pages)
    {
        var address = MapMemory(0, (nint)(pages * PageBytes), ReadAndWrite, Flags, -1, 0);
        return address != -1 ? address : throw new Win32Exception(Marshal.GetLastPInvokeError(), "mmap of huge pages failed");
    }

    private static void Unmap(nint address, long pages)
    {
        if (UnmapMemory(address, (nint)(pages * PageBytes)) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "munmap of huge pages failed");
        }
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint MapMemory(nint address, nint length, int protection, int flags, int fd, long offset);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int UnmapMemory(nint address, nint length);
}
