using Hugesim.Model;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>One example for each rule of the pool.</summary>
public sealed class HugePagePoolTests
{
    private const long Capacity = 100;

    // "If the PagePrivate flag was set in the page, the global resv_huge_pages counter will always be incremented."
    [Theory]
    [Trait("Row", "R4")]
    [Trait("Row", "R19")]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void FreeHugePage_RestoreReserveFlag_DecidesWhetherTheReservationComesBack(bool flag, long resv)
    {
        var pool = new HugePagePool(KernelProfiles.Get("4.10"), 1, 100);
        pool.SetMaxHugePages(4);
        pool.AcctMemory(2, NodeChoice.Any);
        var pfn = pool.AllocHugePage(NodeChoice.Any, useReservation: true);
        (pool.FreePages, pool.ResvPages).ShouldBe((3, 1));

        pool.FreeHugePage(pfn, flag);

        (pool.FreePages, pool.ResvPages).ShouldBe((4, resv));
    }

    [Fact]
    [Trait("Row", "R1")]
    [Trait("Row", "R10")]
    public void AcctMemory_WithinFreeMinusReserved_OnlyRaisesTheCount()
    {
        var pool = Pool("7.3", 4);

        pool.AcctMemory(3, NodeChoice.Any).ShouldBe(Errno.None);

        Visible(pool).ShouldBe((4, 4, 3, 0));
        pool.AvailablePages.ShouldBe(1);
    }

    [Fact]
    [Trait("Row", "R10")]
    public void AcctMemory_OneMoreThanAvailable_FailsWithNothingChanged()
    {
        var pool = Pool("7.3", 4);
        pool.AcctMemory(3, NodeChoice.Any);

        pool.AcctMemory(2, NodeChoice.Any).ShouldBe(Errno.ENOMEM);

        Visible(pool).ShouldBe((4, 4, 3, 0));
    }

    [Fact]
    [Trait("Row", "R10")]
    public void AcctMemory_OvercommitAllowed_GathersWhatIsMissingAsSurplusAndReturnsIt()
    {
        var pool = Pool("7.3", 2);
        pool.OvercommitPages = 3;

        pool.AcctMemory(4, NodeChoice.Any).ShouldBe(Errno.None);
        Visible(pool).ShouldBe((4, 4, 4, 2));
        pool.AcctMemory(2, NodeChoice.Any).ShouldBe(Errno.ENOMEM, "one page too many for the overcommit");
        Visible(pool).ShouldBe((4, 4, 4, 2));

        pool.AcctMemory(-4, NodeChoice.Any);
        Visible(pool).ShouldBe((2, 2, 0, 0));
    }

    [Fact]
    [Trait("Row", "R28")]
    public void AcctMemory_NodesOfTheTaskHaveTooFew_FailsThoughTheMachineHasEnough()
    {
        var pool = Pool("7.3", 4, nodes: 2);

        pool.AcctMemory(3, OnlyNode(1)).ShouldBe(Errno.ENOMEM);
        pool.AcctMemory(2, OnlyNode(1)).ShouldBe(Errno.None);
        pool.AcctMemory(2, OnlyNode(1)).ShouldBe(Errno.None, "a best effort: what others have reserved there is not looked at");

        pool.ResvPages.ShouldBe(4);
    }

    [Fact]
    [Trait("Row", "R13")]
    public void AllocHugePage_WithReservation_TakesTheLastPageAndTheReservation()
    {
        var pool = Pool("7.3", 1);
        pool.AcctMemory(1, NodeChoice.Any);

        pool.AllocHugePage(NodeChoice.Any, useReservation: false).ShouldBe(Pfn.None, "the free page is promised");
        pool.AllocHugePage(NodeChoice.Any, useReservation: true).ShouldNotBe(Pfn.None);

        Visible(pool).ShouldBe((1, 0, 0, 0));
    }

    [Fact]
    [Trait("Row", "R14")]
    public void AllocHugePage_NoPageInThePoliciesNodes_SurplusPageOfThatNodeAndTheReservationGoes()
    {
        var pool = Pool("7.3", 2, nodes: 2);
        pool.AcctMemory(1, NodeChoice.Any);
        pool.AllocHugePage(OnlyNode(1), useReservation: false);
        pool.AllocHugePage(OnlyNode(1), useReservation: true).ShouldBe(Pfn.None);
        pool.ResvPages.ShouldBe(1);
        pool.OvercommitPages = 1;

        Pfn.Node(pool.AllocHugePage(OnlyNode(1), useReservation: true)).ShouldBe(1);

        Visible(pool).ShouldBe((3, 1, 0, 1));
        pool.Nodes[1].SurplusPages.ShouldBe(1);
    }

    /// <summary>As in recording 27: a smaller pool keeps what is in use and reserved, as surplus, until it is freed.</summary>
    [Theory]
    [Trait("Row", "R1")]
    [InlineData("5.10")]
    [InlineData("6.12")]
    [InlineData("7.3")]
    public void SetMaxHugePages_BelowReservations_KeepsThemAsSurplusUntilFreed(string profile)
    {
        var pool = Pool(profile, 6);
        pool.AcctMemory(4, NodeChoice.Any);
        var first = pool.AllocHugePage(NodeChoice.Any, useReservation: true);

        pool.SetMaxHugePages(2);
        Visible(pool).ShouldBe((4, 3, 3, 2));
        pool.SetMaxHugePages(0);
        Visible(pool).ShouldBe((4, 3, 3, 4));

        long[] rest = [.. Enumerable.Range(0, 3).Select(_ => pool.AllocHugePage(NodeChoice.Any, useReservation: true))];
        Visible(pool).ShouldBe((4, 0, 0, 4));
        pool.FreeHugePage(rest[2], restoreReserve: false);
        Visible(pool).ShouldBe((3, 0, 0, 3));
        Array.ForEach([first, rest[0], rest[1]], pfn => pool.FreeHugePage(pfn, restoreReserve: false));
        Visible(pool).ShouldBe((0, 0, 0, 0));
    }

    /// <summary>As in recording 28: a growing pool takes its surplus pages in before it allocates new ones.</summary>
    [Theory]
    [Trait("Row", "R1")]
    [InlineData("5.10")]
    [InlineData("6.12")]
    [InlineData("7.3")]
    public void SetMaxHugePages_LoweredThenRaised_SurplusBecomesPersistentFirst(string profile)
    {
        var pool = Pool(profile, 5);
        pool.AcctMemory(5, NodeChoice.Any);
        long[] used = [pool.AllocHugePage(NodeChoice.Any, true), pool.AllocHugePage(NodeChoice.Any, true)];

        pool.SetMaxHugePages(1);
        Visible(pool).ShouldBe((5, 3, 3, 4));
        pool.SetMaxHugePages(3);
        Visible(pool).ShouldBe((5, 3, 3, 2));
        pool.SetMaxHugePages(7);
        Visible(pool).ShouldBe((7, 5, 3, 0));
        pool.SetMaxHugePages(5);
        Visible(pool).ShouldBe((5, 3, 3, 0));

        Array.ForEach(used, pfn => pool.FreeHugePage(pfn, restoreReserve: false));
        pool.AcctMemory(-3, NodeChoice.Any);
        Visible(pool).ShouldBe((5, 5, 0, 0));
    }

    [Fact]
    public void SetMaxHugePages_UnderflowedReservations_RefusesToEmptyThePool()
    {
        var pool = Pool("6.18.15", 3);
        pool.AcctMemory(-1, NodeChoice.Any);

        pool.SetMaxHugePages(0);

        Visible(pool).ShouldBe((3, 3, -1, 3), "min_count is an unsigned number");
    }

    [Fact]
    public void SetMaxHugePages_OfTwoNodes_TakesTurnsAndOneNodeAloneLeavesTheOther()
    {
        var pool = Pool("7.3", 5, nodes: 2);
        (pool.Nodes[0].NrPages, pool.Nodes[1].NrPages).ShouldBe((3, 2));

        pool.SetMaxHugePages(6, node: 1);
        (pool.Nodes[0].NrPages, pool.Nodes[1].NrPages).ShouldBe((3, 6));
        pool.SetMaxHugePages(0, node: 0);
        (pool.Nodes[0].NrPages, pool.Nodes[1].NrPages).ShouldBe((0, 6));
    }

    /// <summary>
    /// __nr_hugepages_store_common adds to the node's size what the other nodes have; where those have more surplus than pages, the unsigned sum wraps and
    /// is taken for a wish for all that can be had.
    /// </summary>
    [Fact]
    public void SetMaxHugePages_OfANodeWhileTheOthersHaveMoreSurplusThanPages_TakesAllThatCanBeHad()
    {
        var pool = Pool("7.3", 7, nodes: 4);
        pool.AcctMemory(5, NodeChoice.Any).ShouldBe(Errno.None);
        pool.SetMaxHugePages(0);
        pool.SetMaxHugePages(6, node: 2);
        pool.SetMaxHugePages(1);
        pool.Nodes.Where((_, node) => node != 2).Sum(node => node.NrPages - node.SurplusPages).ShouldBeLessThan(0);

        pool.SetMaxHugePages(0, node: 2);

        pool.Nodes[2].NrPages.ShouldBe(Capacity);
    }

    /// <summary>Bug B7: the subpool counts on a page that is given away; repaired, the page stays free until the promise ends.</summary>
    [Theory]
    [Trait("Row", "R19")]
    [InlineData("7.3", 0, 1)]
    [InlineData("7.3+repair", 1, 1)]
    public void FreeHugePage_SurplusPageWithRestoredReserve_StaysOnlyInARepairedKernel(string profile, long free, long resv)
    {
        var pool = Pool(profile, 0);
        pool.OvercommitPages = 1;
        var pfn = pool.AllocHugePage(NodeChoice.Any, useReservation: false);

        pool.FreeHugePage(pfn, restoreReserve: true);

        (pool.FreePages, pool.ResvPages).ShouldBe((free, resv));
        pool.AcctMemory(-resv, NodeChoice.Any);
        Visible(pool).ShouldBe((0, 0, 0, 0));
    }

    private static HugePagePool Pool(string profile, long pages, int nodes = 1)
    {
        var pool = new HugePagePool(KernelProfiles.Get(profile), nodes, Capacity);
        pool.SetMaxHugePages(pages);
        return pool;
    }

    private static NodeChoice OnlyNode(int node) => new(node, 1L << node, 0);

    private static (long Nr, long Free, long Resv, long Surplus) Visible(HugePagePool pool) =>
        (pool.NrPages, pool.FreePages, pool.ResvPages, pool.SurplusPages);
}
