namespace Hugesim.Scenarios;

/// <summary>Whether a mapping is private or shared.</summary>
public enum MappingKind
{
    /// <summary><c>MAP_PRIVATE</c>.</summary>
    Private,

    /// <summary><c>MAP_SHARED</c>.</summary>
    Shared,
}

/// <summary>The protection of a mapping or a range.</summary>
public enum PageProtection
{
    /// <summary><c>PROT_READ | PROT_WRITE</c>.</summary>
    ReadWrite,

    /// <summary><c>PROT_READ</c>.</summary>
    ReadOnly,

    /// <summary><c>PROT_NONE</c>.</summary>
    None,
}

/// <summary>Advice to <c>madvise</c>; the values are the kernel's.</summary>
public enum MemoryAdvice
{
    /// <summary><c>MADV_WILLNEED</c>.</summary>
    WillNeed = 3,

    /// <summary><c>MADV_DONTNEED</c>.</summary>
    DontNeed = 4,

    /// <summary><c>MADV_FREE</c>.</summary>
    Free = 8,

    /// <summary><c>MADV_REMOVE</c>.</summary>
    Remove = 9,

    /// <summary><c>MADV_DONTFORK</c>.</summary>
    DontFork = 10,

    /// <summary><c>MADV_DOFORK</c>.</summary>
    DoFork = 11,

    /// <summary><c>MADV_MERGEABLE</c>.</summary>
    Mergeable = 12,

    /// <summary><c>MADV_HUGEPAGE</c>.</summary>
    HugePage = 14,

    /// <summary><c>MADV_NOHUGEPAGE</c>.</summary>
    NoHugePage = 15,

    /// <summary><c>MADV_WIPEONFORK</c>.</summary>
    WipeOnFork = 18,

    /// <summary><c>MADV_COLD</c>.</summary>
    Cold = 20,

    /// <summary><c>MADV_PAGEOUT</c>.</summary>
    PageOut = 21,

    /// <summary><c>MADV_POPULATE_READ</c>.</summary>
    PopulateRead = 22,

    /// <summary><c>MADV_POPULATE_WRITE</c>.</summary>
    PopulateWrite = 23,

    /// <summary><c>MADV_DONTNEED_LOCKED</c>.</summary>
    DontNeedLocked = 24,

    /// <summary><c>MADV_COLLAPSE</c>.</summary>
    Collapse = 25,
}

/// <summary>Advice to <c>posix_fadvise</c>.</summary>
public enum FileAdvice
{
    /// <summary><c>POSIX_FADV_WILLNEED</c>.</summary>
    WillNeed,

    /// <summary><c>POSIX_FADV_DONTNEED</c>.</summary>
    DontNeed,
}

/// <summary>The mode of a memory policy; the values are the kernel's.</summary>
public enum MemoryPolicyMode
{
    /// <summary>A word the recorder does not know; the kernel answers <c>EINVAL</c>. Only in recordings.</summary>
    Unknown = -1,

    /// <summary><c>MPOL_DEFAULT</c>.</summary>
    Default = 0,

    /// <summary><c>MPOL_PREFERRED</c>.</summary>
    Preferred = 1,

    /// <summary><c>MPOL_BIND</c>.</summary>
    Bind = 2,

    /// <summary><c>MPOL_INTERLEAVE</c>.</summary>
    Interleave = 3,

    /// <summary><c>MPOL_LOCAL</c>.</summary>
    Local = 4,

    /// <summary><c>MPOL_PREFERRED_MANY</c>.</summary>
    PreferredMany = 5,
}

/// <summary>A set of NUMA nodes, written <c>0</c>, <c>0,2</c> or <c>0-1</c>.</summary>
/// <param name="Mask">One bit a node; 0 when none was given.</param>
public readonly record struct NodeSet(ulong Mask)
{
    /// <summary>Whether no node is in the set.</summary>
    public bool IsEmpty => Mask == 0;

    /// <summary>Whether a node is in the set.</summary>
    public bool Contains(int node) => node is >= 0 and < 64 && (Mask >> node & 1) != 0;
}

/// <summary>The value of <c>size=</c> or <c>min_size=</c>: bytes, or a percentage of the pool.</summary>
/// <param name="Bytes">The size in bytes; 0 for a percentage.</param>
/// <param name="Percent">The percentage of the pool's pages at mount time, or null.</param>
public readonly record struct MountSize(long Bytes, long? Percent = null);

/// <summary>The options of a mount.</summary>
/// <param name="Size"><c>size=</c>, or null.</param>
/// <param name="MinSize"><c>min_size=</c>, or null.</param>
/// <param name="Inodes"><c>nr_inodes=</c>, or null.</param>
/// <param name="Others">
/// The other options as written: <c>mode=</c>, <c>uid=</c>, <c>gid=</c> and <c>pagesize=</c>; in a recording also any that
/// hugetlbfs does not know (it answers <c>EINVAL</c> to those).
/// </param>
public sealed record MountOptions(MountSize? Size, MountSize? MinSize, long? Inodes, IReadOnlyList<string> Others);

/// <summary>A value to write into a cgroup's file.</summary>
/// <param name="Text">The value as written in the scenario.</param>
/// <param name="Pages">For <c>hugetlb.*</c> files the number of huge pages; null for <c>max</c> and for other files.</param>
public sealed record CgroupValue(string Text, long? Pages)
{
    /// <summary>Whether the value is <c>max</c>, no limit.</summary>
    public bool IsMax => Text == "max";
}

/// <summary>What <see cref="InjectCommand"/> lets fail.</summary>
public enum InjectedFailure
{
    /// <summary>Nothing any more.</summary>
    Off,

    /// <summary>Small allocations of the kernel.</summary>
    Failslab,

    /// <summary>The copy of a page from user space.</summary>
    Usercopy,
}
