namespace Hugesim.Tests.Telemetry;

/// <summary>The flows of the documents' own examples, as <see cref="FlowTree"/> writes them: whoever records or receives them must see these.</summary>
internal static class DocumentFlows
{
    /// <summary>mmap of 5 pages over a subpool with 3: those, and 2 of the pool.</summary>
    public static readonly string MmapOverMinSize =
        """
        mmap answer=ok
          IProcessGrain/Mmap
            IVmaGrain/Map
              IInodeGrain/Map
                hugetlb_reserve_pages from=0 to=5 chg=5
                  region_chg from=0 to=5 answer=5
                  IHstateGrain/Reserve
                    hugetlb_acct_memory chg=0
                  ISubpoolGrain/GetPages
                    hugepage_subpool_get_pages chg=5 answer=2
                  IHstateGrain/Reserve
                    hugetlb_acct_memory chg=2 resv 3->5
                  region_add from=0 to=5 answer=5

        """.ReplaceLineEndings("\n");

    /// <summary>A write by the owner with the pool exhausted takes the page from the child.</summary>
    public static readonly string CowByTheOwner =
        """
        store answer=ok
          IProcessGrain/Touch
            IVmaGrain/Access
              hugetlb_wp
                IFramesGrain/TryReuse
                alloc_hugetlb_folio error=ENOSPC
                  IHstateGrain/AllocHugePage
                    dequeue_hugetlb_folio error=ENOMEM
                IInodeGrain/UnmapRefPrivate
                  unmap_ref_private
                    IVmaGrain/BorrowerOffset
                    IVmaGrain/TakeReference
                      __unmap_hugepage_range
                        IFramesGrain/Put
                IFramesGrain/TryReuse

        """.ReplaceLineEndings("\n");

    /// <summary>Truncating to nothing removes the page and then the reservations behind the end.</summary>
    public static readonly string Truncate =
        """
        trunc answer=ok
          IProcessGrain/Truncate
            IInodeGrain/Truncate
              hugetlb_vmtruncate from=0
                IVmaGrain/UnmapFile
                  __unmap_hugepage_range
                    IFramesGrain/Put
                remove_inode_hugepages from=0 to=end
                  IFramesGrain/Put
                  IHstateGrain/FreeHugePages
                    free_huge_folio free 3->4
                  hugetlb_unreserve_pages from=0 to=end
                    region_del from=0 to=end answer=3
                    IHstateGrain/Unreserve
                      hugetlb_acct_memory chg=-2 resv 2->0

        """.ReplaceLineEndings("\n");
}
