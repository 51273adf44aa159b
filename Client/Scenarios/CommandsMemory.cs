namespace Hugesim.Scenarios;

/// <summary>The options of <c>mmap</c>.</summary>
/// <param name="File">The file's name after <c>fd=</c>; null maps anonymous huge pages. A process without it answers <c>EBADF</c>.</param>
/// <param name="Offset">The file offset in bytes.</param>
/// <param name="NoReserve"><c>MAP_NORESERVE</c>.</param>
/// <param name="Protection">The protection.</param>
/// <param name="Populate"><c>MAP_POPULATE</c>.</param>
/// <param name="Locked"><c>MAP_LOCKED</c>.</param>
/// <param name="At">The fixed address (<c>MAP_FIXED</c>), or null for a place of its own, apart from all others.</param>
public sealed record MmapOptions(
    string? File = null,
    long Offset = 0,
    bool NoReserve = false,
    PageProtection Protection = PageProtection.ReadWrite,
    bool Populate = false,
    bool Locked = false,
    MappingPosition? At = null);

/// <summary><c>P mmap M LEN private|shared [options]</c>: maps; on success M names the new mapping, on failure M stays what it was.</summary>
public sealed record MmapCommand(SourceLine Source, string Process, string Mapping, long Length, MappingKind Kind, MmapOptions Options)
    : ProcessCommand(Source, Process);

/// <summary><c>P name NEW M+N LEN</c>: gives a range a second name.</summary>
public sealed record NameCommand(SourceLine Source, string Process, string NewName, MappingPosition Start, long Length)
    : ProcessCommand(Source, Process);

/// <summary><c>P munmap M</c>: unmaps the whole range that M names; the name stays.</summary>
public sealed record MunmapCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P munmap M first count</c>: unmaps a part.</summary>
public sealed record MunmapRangeCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P mprotect M first count r|rw|none</c>.</summary>
public sealed record MprotectCommand(
    SourceLine Source, string Process, string Mapping, long Offset, long Length, PageProtection Protection)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P mremap M first old new NEW [maymove] [dontunmap] [at=X+N]</c>; <c>dontunmap</c> and <c>at=</c> imply <c>maymove</c>.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
/// <param name="Mapping">The mapping that is moved.</param>
/// <param name="Offset">The start in bytes.</param>
/// <param name="Length">The old length in bytes.</param>
/// <param name="NewLength">The new length in bytes.</param>
/// <param name="NewName">The name of the result.</param>
/// <param name="MayMove"><c>MREMAP_MAYMOVE</c>.</param>
/// <param name="DontUnmap"><c>MREMAP_DONTUNMAP</c>.</param>
/// <param name="At">The fixed address (<c>MREMAP_FIXED</c>), or null.</param>
public sealed record MremapCommand(
    SourceLine Source, string Process, string Mapping, long Offset, long Length, long NewLength, string NewName,
    bool MayMove, bool DontUnmap, MappingPosition? At)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary>
/// <c>P r M i[..j]</c>: loads the first int of each page; the answer is <c>ok val=V,V,...</c> and stops listing at
/// 3960 characters, though all pages are loaded.
/// </summary>
public sealed record ReadCommand(SourceLine Source, string Process, string Mapping, PageRange Pages)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P w M i[..j] [value]</c>: stores a value (1 if not given) into the first int of each page.</summary>
public sealed record WriteCommand(SourceLine Source, string Process, string Mapping, PageRange Pages, int Value)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P kread M i</c>: the kernel reads the page for the process: <c>EFAULT</c> instead of a signal.</summary>
public sealed record KernelReadCommand(SourceLine Source, string Process, string Mapping, long Page)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P kwrite M i [value]</c>: the kernel writes the page for the process: <c>EFAULT</c> instead of a signal.</summary>
public sealed record KernelWriteCommand(SourceLine Source, string Process, string Mapping, long Page, int Value)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P madvise M first count ADVICE</c>.</summary>
public sealed record MadviseCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length, MemoryAdvice Advice)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P mlock M first count</c>.</summary>
public sealed record MlockCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P munlock M first count</c>.</summary>
public sealed record MunlockCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P msync M</c>: <c>MS_SYNC</c> on the whole range that M names.</summary>
public sealed record MsyncCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P mbind M first count MODE [NODES] [move] [strict]</c>.</summary>
public sealed record MbindCommand(
    SourceLine Source, string Process, string Mapping, long Offset, long Length,
    MemoryPolicyMode Mode, NodeSet Nodes, bool Move, bool Strict)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary>
/// <c>P move M page node</c>: <c>move_pages</c> of one page; the answer is <c>ok r=R status=S</c>, followed by a space and the
/// error's name when S is negative.
/// </summary>
public sealed record MovePageCommand(SourceLine Source, string Process, string Mapping, long Page, int Node)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P uffd M first count</c>: registers a range for missing faults with userfaultfd.</summary>
public sealed record UffdCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length)
    : RangeCommand(Source, Process, Mapping, Offset, Length);

/// <summary><c>P uffdcopy M page [value]</c>: <c>UFFDIO_COPY</c> of one page; the place is in bytes, as for a range.</summary>
public sealed record UffdCopyCommand(SourceLine Source, string Process, string Mapping, long Offset, int Value)
    : MappingCommand(Source, Process, Mapping);

/// <summary><c>P uffdzero M page</c>: <c>UFFDIO_ZEROPAGE</c> of one page; the place is in bytes, as for a range.</summary>
public sealed record UffdZeroCommand(SourceLine Source, string Process, string Mapping, long Offset)
    : MappingCommand(Source, Process, Mapping);

/// <summary>
/// <c>P inject M failslab|usercopy|off</c>: what fails from now on for the mapping and its file, as the kernel's fault injection lets it: allocations for
/// reserve maps and areas, or the copy of UFFDIO_COPY. The recorder has no such command.
/// </summary>
public sealed record InjectCommand(SourceLine Source, string Process, string Mapping, InjectedFailure Failure)
    : MappingCommand(Source, Process, Mapping);

/// <summary>
/// <c>P pages M</c>: the physical page behind every page: <c>ok [p0 . p1]</c>, with <c>@NODE</c> where the machine has several nodes.
/// </summary>
public sealed record PagesCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P vmas M</c>: the memory areas in M's range: <c>ok [0,1)rw-p [1,3)r--p</c>.</summary>
public sealed record VmasCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P smaps M</c>: <c>ok private=N shared=N</c>, in huge pages.</summary>
public sealed record SmapsCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);

/// <summary><c>P mincore M</c>: <c>ok 0110</c>, one digit a page.</summary>
public sealed record MincoreCommand(SourceLine Source, string Process, string Mapping) : MappingCommand(Source, Process, Mapping);
