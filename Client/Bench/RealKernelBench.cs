using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hugesim.Bench;

/// <summary>The real kernel's side: mmap with MAP_HUGETLB in this very process, from a pool that is put back as found.</summary>
internal sealed class RealKernelBench : IDisposable
{
    private const string PoolFile = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
    private const int PageBytes = 2 << 20;
    private const int ReadAndWrite = 3;

    // MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB
    private const int Flags = 0x2 | 0x20 | 0x40000;

    private readonly string _before;

    /// <summary>Sets up a pool for one mapping.</summary>
    /// <exception cref="IOException">The pool cannot be had.</exception>
    public RealKernelBench()
    {
        _before = File.ReadAllText(PoolFile).Trim();
        var wanted = EngineBench.MappingPages.ToString(CultureInfo.InvariantCulture);
        File.WriteAllText(PoolFile, wanted);
        if (File.ReadAllText(PoolFile).Trim() != wanted)
        {
            Dispose();
            throw new IOException($"the kernel has no memory for {wanted} huge pages");
        }
    }

    /// <summary>Reserved private write faults.</summary>
    public BenchSide Faults => new("real kernel", operations =>
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

        return ValueTask.CompletedTask;
    });

    /// <summary>mmap and munmap of one page.</summary>
    public BenchSide Mappings => new("real kernel", operations =>
    {
        for (var done = 0L; done < operations; done++)
        {
            Unmap(Map(1), 1);
        }

        return ValueTask.CompletedTask;
    });

    /// <inheritdoc/>
    public void Dispose() => File.WriteAllText(PoolFile, _before);

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
