using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>The subpool of a mount with size or min_size: <c>struct hugepage_subpool</c>. Key: that of its mount.</summary>
public interface ISubpoolGrain : IEndingGrain
{
    /// <summary>hugepage_new_subpool: reserves min_size in the pool, or fails with ENOMEM.</summary>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<Model.Errno>> Create(CreateSubpool request, Operation operation);

    /// <summary>hugepage_subpool_get_pages: how many pages must come from the global pool, or a negative errno.</summary>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<long>> GetPages(long pages, Operation operation);

    /// <summary>hugepage_subpool_put_pages: how many reservations the global pool gets back.</summary>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<long>> PutPages(long pages, Operation operation);

    /// <summary>hugepage_subpool_put_pages(1) for each of several freed pages: each answer on its own.</summary>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<long[]>> PutFreedPages(int count, Operation operation);

    /// <summary>Undoes <see cref="GetPages"/> after the global pool refused, as the kernel profile says.</summary>
    /// <returns>Reservations that the global pool gets back.</returns>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<long>> UndoGetPages(RefusedPages request, Operation operation);

    /// <summary>hugepage_put_subpool at umount: the subpool ends when its last page is gone.</summary>
    /// <returns>Whether it has ended with it.</returns>
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<Answer<bool>> PutSubpool(Operation operation);

    /// <summary>Blocks and free blocks as statfs shows them, in huge pages.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<MountBlocks> Statfs();

    /// <summary>For the audit of a machine; null when there is no such subpool.</summary>
    [ReadOnly]
    [ResponseTimeout(CallTimes.Subpool)]
    [CarriesFlow]
    ValueTask<SubpoolAudit?> Audit();
}

/// <summary>The subpool of a new mount. Sizes in huge pages, -1 for none.</summary>
[GenerateSerializer, Immutable, Alias("CreateSubpool")]
public sealed record CreateSubpool(MachineContext Machine, TaskContext Task, long MaxPages, long MinPages);

/// <summary>Pages that a subpool granted and the pool refused.</summary>
/// <param name="Chg">Pages that were asked of the subpool.</param>
/// <param name="GlobalPages">Its answer: the part that the global pool refused.</param>
[GenerateSerializer, Immutable, Alias("RefusedPages")]
public readonly record struct RefusedPages(long Chg, long GlobalPages);

/// <summary>f_blocks and f_bfree of a mount, in huge pages; -1 where size has no limit.</summary>
[GenerateSerializer, Immutable, Alias("MountBlocks")]
public readonly record struct MountBlocks(long Blocks, long FreeBlocks);
