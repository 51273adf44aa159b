using System.Globalization;

namespace Hugesim.Abstractions;

/// <summary>
/// The keys of the grains. The machine comes first, so that one cluster can run thousands of emulated hosts; inside one machine each key is
/// one activation.
/// </summary>
public static class Keys
{
    /// <summary>The machine that a grain belongs to: the first part of every key.</summary>
    public static string Machine(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var end = key.IndexOf('/', StringComparison.Ordinal);
        return end < 0 ? key : key[..end];
    }

    /// <summary>The NUMA node of a frames grain, from its key; null for the key of any other grain.</summary>
    public static int? NodeOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var parts = key.Split('/');
        return parts.Length == 3 && parts[1].StartsWith("node", StringComparison.Ordinal) && int.TryParse(parts[1].AsSpan(4), out var node) ? node : null;
    }

    /// <summary>The hstate of a machine: <c>machine/2048kB</c>.</summary>
    public static string Hstate(string machine) => $"{machine}/2048kB";

    /// <summary>The frames of one NUMA node: <c>machine/node0/2048kB</c>.</summary>
    public static string Frames(string machine, int node) => $"{machine}/node{node}/2048kB";

    /// <summary>A mounted hugetlbfs; <paramref name="instance"/> tells two mounts of the same name apart.</summary>
    public static string Mount(string machine, string name, long instance) => $"{machine}/{name}/{instance}";

    /// <summary>An inode below its mount.</summary>
    public static string Inode(string mount, long ino) => $"{mount}/{ino}";

    /// <summary>A process.</summary>
    public static string Process(string machine, long pid) => $"{machine}/{pid}";

    /// <summary>A mapping of an address space, numbered in the order of the process's mmap calls.</summary>
    public static string Vma(string process, long vma) => $"{process}/vma{vma}";

    /// <summary>The number of a mapping in its address space; a fork keeps it.</summary>
    public static long VmaNumber(string vma) => long.Parse(vma.AsSpan(vma.LastIndexOf('/') + "/vma".Length), CultureInfo.InvariantCulture);

    /// <summary>The mapping of the same number in the process that has <paramref name="other"/>.</summary>
    public static string VmaBeside(string other, string vma) => string.Concat(other.AsSpan(0, other.LastIndexOf('/')), vma.AsSpan(vma.LastIndexOf('/')));
}
