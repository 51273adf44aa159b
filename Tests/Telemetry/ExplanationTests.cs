using System.Text;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

public sealed class ExplanationTests
{
    [Fact]
    public async Task Explain_MmapOverThePool_NamesTheNumbersTheHoldersAndTheRemedy()
    {
        var run = await Run("pool 5", "proc p", "p mmap a 3 private", "p w a 0", "proc q", "q mmap b 4 private");

        var explanation = Explanation.Of(run, 6);

        explanation.Causes.Select(cause => cause.Routine).ShouldBe(["hugetlb_reserve_pages", "hugetlb_acct_memory"]);
        explanation.Causes[^1].Why.ShouldBe("reservation of 4: free 4 - resv 2 = 2 available, surplus 0 of overcommit 0");
        explanation.Held.ShouldBe(
            [new HeldPages("p's a", "in use", 1, [4]), new HeldPages("p's a", "reserved", 2, [3])],
            new HeldPagesComparer());
        explanation.Remedy!.ShouldContain("2 pages more in the pool (nr_hugepages 7)");
        var enough = await Run("pool 7", "proc p", "p mmap a 3 private", "p w a 0", "proc q", "q mmap b 4 private");
        enough.Steps[5].Result.Answer.ShouldBe("ok");
    }

    [Fact]
    public async Task Explain_PageThatTheOwnerTook_NamesTheStepThatTookIt()
    {
        var run = await Run("pool 1", "proc p", "p mmap m 1 private", "p w m 0", "p fork c", "p w m 0", "c r m 0");

        var explanation = Explanation.Of(run, 7);

        run.Steps[6].Result.Answer.ShouldStartWith("killed by SIGBUS");
        explanation.Earlier.Select(earlier => earlier.Step).ShouldBe([6]);
    }

    [Fact]
    public async Task Explain_MountWithMinSize_IsAHolderByName()
    {
        var run = await Run("pool 3", "mount A min_size=2", "proc p", "p mmap m 2 private");

        Explanation.Of(run, 4).Held.ShouldBe([new HeldPages("mount A", "reserved", 2, [2])], new HeldPagesComparer());
    }

    [Fact]
    public async Task Explain_QuotaOfTheMount_SaysSoAndOffersNoPages()
    {
        var run = await Run("pool 4", "mount A size=1", "proc p", "p open f A/x", "p mmap m 2 shared fd=f");

        var explanation = Explanation.Of(run, 5);

        explanation.Causes[^1].Routine.ShouldBe("hugepage_subpool_get_pages");
        explanation.Causes[^1].Why.ShouldContain("over the size of the mount");
        explanation.Remedy.ShouldBeNull();
    }

    [Fact]
    public async Task Explain_StepThatWentWell_ShowsWhichRoutinesMovedWhichCounters()
    {
        var run = await Run("pool 4", "proc p", "p mmap m 3 private", "p w m 0");

        var (map, store) = (Explanation.Of(run, 3), Explanation.Of(run, 4));

        map.Causes.ShouldBeEmpty();
        var reserved = map.Effects.ShouldHaveSingleItem();
        reserved.Path.ShouldBe(["hugetlb_reserve_pages", "hugetlb_acct_memory"]);
        reserved.Changes.ShouldBe([new CounterChange("resv", 0, 3)]);
        store.Effects.ShouldHaveSingleItem().Changes.ShouldBe([new CounterChange("free", 4, 3), new CounterChange("resv", 3, 2)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Explain_StepThatDoesNotExist_Throws(int step)
    {
        var run = await Run("pool 1");

        Should.Throw<ArgumentOutOfRangeException>(() => Explanation.Of(run, step));
    }

    private static async Task<RecordedRun> Run(params string[] lines)
    {
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return await RecordedRun.RunAsync(
            text, "test", new MachineOptions("7.3", 1, "parallel", 0, 1), TestMachines.Factory, inspects: true, TestContext.Current.CancellationToken);
    }

    private sealed class HeldPagesComparer : IEqualityComparer<HeldPages>
    {
        public bool Equals(HeldPages? x, HeldPages? y) =>
            (x?.Holder, x?.What, x?.Pages) == (y?.Holder, y?.What, y?.Pages) && x!.Steps.SequenceEqual(y!.Steps);

        public int GetHashCode(HeldPages held) => HashCode.Combine(held.Holder, held.What, held.Pages);
    }
}
