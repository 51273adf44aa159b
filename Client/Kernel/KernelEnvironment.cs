using System.Globalization;
using System.Runtime.InteropServices;

namespace Hugesim.Kernel;

/// <summary>What the machine offers that this program runs on; tests provide their own.</summary>
public interface IKernelEnvironment
{
    /// <summary>Whether this is Linux.</summary>
    bool IsLinux { get; }

    /// <summary>Whether the program may do everything.</summary>
    bool IsRoot { get; }

    /// <summary>The kernel's release as <c>uname -r</c> prints it.</summary>
    string Release { get; }

    /// <summary>The C compiler, or null.</summary>
    string? Compiler { get; }

    /// <summary>Whether the kernel knows the file system hugetlbfs.</summary>
    bool HasHugetlbfs { get; }

    /// <summary>The number of NUMA nodes.</summary>
    int Nodes { get; }

    /// <summary>A counter of the pool of 2 MiB pages, or null if there is no such pool. Underflowed counters are negative.</summary>
    long? ReadPool(string counter);

    /// <summary>Bytes that can be taken without hurting anybody.</summary>
    long AvailableBytes();
}

/// <summary>The machine that this program runs on.</summary>
public sealed class SystemKernelEnvironment : IKernelEnvironment
{
    private const string PoolFolder = "/sys/kernel/mm/hugepages/hugepages-2048kB";

    private static readonly string[] Compilers = ["cc", "gcc", "clang"];

    /// <inheritdoc/>
    public bool IsLinux => OperatingSystem.IsLinux();

    /// <inheritdoc/>
    public bool IsRoot => Environment.IsPrivilegedProcess;

    /// <inheritdoc/>
    public string Release => ReadText("/proc/sys/kernel/osrelease")?.Trim() ?? RuntimeInformation.OSDescription;

    /// <inheritdoc/>
    public string? Compiler => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Compilers.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <inheritdoc/>
    public bool HasHugetlbfs => (ReadText("/proc/filesystems") ?? "").Split('\n').Any(line => line.Split('\t')[^1] == "hugetlbfs");

    /// <inheritdoc/>
    public int Nodes => Enumerable.Range(0, Scenarios.ScenarioLimits.Nodes)
        .TakeWhile(node => Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/sys/devices/system/node/node{node}/hugepages")))
        .Count() is var nodes and > 0 ? nodes : 1;

    /// <inheritdoc/>
    public long? ReadPool(string counter) =>
        ulong.TryParse(ReadText(Path.Combine(PoolFolder, counter)), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value)
            ? unchecked((long)value)
            : null;

    /// <inheritdoc/>
    public long AvailableBytes()
    {
        const string Name = "MemAvailable:";
        var line = (ReadText("/proc/meminfo") ?? "").Split('\n').FirstOrDefault(text => text.StartsWith(Name, StringComparison.Ordinal));
        var words = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 0 && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var kib) ? kib * 1024 : 0;
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
