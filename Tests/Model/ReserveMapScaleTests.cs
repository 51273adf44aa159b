using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The reserve map with many regions: the tree stays balanced, and no operation becomes a walk over all regions.</summary>
public sealed class ReserveMapScaleTests
{
    // Numbers of cgroups.
    private const int A = 1;
    private const int B = 2;
    private const int Universe = 4096;
    private const int Million = 1_000_000;

    [Fact]
    [Trait("Row", "R2")]
    [Trait("Row", "R24")]
    public void ManyRegions_AgreeWithAnArrayOfPages() =>
        Properties.Check(Gen.Choose(0, int.MaxValue).ToArbitrary(), 6, seed => AgainstPages(new Random(seed)));

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ManyRegions_AddedInOrder_StayBalanced(int direction)
    {
        var map = new ReserveMap();
        for (var i = 0; i < 20_000; i++)
        {
            var page = direction > 0 ? 2 * i : 2 * (20_000 - i);
            map.RegionChg(page, page + 1, out var needed).ShouldBe(1);
            map.RegionAdd(page, page + 1, needed).ShouldBe(1);
        }

        map.Verify();
        map.Regions.Count.ShouldBe(20_000);
    }

    [Fact]
    [Trait("Row", "R2")]
    public void MillionRegions_EveryOperation_CountsExactly()
    {
        var regions = new FileRegion[Million];
        for (var i = 0; i < Million; i++)
        {
            regions[i] = new FileRegion(2L * i, (2L * i) + 1);
        }

        var map = new ReserveMap(new ReserveMapState { Regions = regions });
        var random = new Random(1);
        // A walk over the regions would make minutes of this; what it does take is for the benchmarks to say.
        for (var i = 0; i < 20_000; i++)
        {
            var hole = (2 * random.NextInt64(Million)) + 1;
            map.RegionChg(hole, hole + 1, out var needed).ShouldBe(1);
            map.RegionAdd(hole, hole + 1, needed).ShouldBe(1);
            map.RegionDel(hole, hole + 1).ShouldBe(1);
            map.RegionCount(1, hole).ShouldBe(hole / 2);
        }

        // Filling all gaps at once, and removing everything at once.
        map.RegionChg(0, 2L * Million, out var gaps).ShouldBe(Million);
        gaps.ShouldBe(Million);
        map.RegionAbort(0, 2L * Million, gaps);
        map.RegionDel(1, (2L * Million) - 2).ShouldBe(Million - 2);
        map.Regions.ShouldBe([new FileRegion(0, 1), new FileRegion((2L * Million) - 2, (2L * Million) - 1)]);
        map.Verify();
    }

    [Fact]
    public void EmptyMap_CountAndChg_AllocateNothing()
    {
        var map = new ReserveMap();
        Touch(map);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Touch(map);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        static void Touch(ReserveMap map)
        {
            _ = map.RegionChg(3, 4, out var needed);
            _ = map.RegionAdd(3, 4, needed);
            _ = map.RegionCount(0, 10);
            _ = map.RegionDel(3, 4);
        }
    }

    private static void AgainstPages(Random random)
    {
        var map = new ReserveMap();
        var pages = new int?[Universe];
        for (var i = 0; i < 1500; i++)
        {
            var from = random.Next(Universe);
            var to = Math.Min(Universe, from + 1 + random.Next(random.Next(20) == 0 ? 1000 : 3));
            if (random.Next(3) > 0)
            {
                var cgroup = random.Next(2) == 0 ? A : B;
                var missing = pages[from..to].Count(page => page is null);
                map.RegionChg(from, to, out var needed).ShouldBe(missing);
                map.RegionAdd(from, to, needed, cgroup).ShouldBe(missing);
                for (var page = from; page < to; page++)
                {
                    pages[page] ??= cgroup;
                }
            }
            else
            {
                var present = pages[from..to].Count(page => page is not null);
                var uncharges = new List<Uncharge>();
                map.RegionDel(from, to, uncharges).ShouldBe(present);
                uncharges.Sum(uncharge => uncharge.Pages).ShouldBe(present);
                Array.Clear(pages, from, to - from);
            }

            map.RegionCount(to / 2, to).ShouldBe(pages[(to / 2)..to].Count(page => page is not null));
            map.TotalPages.ShouldBe(pages.Count(page => page is not null));
            if (i % 25 == 0)
            {
                map.Verify();
            }
        }

        map.Verify();
        foreach (var region in map.Regions)
        {
            pages[(int)region.From..(int)region.To].ShouldAllBe(cgroup => cgroup == region.UnchargeCgroup);
        }
    }
}
