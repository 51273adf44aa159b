using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// The page frames of one NUMA node: reference counts, flags and contents. The hardware; it calls no other grain.
/// </summary>
public interface IFramesGrain : IGrainWithStringKey
{
    /// <summary>The memory of a machine that boots: no frame is in use.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Boot(MachineContext machine, Operation operation);

    /// <summary>A part of the machine is lost: from now on every call answers with that.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask Break(StateLoss loss);

    /// <summary>A frame comes into use.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Take(TakeFrame request, Operation operation);

    /// <summary>One more page table entry for each frame: <c>folio_get</c> and <c>hugetlb_add_*_rmap</c>.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Share(long[] pfns, Operation operation);

    /// <summary>One reference less for each frame; those whose last one it was are returned, in order.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<FreedPage[]>> Put(PutFrames request, Operation operation);

    /// <summary>hugetlb_wp: may the only page table entry of the anonymous page just become writable? Stores the content, if any, then.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<bool>> TryReuse(ReuseFrame request, Operation operation);

    /// <summary>The contents of the frames, and how many page table entries each has.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<FrameView[]> Load(long[] pfns);

    /// <summary>Stores a value into each frame.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Store(StoreFrames request, Operation operation);

    /// <summary>Takes a frame out, with all that it is, to put it on another node: <c>migrate_folio_move</c>.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<FrameImage>> Detach(long pfn, Operation operation);

    /// <summary>Puts a detached frame's contents and flags into another frame.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Attach(AttachFrame request, Operation operation);

    /// <summary>Every frame in use, for the audit of a machine; null when the node has not booted.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask<FrameAudit[]?> Audit();

    /// <summary>The machine is switched off: the last message of its memory's life.</summary>
    [ResponseTimeout(CallTimes.Leaf)]
    [CarriesFlow]
    ValueTask PowerOff();
}

/// <summary>A frame that comes into use.</summary>
/// <param name="Pfn">The frame.</param>
/// <param name="Subpool">Key of the subpool it was allocated through, or null.</param>
/// <param name="Cgroup">Cgroup charged for it.</param>
/// <param name="RsvdCgroup">Cgroup charged for a reservation of its own, or -1.</param>
/// <param name="Anon">Anonymous page; otherwise one of the page cache, which holds a reference of its own.</param>
/// <param name="Mapped">A page table entry names it from the start.</param>
/// <param name="Content">What it contains.</param>
[GenerateSerializer, Immutable, Alias("TakeFrame")]
public sealed record TakeFrame(long Pfn, string? Subpool, int Cgroup, int RsvdCgroup, bool Anon, bool Mapped, int Content);

/// <summary>A page that may be written to if nobody else maps it.</summary>
/// <param name="Pfn">The frame.</param>
/// <param name="Content">What is stored then, or null.</param>
[GenerateSerializer, Immutable, Alias("ReuseFrame")]
public readonly record struct ReuseFrame(long Pfn, int? Content);

/// <summary>A value for several frames.</summary>
[GenerateSerializer, Immutable, Alias("StoreFrames")]
public sealed record StoreFrames(long[] Pfns, int Content);

/// <summary>A detached frame and where it goes.</summary>
[GenerateSerializer, Immutable, Alias("AttachFrame")]
public sealed record AttachFrame(long Pfn, FrameImage Image);

/// <summary>A frame on its way to another node.</summary>
[GenerateSerializer, Immutable, Alias("FrameImage")]
public sealed record FrameImage(
    int RefCount, int MapCount, bool Anon, bool RestoreReserve, string? Subpool, int Cgroup, int RsvdCgroup, int Content);

/// <summary>References to drop.</summary>
/// <param name="Pfns">The frames, once for each reference.</param>
/// <param name="Mapped">The references are page table entries, not the page cache's.</param>
/// <param name="RestoreReserve">Frames whose restore-reserve flag is set even if others still use them; empty for most kernels.</param>
[GenerateSerializer, Immutable, Alias("PutFrames")]
public sealed record PutFrames(long[] Pfns, bool Mapped, long[] RestoreReserve);

/// <summary>What a read of a frame shows.</summary>
/// <param name="Content">The content token.</param>
/// <param name="MapCount">Page table entries that map it.</param>
[GenerateSerializer, Immutable, Alias("FrameView")]
public readonly record struct FrameView(int Content, int MapCount);
