namespace Hugesim.Model;

/// <summary>The error path of <c>hugetlb_reserve_pages</c> when the pool refuses what the subpool granted; it differs most between kernels.</summary>
public static class FailedReserve
{
    /// <summary>Takes back what <see cref="Subpool.GetPages"/> granted.</summary>
    /// <param name="subpool">The subpool.</param>
    /// <param name="rule">The kernel's way.</param>
    /// <param name="chg">Pages asked of the subpool.</param>
    /// <param name="globalPages">Its answer: the part that was to come from the pool, and did not.</param>
    /// <returns>Reservations to take off the global count.</returns>
    public static long Undo(Subpool subpool, FailedReserveRule rule, long chg, long globalPages)
    {
        RarePath.Reached(Rare.SubpoolGrantUndone);
        var share = chg - globalPages;
        switch (rule)
        {
            case FailedReserveRule.PutWholeChg:
                subpool.PutPages(chg);
                return 0;

            case FailedReserveRule.PutSubpoolShare:
                return share > 0 ? subpool.PutPages(share) : 0;

            case FailedReserveRule.PutSubpoolShareThenQuota:
                var refused = share > 0 ? subpool.PutPages(share) : 0;
                subpool.RestoreUsed(globalPages);
                return refused;

            case FailedReserveRule.QuotaThenPutSubpoolShare:
                subpool.RestoreUsed(globalPages);
                return share > 0 ? subpool.PutPages(share) : 0;

            default:
                throw new ArgumentOutOfRangeException(nameof(rule), rule, "unknown rule");
        }
    }
}
