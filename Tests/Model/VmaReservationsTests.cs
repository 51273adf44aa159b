using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The helpers that hide what an entry means: "reserved" in a shared map, "consumed" in a private one.</summary>
public sealed class VmaReservationsTests
{
    private const long Page = 4;
    private const bool Shared = true;
    private const bool Private = false;
    private bool _outOfMemory;

    [Theory]
    [Trait("Row", "R7")]
    [Trait("Row", "R26")]
    [InlineData(Shared, true, 0)]
    [InlineData(Shared, false, 1)]
    [InlineData(Private, true, 1)]
    [InlineData(Private, false, 0)]
    public void Needs_EntryOrNone_SaysWhetherAReservationIsMissing(bool shared, bool entry, long expected)
    {
        var map = Map(entry);

        VmaReservations.Needs(map, shared, Page).ShouldBe(expected);

        map.AddsInProgress.ShouldBe(1);
        VmaReservations.End(map, Page);
        (map.AddsInProgress, Entry(map)).ShouldBe((0, entry));
    }

    [Fact]
    [Trait("Row", "R26")]
    public void AllHelpers_NoMap_SayThatThereIsNoReservation()
    {
        VmaReservations.Needs(null, Private, Page).ShouldBe(1);
        VmaReservations.Commit(null, Private, Page).ShouldBe(1);
        VmaReservations.Add(null, Private, Page).ShouldBe(1);
        VmaReservations.Del(null, Private, Page).ShouldBe(1);
        VmaReservations.End(null, Page);
    }

    [Theory]
    [Trait("Row", "R16")]
    [Trait("Row", "R26")]
    [InlineData(Shared, false, 1)]
    [InlineData(Shared, true, 0)]
    [InlineData(Private, false, 0)]
    [InlineData(Private, true, 1)]
    public void Commit_AfterNeeds_LeavesAnEntryAndRepeatsTheAnswer(bool shared, bool entry, long expected)
    {
        var map = Map(entry);
        VmaReservations.Needs(map, shared, Page).ShouldBe(expected);

        VmaReservations.Commit(map, shared, Page).ShouldBe(expected);

        (map.AddsInProgress, Entry(map)).ShouldBe((0, true));
    }

    [Fact]
    [Trait("Row", "R17")]
    public void Commit_SharedMapGainedThePageMeanwhile_AnswersDifferently()
    {
        var map = Map(entry: false);
        VmaReservations.Needs(map, Shared, Page).ShouldBe(1);
        map.RegionChg(Page, Page + 1, out var needed);
        map.RegionAdd(Page, Page + 1, needed);

        VmaReservations.Commit(map, Shared, Page).ShouldBe(0, "hugetlb_reserve_pages was faster");
    }

    [Theory]
    [Trait("Row", "R26")]
    [InlineData(Shared, false, true)]
    [InlineData(Private, true, false)]
    public void Add_AfterNeeds_MapSaysReserved(bool shared, bool before, bool after)
    {
        var map = Map(before);
        VmaReservations.Needs(map, shared, Page).ShouldBe(1);

        VmaReservations.Add(map, shared, Page).ShouldBeGreaterThanOrEqualTo(0);

        Entry(map).ShouldBe(after);
        VmaReservations.Needs(map, shared, Page).ShouldBe(0);
    }

    [Theory]
    [Trait("Row", "R26")]
    [InlineData(Shared, true, false)]
    [InlineData(Private, false, true)]
    public void Del_AfterNeeds_MapSaysNotReserved(bool shared, bool before, bool after)
    {
        var map = Map(before);
        VmaReservations.Needs(map, shared, Page).ShouldBe(0);

        VmaReservations.Del(map, shared, Page).ShouldBeGreaterThanOrEqualTo(0);

        Entry(map).ShouldBe(after);
        VmaReservations.Needs(map, shared, Page).ShouldBe(1);
    }

    // The page was allocated and is freed without having been instantiated. Four cases: it consumed a reservation or not, and committing changed
    // the map or not.
    [Theory]
    [Trait("Row", "R27")]
    [InlineData(Shared)]
    [InlineData(Private)]
    public void RestoreOnError_ReserveConsumedAndCommitted_PageIsFreedWithItsReservation(bool shared)
    {
        var map = Reserved(shared);
        Instantiate(map, shared).ShouldBe(0);

        VmaReservations.RestoreOnError(map, shared, Page, consumedReserve: true).ShouldBeTrue();

        IsReserved(map, shared).ShouldBeTrue();
        map.AddsInProgress.ShouldBe(0);
    }

    [Theory]
    [Trait("Row", "R27")]
    [InlineData(Shared)]
    [InlineData(Private)]
    public void RestoreOnError_ReserveConsumedAndMapStillSaysReserved_MapStaysAsItIs(bool shared)
    {
        var map = Reserved(shared);

        VmaReservations.RestoreOnError(map, shared, Page, consumedReserve: true).ShouldBeTrue();

        IsReserved(map, shared).ShouldBeTrue();
        map.AddsInProgress.ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R27")]
    public void RestoreOnError_NoReserveConsumedInASharedMap_EntryOfTheAllocationGoes()
    {
        var map = Map(entry: false);
        Instantiate(map, Shared).ShouldBe(1);
        Entry(map).ShouldBeTrue();

        VmaReservations.RestoreOnError(map, Shared, Page, consumedReserve: false).ShouldBeFalse();

        Entry(map).ShouldBeFalse("or a later fault would consume what nobody reserved");
        map.AddsInProgress.ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R27")]
    public void RestoreOnError_NoReserveConsumedInAPrivateMap_PageStaysConsumed()
    {
        var map = Map(entry: true);
        Instantiate(map, Private).ShouldBe(1);

        VmaReservations.RestoreOnError(map, Private, Page, consumedReserve: false).ShouldBeFalse();

        Entry(map).ShouldBeTrue();
        map.AddsInProgress.ShouldBe(0);
    }

    [Theory]
    [Trait("Row", "R27")]
    [InlineData(Private, true, false)]
    [InlineData(Shared, true, false)]
    [InlineData(Private, false, true)]
    [InlineData(Shared, false, false)]
    public void RestoreOnError_OutOfMemory_CountFollowsTheMapThatCannotChange(bool shared, bool consumed, bool restores)
    {
        var map = new ReserveMap(() => !_outOfMemory);
        map.RegionChg(Page, Page + 1, out var needed);
        map.RegionAdd(Page, Page + 1, needed);
        if (!consumed)
        {
            map.RegionDel(Page, Page + 1);
        }

        _outOfMemory = true;

        VmaReservations.RestoreOnError(map, shared, Page, consumed).ShouldBe(restores);

        (map.AddsInProgress, Entry(map)).ShouldBe((0, consumed));
    }

    // "There is some code (most notably userfaultfd) which can not call restore_reserve_on_error. In this case, it simply modifies the PagePrivate so that a
    // reservation will not be leaked when the huge page is freed."
    [Theory]
    [Trait("Row", "R4")]
    [Trait("Row", "R27")]
    [InlineData("4.10", Shared, true, true)]
    [InlineData("4.10", Private, true, false)]
    [InlineData("4.10", Shared, false, true)]
    [InlineData("4.10", Private, false, false)]
    [InlineData("5.10", Private, true, false)]
    public void FlagAfterFailedCopy_UserfaultfdWay_FlagFollowsTheMappingAndTheMapStays(string kernel, bool shared, bool consumed, bool expected)
    {
        var map = consumed ? Reserved(shared) : Map(entry: !shared);
        Instantiate(map, shared);

        VmaReservations.FlagAfterFailedCopy(KernelProfiles.Get(kernel), map, shared, Page, consumed).ShouldBe(expected);

        (map.AddsInProgress, Entry(map)).ShouldBe((0, true));
    }

    [Theory]
    [Trait("Row", "R27")]
    [InlineData(Shared)]
    [InlineData(Private)]
    public void FlagAfterFailedCopy_LaterKernel_RestoresTheReservation(bool shared)
    {
        var map = Reserved(shared);
        Instantiate(map, shared);

        VmaReservations.FlagAfterFailedCopy(KernelProfiles.Newest, map, shared, Page, consumedReserve: true).ShouldBeTrue();

        IsReserved(map, shared).ShouldBeTrue();
    }

    [Fact]
    [Trait("Row", "R4")]
    [Trait("Row", "R27")]
    public void RestoreOnError_FlagNotSetBefore846be085_LeavesTheMapAlone()
    {
        var map = Map(entry: false);
        Instantiate(map, Shared).ShouldBe(1);

        VmaReservations.RestoreOnError(map, Shared, Page, consumedReserve: false, coversAllStates: false).ShouldBeFalse();

        Entry(map).ShouldBeTrue("the entry of a page that nobody reserved stays: a later fault would consume a reservation too many");
    }

    // "By incrementing these counts, the reserve map entry which could not be deleted will appear as a reserved entry" (hugetlb_fix_reserve_counts).
    [Theory]
    [Trait("Row", "R24")]
    [InlineData("4.10", 1, true)]
    [InlineData("4.10", 0, false)]
    [InlineData("4.10", -12, true)]
    [InlineData("7.3", 1, true)]
    [InlineData("7.3", 0, false)]
    [InlineData("7.3", -12, false)]
    public void FixRaisesGlobal_SubpoolsAnswer_SaysWhetherThePoolMustFollow(string kernel, long subpoolAnswer, bool expected) =>
        VmaReservations.FixRaisesGlobal(KernelProfiles.Get(kernel), subpoolAnswer).ShouldBe(expected);

    [Fact]
    [Trait("Row", "A1")]
    public void PlaceToConsume_CountOfVma_IsAnyPlaceThatIsLeftAndThenNone()
    {
        var map = new ReserveMap();
        var consumed = new List<long>();
        foreach (var page in new long[] { 4, 4, 5, 4 })
        {
            var place = VmaReservations.PlaceToConsume(PrivateReserveRule.CountOfVma, map, 3, 6, page);
            consumed.Add(VmaReservations.Needs(map, Private, place) == 0 ? place : -1);
            VmaReservations.Commit(map, Private, place);
        }

        consumed.ShouldBe([4, 3, 5, -1], "three reservations, whatever the pages");
    }

    [Fact]
    [Trait("Row", "R7")]
    public void PlaceToConsume_MapOfMapping_IsThePagesOwn()
    {
        var map = Map(entry: true);

        VmaReservations.PlaceToConsume(PrivateReserveRule.MapOfMapping, map, 0, 8, Page).ShouldBe(Page);
    }

    private static ReserveMap Map(bool entry)
    {
        var map = new ReserveMap();
        if (entry)
        {
            map.RegionChg(Page, Page + 1, out var needed);
            map.RegionAdd(Page, Page + 1, needed);
        }

        return map;
    }

    private static ReserveMap Reserved(bool shared) => Map(entry: shared);

    private static long Instantiate(ReserveMap map, bool shared)
    {
        VmaReservations.Needs(map, shared, Page);
        return VmaReservations.Commit(map, shared, Page);
    }

    private static bool Entry(ReserveMap map) => map.RegionCount(Page, Page + 1) == 1;

    private static bool IsReserved(ReserveMap map, bool shared) => Entry(map) == shared;
}
