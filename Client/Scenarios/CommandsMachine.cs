namespace Hugesim.Scenarios;

/// <summary><c>pool N</c>: writes <c>/proc/sys/vm/nr_hugepages</c>.</summary>
public sealed record PoolCommand(SourceLine Source, long Pages) : ScenarioCommand(Source);

/// <summary><c>overcommit N</c>: writes <c>/proc/sys/vm/nr_overcommit_hugepages</c>.</summary>
public sealed record OvercommitCommand(SourceLine Source, long Pages) : ScenarioCommand(Source);

/// <summary><c>nodepool NODE N</c>: writes one node's <c>nr_hugepages</c>; <c>ENOENT</c> for a node that the machine does not have.</summary>
public sealed record NodePoolCommand(SourceLine Source, int Node, long Pages) : ScenarioCommand(Source);

/// <summary><c>counters</c>: does nothing; its step shows the counters.</summary>
public sealed record CountersCommand(SourceLine Source) : ScenarioCommand(Source);

/// <summary><c>sleep MS</c>: lets time pass.</summary>
public sealed record SleepCommand(SourceLine Source, long Milliseconds) : ScenarioCommand(Source);

/// <summary><c>mount NAME [options]</c>: mounts a hugetlbfs.</summary>
public sealed record MountCommand(SourceLine Source, string Name, MountOptions Options) : ScenarioCommand(Source);

/// <summary><c>remount NAME [options]</c>: remounts with other options.</summary>
public sealed record RemountCommand(SourceLine Source, string Name, MountOptions Options) : ScenarioCommand(Source);

/// <summary><c>umount NAME [lazy]</c>: unmounts, lazily with <c>MNT_DETACH</c>.</summary>
public sealed record UmountCommand(SourceLine Source, string Name, bool Lazy) : ScenarioCommand(Source);

/// <summary>
/// <c>proc P</c>: starts a process. In a recording the name may be taken, by a dead process or a fork's child: the answer is
/// <c>ok</c> all the same, and the name keeps meaning the first.
/// </summary>
public sealed record ProcCommand(SourceLine Source, string Name) : ScenarioCommand(Source);

/// <summary>
/// <c>cgnew L</c>: makes a cgroup below the recorder's own. The first one also makes <c>leaf</c>, before L, and moves all
/// live processes there, where later ones start too.
/// </summary>
public sealed record CgroupNewCommand(SourceLine Source, string Cgroup) : ScenarioCommand(Source);

/// <summary><c>cgset L FILE V</c>: writes a file of a cgroup. L is <c>""</c> for the recorder's own (<c>.</c> in the scenario).</summary>
public sealed record CgroupSetCommand(SourceLine Source, string Cgroup, string File, CgroupValue Value) : ScenarioCommand(Source);

/// <summary>
/// <c>cgget L FILE</c>: reads a file of a cgroup, raw (not in huge pages); every newline is answered as a space, so an answer usually
/// ends in one; <c>?</c> if it cannot be read. L is <c>""</c> for the recorder's own.
/// </summary>
public sealed record CgroupGetCommand(SourceLine Source, string Cgroup, string File) : ScenarioCommand(Source);

/// <summary><c>cgrm L</c>: removes a cgroup.</summary>
public sealed record CgroupRemoveCommand(SourceLine Source, string Cgroup) : ScenarioCommand(Source);
