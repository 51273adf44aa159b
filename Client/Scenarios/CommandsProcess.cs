namespace Hugesim.Scenarios;

/// <summary>
/// <c>P fork C</c>: forks; C is the child. A taken name, of a live or a dead process, is answered with
/// <see cref="RecorderAnswers.NameInUse"/> before anything else.
/// </summary>
public sealed record ForkCommand(SourceLine Source, string Process, string Child) : ProcessCommand(Source, Process);

/// <summary><c>P exit [code]</c>: exits; the answer is <c>exited CODE</c>.</summary>
public sealed record ExitCommand(SourceLine Source, string Process, int Code) : ProcessCommand(Source, Process);

/// <summary><c>P exec</c>: executes a new program: memory, names and caught signals are gone, and so are close-on-exec files.</summary>
public sealed record ExecCommand(SourceLine Source, string Process) : ProcessCommand(Source, Process);

/// <summary><c>P kill [signal]</c>: kills from outside; the answer is the death, or <c>(dead)</c> for a dead process.</summary>
public sealed record KillCommand(SourceLine Source, string Process, int Signal) : ProcessCommand(Source, Process);

/// <summary><c>P catch [off]</c>: SIGBUS and SIGSEGV are caught and answered instead of killing.</summary>
public sealed record CatchCommand(SourceLine Source, string Process, bool Enabled) : ProcessCommand(Source, Process);

/// <summary><c>P cg L</c>: moves the process into a cgroup; <c>""</c> is the recorder's own.</summary>
public sealed record CgroupJoinCommand(SourceLine Source, string Process, string Cgroup) : ProcessCommand(Source, Process);

/// <summary><c>P cpu N</c>: binds the process to a CPU.</summary>
public sealed record CpuCommand(SourceLine Source, string Process, int Cpu) : ProcessCommand(Source, Process);

/// <summary><c>P mempolicy MODE [NODES]</c>: sets the memory policy of the process.</summary>
public sealed record MemoryPolicyCommand(SourceLine Source, string Process, MemoryPolicyMode Mode, NodeSet Nodes)
    : ProcessCommand(Source, Process);

/// <summary><c>P pool N</c>: the process writes <c>/proc/sys/vm/nr_hugepages_mempolicy</c>.</summary>
public sealed record ProcessPoolCommand(SourceLine Source, string Process, long Pages) : ProcessCommand(Source, Process);

/// <summary><c>P status</c>: the answer is <c>ok HugetlbPages=N</c>, in huge pages.</summary>
public sealed record StatusCommand(SourceLine Source, string Process) : ProcessCommand(Source, Process);

/// <summary><c>P shmget S LEN [noreserve]</c>: makes a huge page shared memory segment; its name holds for all processes.</summary>
public sealed record ShmGetCommand(SourceLine Source, string Process, string Segment, long Length, bool NoReserve)
    : ProcessCommand(Source, Process);

/// <summary><c>P shmat M S [ro]</c>: attaches a segment as mapping M.</summary>
public sealed record ShmAttachCommand(SourceLine Source, string Process, string Mapping, string Segment, bool ReadOnly)
    : ProcessCommand(Source, Process);

/// <summary><c>P shmdt M</c>: detaches a segment.</summary>
public sealed record ShmDetachCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P shmrm S</c>: marks a segment for removal.</summary>
public sealed record ShmRemoveCommand(SourceLine Source, string Process, string Segment) : ProcessCommand(Source, Process);
