namespace Hugesim.Abstractions;

/// <summary>The subpool of a mount with size or min_size: <c>struct hugepage_subpool</c>. Key: that of its mount.</summary>
public interface ISubpoolGrain : IGrainWithStringKey
{
    /// <summary>hugepage_new_subpool: reserves min_size in the pool, or fails with ENOMEM.</summary>
    ValueTask<Model.Errno> Create(MachineContext machine, TaskContext task, long maxPages, long minPages);

    /// <summary>hugepage_subpool_get_pages: how many pages must come from the global pool, or a negative errno.</summary>
    ValueTask<long> GetPages(long pages);

    /// <summary>hugepage_subpool_put_pages: how many reservations the global pool gets back.</summary>
    ValueTask<long> PutPages(long pages);

    /// <summary>hugepage_subpool_put_pages(1) for each of several freed pages: each answer on its own.</summary>
    ValueTask<long[]> PutFreedPages(int count);

    /// <summary>Undoes <see cref="GetPages"/> after the global pool refused, as the kernel profile says.</summary>
    /// <param name="chg">Pages that were asked of the subpool.</param>
    /// <param name="globalPages">Its answer: the part that the global pool refused.</param>
    /// <returns>Reservations that the global pool gets back.</returns>
    ValueTask<long> UndoGetPages(long chg, long globalPages);

    /// <summary>hugepage_put_subpool at umount: the subpool ends when its last page is gone.</summary>
    ValueTask PutSubpool();

    /// <summary>Blocks and free blocks as statfs shows them, in huge pages.</summary>
    [ReadOnly]
    ValueTask<MountBlocks> Statfs();

    /// <summary>For the audit of a machine; null when there is no such subpool.</summary>
    [ReadOnly]
    ValueTask<SubpoolAudit?> Audit();
}

/// <summary>f_blocks and f_bfree of a mount, in huge pages; -1 where size has no limit.</summary>
[GenerateSerializer, Immutable, Alias("MountBlocks")]
public readonly record struct MountBlocks(long Blocks, long FreeBlocks);
