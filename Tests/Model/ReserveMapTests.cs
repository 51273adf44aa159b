using System.Text.Json;
using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>One example for each rule of the reserve map.</summary>
public sealed class ReserveMapTests
{
    // Numbers of cgroups.
    private const int A = 1;
    private const int B = 2;
    private const int C = 3;
    private const long ENOMEM = -12;

    [Fact]
    [Trait("Row", "R2")]
    public void ReserveMap_New_HasOneHolderOneDescriptorAndNoRegions()
    {
        var map = new ReserveMap();

        (map.Refs, map.RegionCacheCount, map.AddsInProgress, map.TotalPages, map.Regions.Count).ShouldBe((1, 1, 0, 0, 0));
        map.Snapshot().ShouldBeEquivalentTo(new ReserveMapState());
    }

    [Fact]
    [Trait("Row", "R2")]
    public void KrefPut_LastHolder_ReportsAndReleasesEveryRegion()
    {
        var map = MapOf((0, 4, A), (6, 7, null));
        map.KrefGet();
        var uncharges = new List<Uncharge>();

        map.KrefPut(uncharges).ShouldBeFalse();
        uncharges.ShouldBeEmpty();
        map.KrefPut(uncharges).ShouldBeTrue();
        uncharges.ShouldBe([new Uncharge(A, 4)]);
        map.TotalPages.ShouldBe(0);
        Should.Throw<InvalidOperationException>(() => map.KrefPut());
        Should.Throw<InvalidOperationException>(map.KrefGet);
    }

    [Fact]
    [Trait("Row", "R2")]
    public void KrefPut_AdditionUnderWay_IsRefused()
    {
        var map = new ReserveMap();
        map.RegionChg(0, 1, out _);

        Should.Throw<InvalidOperationException>(() => map.KrefPut()).Message.ShouldContain("promised 1");
        map.Refs.ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R7")]
    public void RegionChg_SamePageInSharedAndPrivateMap_MeansTheOppositeReservation()
    {
        // A shared map of 4 reserved pages, and a private one of which page 2 was faulted.
        var shared = MapOf((0, 4, null));
        var owned = MapOf((2, 3, null));

        // In the shared map nothing is missing: page 2 has its reservation.
        shared.RegionChg(2, 3, out var needed).ShouldBe(0);
        shared.RegionAbort(2, 3, needed);

        // In the private map page 2 has used its reservation up, and only the pages that are missing still have theirs.
        (4 - owned.RegionCount(0, 4)).ShouldBe(3);
        (1 - owned.RegionCount(2, 3)).ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionChg_RangeWithHoles_CountsMissingPagesAndGaps()
    {
        var map = MapOf((2, 4, null), (6, 7, null));

        map.RegionChg(0, 10, out var needed).ShouldBe(7);
        needed.ShouldBe(3);
        map.AddsInProgress.ShouldBe(3);
        map.TotalPages.ShouldBe(3);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionChg_NothingMissing_StillPromisesOneDescriptor()
    {
        var map = MapOf((0, 10, null));

        map.RegionChg(3, 5, out var needed).ShouldBe(0);

        (needed, map.AddsInProgress).ShouldBe((1, 1));
        map.RegionCacheCount.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionChg_AllocationFails_LeavesNothingToAbort()
    {
        var map = new ReserveMap(new ReserveMapState { Regions = [new(2, 4), new(6, 7)] }, () => false);

        map.RegionChg(0, 10, out _).ShouldBe(ENOMEM);
        (map.AddsInProgress, map.RegionCacheCount).ShouldBe((0, 1));

        // One gap is served by the descriptor that every map has.
        map.RegionChg(7, 8, out var needed).ShouldBe(1);
        map.RegionAdd(7, 8, needed).ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionAbort_AfterChg_ReturnsTheMapToWhatItWas()
    {
        var map = MapOf((2, 4, null));
        map.RegionChg(0, 10, out var needed).ShouldBe(8);

        map.RegionAbort(0, 10, needed);

        map.AddsInProgress.ShouldBe(0);
        map.Regions.ShouldBe([new FileRegion(2, 4)]);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionAdd_NoMemoryAfterChg_CannotFail()
    {
        var memory = 2;
        var map = new ReserveMap(new ReserveMapState { Regions = [new(2, 4), new(6, 7)] }, () => memory-- > 0);
        var announced = map.RegionChg(0, 10, out var needed);

        map.RegionAdd(0, 10, needed).ShouldBe(announced);
        map.Regions.ShouldBe([new FileRegion(0, 10)]);
        (map.AddsInProgress, map.RegionCacheCount).ShouldBe((0, 0));
    }

    [Fact]
    [Trait("Row", "R17")]
    [Trait("Row", "R23")]
    public void RegionAdd_OtherTaskAddedInBetween_ReturnsLessThanChg()
    {
        var map = new ReserveMap();
        map.RegionChg(0, 4, out var first).ShouldBe(4);
        map.RegionChg(2, 3, out var second).ShouldBe(1);
        map.RegionAdd(2, 3, second).ShouldBe(1);

        map.RegionAdd(0, 4, first).ShouldBe(3);
    }

    [Fact]
    [Trait("Row", "R17")]
    [Trait("Row", "R23")]
    public void RegionAdd_OtherTaskDeletedInBetween_ReturnsMoreThanChg()
    {
        var map = MapOf((0, 4, null));
        map.RegionChg(0, 4, out var needed).ShouldBe(0);
        map.RegionDel(1, 2).ShouldBe(1);

        map.RegionAdd(0, 4, needed).ShouldBe(1);
        map.Regions.ShouldBe([new FileRegion(0, 4)]);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionAdd_MoreGapsThanPromisedAndNoMemory_ChangesNothingAndIsAborted()
    {
        var memory = int.MaxValue;
        var map = new ReserveMap(new ReserveMapState { Regions = [new(0, 5)] }, () => memory-- > 0);
        map.RegionChg(0, 5, out var needed).ShouldBe(0);
        map.RegionDel(1, 2).ShouldBe(1);
        map.RegionDel(3, 4).ShouldBe(1);
        var before = map.Regions.ToArray();
        memory = 0;

        map.RegionAdd(0, 5, needed).ShouldBe(ENOMEM);

        map.Regions.ShouldBe(before);
        map.AddsInProgress.ShouldBe(1);
        map.RegionAbort(0, 5, needed);
        map.AddsInProgress.ShouldBe(0);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionAdd_SameCgroup_CoalescesWithBothNeighbours()
    {
        var map = MapOf((0, 2, A), (4, 6, A));

        Add(map, 2, 4, A).ShouldBe(2);

        map.Regions.ShouldBe([new FileRegion(0, 6, A)]);
    }

    [Fact]
    [Trait("Row", "R23")]
    public void RegionAdd_OtherCgroup_FillsOnlyTheGapsAndStaysApart()
    {
        var map = MapOf((2, 4, A), (5, 6, null));

        Add(map, 0, 8, B).ShouldBe(5);

        map.Regions.ShouldBe(
            [new(0, 2, B), new(2, 4, A), new(4, 5, B), new(5, 6), new(6, 8, B)]);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_InsideOneRegion_Splits()
    {
        var map = MapOf((0, 10, A));
        var uncharges = new List<Uncharge>();

        map.RegionDel(4, 6, uncharges).ShouldBe(2);

        map.Regions.ShouldBe([new(0, 4, A), new(6, 10, A)]);
        uncharges.ShouldBe([new Uncharge(A, 2)]);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_AcrossRegions_TrimsRemovesTrimsAndReportsEachPiece()
    {
        var map = MapOf((0, 4, A), (5, 6, B), (6, 8, null), (9, 12, C));
        var uncharges = new List<Uncharge>();

        map.RegionDel(2, 10, uncharges).ShouldBe(6);

        map.Regions.ShouldBe([new(0, 2, A), new(10, 12, C)]);
        uncharges.ShouldBe([new Uncharge(A, 2), new Uncharge(B, 1), new Uncharge(C, 1)]);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_SplitWithoutMemory_FailsAndChangesNothing()
    {
        var map = new ReserveMap(new ReserveMapState { Regions = [new(0, 10)], RegionCacheCount = 0 }, () => false);

        map.RegionDel(4, 5).ShouldBe(ENOMEM);
        map.Regions.ShouldBe([new FileRegion(0, 10)]);

        // Neither trimming nor removal to the end needs a descriptor.
        map.RegionDel(9, 10).ShouldBe(1);
        map.RegionDel(0, 1).ShouldBe(1);
        map.RegionDel(4, long.MaxValue).ShouldBe(5);
        map.Regions.ShouldBe([new FileRegion(1, 4)]);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_SplitWithOnlyPromisedDescriptors_DoesNotTakeThem()
    {
        var memory = false;
        var map = new ReserveMap(new ReserveMapState { Regions = [new(0, 10)] }, () => memory);
        map.RegionChg(12, 13, out var needed).ShouldBe(1);

        map.RegionDel(4, 5).ShouldBe(ENOMEM);
        memory = true;
        map.RegionDel(4, 5).ShouldBe(1);

        map.RegionCacheCount.ShouldBe(1);
        map.RegionAdd(12, 13, needed).ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_ToTheEnd_TakesARegionThatReachesTheEndOfEveryFile()
    {
        var map = MapOf((5, long.MaxValue, null));

        map.RegionDel(7, long.MaxValue).ShouldBe(long.MaxValue - 7);
        map.Regions.ShouldBe([new FileRegion(5, 7)]);
    }

    [Fact]
    [Trait("Row", "R24")]
    public void RegionDel_EmptyRange_DoesNotSplit()
    {
        var map = MapOf((0, 10, null));

        map.RegionDel(5, 5).ShouldBe(0);
        map.Regions.Count.ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R25")]
    public void RegionCount_PrivateMappingUnmapped_LeavesTheOutstandingReservations()
    {
        // Ten pages mapped, pages 1, 2 and 7 faulted.
        var map = MapOf((1, 3, null), (7, 8, null));

        (10 - map.RegionCount(0, 10)).ShouldBe(7);
        map.RegionCount(2, 7).ShouldBe(1);
        map.RegionCount(3, 7).ShouldBe(0);
        map.RegionCount(0, long.MaxValue).ShouldBe(3);
    }

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(4, 3)]
    public void AnyRoutine_NoRange_NamesTheNumbers(long from, long to)
    {
        var map = new ReserveMap();
        map.RegionChg(0, 1, out _);

        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionChg(from, to, out _)).Message.ShouldContain($"[{from},{to})");
        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionAdd(from, to, 1));
        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionAbort(from, to, 1));
        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionDel(from, to));
        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionCount(from, to));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void RegionAddAndAbort_DescriptorsNeverPromised_AreRefused(long returned)
    {
        var map = new ReserveMap();
        map.RegionChg(0, 4, out _);

        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionAdd(0, 4, returned)).Message.ShouldContain($"{returned} descriptors");
        Should.Throw<ArgumentOutOfRangeException>(() => map.RegionAbort(0, 4, returned));
        map.TotalPages.ShouldBe(0);
    }

    [Fact]
    public void Snapshot_ThroughJson_RestoresTheMapUnderWay()
    {
        var map = MapOf((0, 2, A), (2, 3, null), (8, 9, B));
        map.RegionChg(0, 9, out var needed).ShouldBe(5);

        var state = JsonSerializer.Deserialize<ReserveMapState>(JsonSerializer.Serialize(map.Snapshot()));
        var moved = new ReserveMap(state!);

        moved.Snapshot().ShouldBeEquivalentTo(map.Snapshot());
        moved.RegionAdd(0, 9, needed, B).ShouldBe(5);
        moved.Regions.ShouldBe([new(0, 2, A), new(2, 3), new(3, 9, B)]);
    }

    [Fact]
    public void ReserveMap_UnsoundState_IsRefusedWithTheReason()
    {
        Refused(new ReserveMapState { Regions = [new(4, 6), new(0, 1)] }, "is not before");
        Refused(new ReserveMapState { Regions = [new(0, 6), new(5, 7)] }, "is not before");
        Refused(new ReserveMapState { Regions = [new(3, 3)] }, "empty or negative");
        Refused(new ReserveMapState { Regions = [new(0, 1, A), new(1, 2, A)] }, "should be one");
        Refused(new ReserveMapState { AddsInProgress = 2 }, "fewer descriptors");
    }

    [Fact]
    public void Regions_MapChangedDuringTheWalk_GoesOn()
    {
        var map = MapOf((0, 1, null), (2, 3, null), (4, 5, null));
        var seen = new List<FileRegion>();

        foreach (var region in map.Regions)
        {
            seen.Add(region);
            map.RegionDel(region.From, region.To);
        }

        seen.Count.ShouldBe(3);
        map.TotalPages.ShouldBe(0);
    }

    private static void Refused(ReserveMapState state, string reason) =>
        Should.Throw<ArgumentException>(() => new ReserveMap(state)).Message.ShouldContain(reason);

    private static ReserveMap MapOf(params (long From, long To, int? Cgroup)[] regions)
    {
        var map = new ReserveMap();
        foreach (var (from, to, cgroup) in regions)
        {
            Add(map, from, to, cgroup).ShouldBe(to - from);
        }

        return map;
    }

    private static long Add(ReserveMap map, long from, long to, int? cgroup)
    {
        map.RegionChg(from, to, out var needed);
        return map.RegionAdd(from, to, needed, cgroup);
    }
}
