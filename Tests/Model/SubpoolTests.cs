using System.Text.Json;
using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>One example for each rule of the subpool.</summary>
public sealed class SubpoolTests
{
    private const long ENOMEM = -12;

    [Fact]
    [Trait("Row", "R21")]
    public void GetPages_ThreeReservedFiveAsked_TwoFromTheGlobalPool()
    {
        var pool = new Subpool(-1, 3);

        pool.GetPages(5).ShouldBe(2);
        pool.State.RsvHpages.ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R21")]
    public void PutPages_FiveReturned_ThreeRefillTheReserveAndTwoGoToTheGlobalPool()
    {
        var pool = new Subpool(-1, 3);
        pool.GetPages(5);

        pool.PutPages(5).ShouldBe(2);
        pool.State.RsvHpages.ShouldBe(3);
    }

    [Fact]
    [Trait("Row", "R21")]
    public void GetPages_WithinTheReserve_NeedsNothingFromTheGlobalPool()
    {
        var pool = new Subpool(10, 3);

        pool.GetPages(2).ShouldBe(0);
        (pool.State.UsedHpages, pool.State.RsvHpages).ShouldBe((2, 1));
    }

    [Fact]
    [Trait("Row", "R9")]
    [Trait("Row", "R21")]
    public void GetPages_OverTheMaximum_FailsAndChangesNothing()
    {
        var pool = new Subpool(4, 2);
        pool.GetPages(3).ShouldBe(1);
        var before = pool.State with { };

        pool.GetPages(2).ShouldBe(ENOMEM);
        pool.State.ShouldBe(before);
        pool.GetPages(1).ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R21")]
    public void PutPages_StillUsingTheMinimumOrMore_RefillsNothing()
    {
        var pool = new Subpool(10, 3);
        pool.GetPages(6).ShouldBe(3);

        pool.PutPages(2).ShouldBe(2);
        (pool.State.UsedHpages, pool.State.RsvHpages).ShouldBe((4, 0));

        // Now below the minimum: of these two pages both are set aside again, since the reserve is empty.
        pool.PutPages(2).ShouldBe(0);
        (pool.State.UsedHpages, pool.State.RsvHpages).ShouldBe((2, 2));
    }

    [Fact]
    [Trait("Row", "R21")]
    public void GetAndPut_NoLimits_PassEverythingOn()
    {
        var pool = new Subpool(-1, -1);

        pool.GetPages(7).ShouldBe(7);
        pool.PutPages(7).ShouldBe(7);
        (pool.State.UsedHpages, pool.State.RsvHpages).ShouldBe((0, 0));
    }

    [Fact]
    [Trait("Row", "R21")]
    public void RestoreUsed_GlobalReservationFailed_LeavesNoTrace()
    {
        // hugetlb_reserve_pages: 5 asked, 3 from the reserve, the global pool refuses the other 2.
        var pool = new Subpool(10, 3);
        var before = pool.State with { };
        var fromGlobal = pool.GetPages(5);

        pool.PutPages(5 - fromGlobal).ShouldBe(0);
        pool.State.UsedHpages.ShouldBe(2, "this is what kernels without the fix leak");
        pool.RestoreUsed(fromGlobal);

        pool.State.ShouldBe(before);
    }

    [Fact]
    public void RestoreUsed_NoMaximum_CountsNothing()
    {
        var pool = new Subpool(-1, 3);

        pool.RestoreUsed(2);
        pool.State.UsedHpages.ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R20")]
    public void ReleaseIfFree_Unmounted_GivesTheMinimumBackOnce()
    {
        var pool = new Subpool(-1, 3);
        pool.ReleaseIfFree().ShouldBe(-1);

        pool.PutSubpool();

        pool.IsFree.ShouldBeTrue();
        pool.ReleaseIfFree().ShouldBe(3);
        pool.ReleaseIfFree().ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => pool.GetPages(1)).Message.ShouldContain("after its release");
        Should.Throw<InvalidOperationException>(pool.PutSubpool);
    }

    [Theory]
    [InlineData(10, -1, 0)]
    [InlineData(10, 3, 3)]
    [InlineData(-1, 3, 3)]
    [Trait("Row", "R20")]
    public void ReleaseIfFree_PagesOutlastTheMount_WaitsForTheLastPage(long max, long min, long given)
    {
        var pool = new Subpool(max, min);
        pool.GetPages(2);
        pool.PutSubpool();

        pool.ReleaseIfFree().ShouldBe(-1);
        pool.PutPages(1);
        pool.ReleaseIfFree().ShouldBe(-1);
        pool.PutPages(1);
        pool.ReleaseIfFree().ShouldBe(given);
    }

    [Fact]
    public void PutSubpool_NoHandleLeft_IsRefused()
    {
        var pool = new Subpool(10, -1);
        pool.GetPages(1);
        pool.PutSubpool();

        Should.Throw<InvalidOperationException>(pool.PutSubpool).Message.ShouldContain("no handle");
    }

    [Fact]
    public void Statfs_EachKindOfMount_ReportsWhatDfShows()
    {
        var sized = new Subpool(10, 3);
        sized.GetPages(4);

        sized.Statfs().ShouldBe((10, 6));
        new Subpool(-1, 3).Statfs().ShouldBe((-1, -1));
    }

    [Fact]
    public void PutPages_KernelBugPutTooMuch_ShowsTheUnderflow()
    {
        // Kernels before 0919e1b69ab4 lowered the use twice, and df showed less than nothing used; the model must be able to.
        var pool = new Subpool(10, -1);

        pool.PutPages(2).ShouldBe(2);
        pool.Statfs().ShouldBe((10, 12));
    }

    [Fact]
    public void Subpool_BadArguments_AreRefusedWithTheReason()
    {
        Should.Throw<ArgumentException>(() => new Subpool(2, 3)).Message.ShouldContain("exceeds the maximum");
        Should.Throw<ArgumentException>(() => new Subpool(-2, -1)).Message.ShouldContain("below -1");
        Should.Throw<ArgumentException>(() => new Subpool(new SubpoolState { MinHpages = 2, RsvHpages = 3 })).Message.ShouldContain("[0, minimum]");
        Should.Throw<ArgumentOutOfRangeException>(() => new Subpool(2, 1).GetPages(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => new Subpool(2, 1).PutPages(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => new Subpool(2, 1).RestoreUsed(-1));
    }

    [Fact]
    public void GetPages_HugeRequest_DoesNotOverflow()
    {
        var pool = new Subpool(10, 3);
        pool.GetPages(1);

        pool.GetPages(long.MaxValue).ShouldBe(ENOMEM);
    }

    [Fact]
    public void State_ThroughJson_GoesOnWhereItWas()
    {
        var pool = new Subpool(10, 3);
        pool.GetPages(2);

        var state = JsonSerializer.Deserialize<SubpoolState>(JsonSerializer.Serialize(pool.State));

        state.ShouldBe(pool.State);
        new Subpool(state!).PutPages(2).ShouldBe(0);
    }
}
