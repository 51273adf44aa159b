using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>
/// The error path of hugetlb_reserve_pages, kernel by kernel, on one example: a mount with size 10 and min_size 3, one page in use, 2 still in its
/// reserve; 5 pages are asked for, 2 come from the reserve and the pool refuses the other 3.
/// </summary>
public sealed class FailedReserveTests
{
    [Fact]
    [Trait("Row", "R9")]
    public void QuotaThenPutSubpoolShare_PoolRefuses_EverythingIsAsBefore()
    {
        var (subpool, before) = Example();

        FailedReserve.Undo(subpool, FailedReserveRule.QuotaThenPutSubpoolShare, 5, 3).ShouldBe(0);

        subpool.State.ShouldBe(before);
    }

    [Fact]
    [Trait("Row", "R9")]
    public void PutWholeChg_ReservePartlyInUse_ReserveIsFilledWithPagesThatNobodyTook()
    {
        var (subpool, _) = Example();

        FailedReserve.Undo(subpool, FailedReserveRule.PutWholeChg, 5, 3).ShouldBe(0);

        (subpool.State.UsedHpages, subpool.State.RsvHpages).ShouldBe((1, 3), "bug B5: the reserve has the page in use as well");
    }

    [Fact]
    [Trait("Row", "R9")]
    public void PutSubpoolShare_QuotaStillCounted_SubpoolRefusesItsShareAndTheQuotaIsLost()
    {
        var (subpool, _) = Example();

        FailedReserve.Undo(subpool, FailedReserveRule.PutSubpoolShare, 5, 3).ShouldBe(2, "bug B2: resv falls by what it never rose by");

        (subpool.State.UsedHpages, subpool.State.RsvHpages).ShouldBe((4, 0));
    }

    [Fact]
    [Trait("Row", "R9")]
    public void PutSubpoolShareThenQuota_QuotaStillCounted_SubpoolRefusesItsShare()
    {
        var (subpool, _) = Example();

        FailedReserve.Undo(subpool, FailedReserveRule.PutSubpoolShareThenQuota, 5, 3).ShouldBe(2, "bug B2");

        (subpool.State.UsedHpages, subpool.State.RsvHpages).ShouldBe((1, 0));
    }

    [Theory]
    [Trait("Row", "R9")]
    [InlineData(FailedReserveRule.PutSubpoolShare)]
    [InlineData(FailedReserveRule.PutSubpoolShareThenQuota)]
    [InlineData(FailedReserveRule.QuotaThenPutSubpoolShare)]
    public void AnyRuleSince618_SubpoolGrantedNothing_ReserveStaysAsItWas(FailedReserveRule rule)
    {
        var subpool = new Subpool(10, -1);
        subpool.GetPages(4).ShouldBe(4);

        FailedReserve.Undo(subpool, rule, 4, 4).ShouldBe(0);

        subpool.State.RsvHpages.ShouldBe(0);
        subpool.State.UsedHpages.ShouldBe(rule == FailedReserveRule.PutSubpoolShare ? 4 : 0);
    }

    private static (Subpool Subpool, SubpoolState Before) Example()
    {
        var subpool = new Subpool(10, 3);
        subpool.GetPages(1).ShouldBe(0);
        var before = subpool.State with { };
        subpool.GetPages(5).ShouldBe(3);
        return (subpool, before);
    }
}
