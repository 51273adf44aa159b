using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>A number that is drawn anew each time, written <c>N</c> or <c>N..M</c>; huge pages, unless it is a life.</summary>
internal readonly record struct PageCount(long Min, long Max);

/// <summary>How the pages of an access are chosen.</summary>
internal enum PageChoiceKind
{
    /// <summary><c>i</c> or <c>i..j</c>.</summary>
    Range,

    /// <summary><c>all</c>: the whole mapping.</summary>
    All,

    /// <summary><c>any</c> or <c>any*K</c>: K pages in a row, anywhere.</summary>
    Any,

    /// <summary><c>next</c> or <c>next*K</c>: the K pages after the last ones so chosen, from the start again at the end.</summary>
    Next,
}

/// <summary>Pages of a mapping, as written in a profile.</summary>
internal readonly record struct PageChoice(PageChoiceKind Kind, long First, long Count);

/// <summary>One system call or access of a profile. Mappings, files and segments are numbers into the names of the kind.</summary>
/// <param name="Source">Where it is written.</param>
internal abstract record WorkloadStep(SourceLine Source);

/// <summary>A step on a mapping that must exist; where it does not, the step is left out.</summary>
internal abstract record OnMappingStep(SourceLine Source, int Mapping) : WorkloadStep(Source);

/// <summary>A step on an open file; where it is not open, the step is left out.</summary>
internal abstract record OnFileStep(SourceLine Source, int File) : WorkloadStep(Source);

/// <summary><c>mmap M LEN private|shared [fd=F] [off=N] [noreserve] [ro] [populate]</c>; left out while M is mapped.</summary>
internal sealed record MmapStep(
    SourceLine Source, int Mapping, PageCount Length, bool Shared, bool NoReserve, bool ReadOnly, bool Populate, int File, long OffsetPages)
    : WorkloadStep(Source);

/// <summary><c>munmap M</c>.</summary>
internal sealed record MunmapStep(SourceLine Source, int Mapping) : OnMappingStep(Source, Mapping);

/// <summary><c>r M PAGES</c> and <c>w M PAGES</c>.</summary>
internal sealed record TouchStep(SourceLine Source, int Mapping, PageChoice Pages, bool Write) : OnMappingStep(Source, Mapping);

/// <summary><c>madvise M PAGES ADVICE</c>.</summary>
internal sealed record AdviseStep(SourceLine Source, int Mapping, PageChoice Pages, string Word, MemoryAdvice Advice) : OnMappingStep(Source, Mapping);

/// <summary><c>open F MOUNT/NAME</c>; a <c>*</c> in the name stands for the number of the process.</summary>
internal sealed record OpenStep(SourceLine Source, int File, string Mount, string Name) : WorkloadStep(Source);

/// <summary><c>close F</c>.</summary>
internal sealed record CloseStep(SourceLine Source, int File) : OnFileStep(Source, File);

/// <summary><c>trunc F LEN</c>.</summary>
internal sealed record TruncateStep(SourceLine Source, int File, PageCount Length) : OnFileStep(Source, File);

/// <summary><c>falloc F FIRST COUNT</c> and <c>punch F FIRST COUNT</c>.</summary>
internal sealed record FallocateStep(SourceLine Source, int File, long First, long Count, bool Punch) : OnFileStep(Source, File);

/// <summary><c>unlink MOUNT/NAME</c>.</summary>
internal sealed record UnlinkStep(SourceLine Source, string Mount, string Name) : WorkloadStep(Source);

/// <summary><c>shmget S LEN</c>; left out while S exists.</summary>
internal sealed record ShmGetStep(SourceLine Source, int Segment, PageCount Length) : WorkloadStep(Source);

/// <summary><c>shmat M S</c>; left out while M is mapped.</summary>
internal sealed record ShmAttachStep(SourceLine Source, int Mapping, int Segment) : WorkloadStep(Source);

/// <summary><c>shmdt M</c>.</summary>
internal sealed record ShmDetachStep(SourceLine Source, int Mapping) : OnMappingStep(Source, Mapping);

/// <summary><c>shmrm S</c>.</summary>
internal sealed record ShmRemoveStep(SourceLine Source, int Segment) : WorkloadStep(Source);

/// <summary><c>mempolicy MODE [NODES]</c>.</summary>
internal sealed record PolicyStep(SourceLine Source, string Word, MemoryPolicyMode Mode, NodeSet Nodes) : WorkloadStep(Source);

/// <summary><c>cpu N</c>: runs on node N; <c>cpu any</c> is -1, the number of the process modulo the nodes.</summary>
internal sealed record CpuStep(SourceLine Source, int Node) : WorkloadStep(Source);

/// <summary><c>fork KIND</c>; left out while a child that it forked so lives.</summary>
internal sealed record ForkStep(SourceLine Source, ProcessKind Kind) : WorkloadStep(Source);

/// <summary><c>exit</c>, and what a process does at the end of its life.</summary>
internal sealed record ExitStep(SourceLine Source) : WorkloadStep(Source)
{
    /// <summary>The end of a life.</summary>
    public static ExitStep OfLife { get; } = new(new SourceLine("", 0, "exit"));
}

/// <summary>A step whose random choices are made.</summary>
/// <param name="Step">The step.</param>
/// <param name="First">The first page of an access.</param>
/// <param name="Count">Pages of an access, or the length of a mapping, file or segment.</param>
internal readonly record struct WorkloadCall(WorkloadStep Step, long First = 0, long Count = 0);
