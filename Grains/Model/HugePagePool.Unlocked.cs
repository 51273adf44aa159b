namespace Hugesim.Model;

/// <content>The pool's critical sections in parts, for the bugs that left the lock between them.</content>
public sealed partial class HugePagePool
{
    /// <summary>
    /// <c>return_unused_surplus_pages</c> with a break after each page: the reservations are gone before the first page is.
    /// </summary>
    /// <param name="unusedResvPages">Reservations to give up.</param>
    /// <returns>One entry for each page returned.</returns>
    public IEnumerable<long> ReturnUnusedSurplusPageByPage(long unusedResvPages)
    {
        ResvPages -= unusedResvPages;
        for (var pages = Math.Min(unusedResvPages, SurplusPages); pages > 0; pages--)
        {
            var pfn = RemovePoolPage(AllNodes, surplusOnly: true);
            if (pfn == Pfn.None)
            {
                yield break;
            }

            yield return pfn;
        }
    }

    /// <summary>Writes resv_huge_pages, whatever it is by now.</summary>
    public void WriteResvPages(long pages) => ResvPages = pages;
}
