namespace Hugesim.Scenarios;

/// <summary><c>P open F MOUNT/file [ro] [excl] [trunc] [nocreat]</c>; files are made if missing, unless <c>nocreat</c>.</summary>
public sealed record OpenCommand(
    SourceLine Source, string Process, string File, ScenarioPath Path, bool ReadOnly, bool Exclusive, bool Truncate, bool NoCreate)
    : ProcessCommand(Source, Process);

/// <summary><c>P memfd F</c>: <c>memfd_create(MFD_HUGETLB)</c>.</summary>
public sealed record MemfdCommand(SourceLine Source, string Process, string File) : ProcessCommand(Source, Process);

/// <summary>
/// <c>P close F</c>. F keeps its descriptor number: it answers <c>EBADF</c> until the process opens another file, which
/// gets the lowest free number and so may be reached by both names.
/// </summary>
public sealed record CloseCommand(SourceLine Source, string Process, string File) : FileCommand(Source, Process, File);

/// <summary><c>P unlink MOUNT/file</c>.</summary>
public sealed record UnlinkCommand(SourceLine Source, string Process, ScenarioPath Path) : ProcessCommand(Source, Process);

/// <summary><c>P trunc F len</c>: <c>ftruncate</c>.</summary>
public sealed record TruncateCommand(SourceLine Source, string Process, string File, long Length) : FileCommand(Source, Process, File);

/// <summary><c>P falloc F off len [keep]</c>: <c>fallocate</c>.</summary>
public sealed record FallocateCommand(SourceLine Source, string Process, string File, long Offset, long Length, bool KeepSize)
    : FileCommand(Source, Process, File);

/// <summary><c>P punch F off len</c>: <c>fallocate</c> with <c>PUNCH_HOLE | KEEP_SIZE</c>.</summary>
public sealed record PunchHoleCommand(SourceLine Source, string Process, string File, long Offset, long Length)
    : FileCommand(Source, Process, File);

/// <summary><c>P fadvise F off len willneed|dontneed</c>.</summary>
public sealed record FileAdviseCommand(SourceLine Source, string Process, string File, long Offset, long Length, FileAdvice Advice)
    : FileCommand(Source, Process, File);

/// <summary><c>P readahead F off len</c>.</summary>
public sealed record ReadaheadCommand(SourceLine Source, string Process, string File, long Offset, long Length)
    : FileCommand(Source, Process, File);

/// <summary><c>P fstat F</c>: <c>ok size=N blocks=N nlink=N</c>, size and blocks in huge pages, rounded down.</summary>
public sealed record FstatCommand(SourceLine Source, string Process, string File) : FileCommand(Source, Process, File);

/// <summary><c>P pread F off</c>: reads four bytes: <c>ok n=N val=V</c>; V is -1 when nothing was read.</summary>
public sealed record PreadCommand(SourceLine Source, string Process, string File, long Offset) : FileCommand(Source, Process, File);

/// <summary><c>P pwrite F off</c>: writes four bytes.</summary>
public sealed record PwriteCommand(SourceLine Source, string Process, string File, long Offset) : FileCommand(Source, Process, File);
