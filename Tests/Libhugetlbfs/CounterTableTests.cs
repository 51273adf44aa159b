using Shouldly;
using Xunit;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>The transition table of the suite's <c>counters</c> test.</summary>
public sealed class CounterTableTests
{
    [Fact]
    public void R29_CountersScenario_File_IsWhatTheRulesGive() =>
        File.ReadAllLines(Path.Combine(SuiteScenario.Folder, "counters.txt")).ShouldBe(CounterTable.Lines);

    [Fact]
    public void CountersScenario_Checks_EveryStepOfAllTwentyRuns()
    {
        // 17 operations in 4 pools times 5 surroundings; four of these map and unmap a page, and two touch it.
        CounterTable.Lines.Count(line => line.Contains(Expectation.Mark, StringComparison.Ordinal)).ShouldBe(4 * ((5 * 17) + (4 * 2) + 2));
    }

    [Fact]
    public void Rules_EachOperation_DoesWhatTheReservationDocumentSays()
    {
        var empty = new PoolRules(0, 0, 0, 0);

        empty.Map(2).ShouldBe(new PoolRules(2, 2, 2, 2), "a reservation without pages makes surplus");
        empty.Map(2).Resize(1).ShouldBe(new PoolRules(2, 2, 2, 1), "growing adopts surplus");
        empty.Map(2).Resize(3).ShouldBe(new PoolRules(3, 3, 2, 0), "then adds pages");
        empty.Map(2).Resize(3).Resize(2).ShouldBe(new PoolRules(2, 2, 2, 0), "shrinking gives up what is free and not reserved");
        empty.Map(2).Resize(3).Resize(0).ShouldBe(new PoolRules(2, 2, 2, 2), "and makes surplus of the rest");
        empty.Map(2).Touch(1).ShouldBe(new PoolRules(2, 1, 1, 2), "a touched page is neither free nor reserved");
        empty.Map(2).Touch(1).Unmap(2, 1).ShouldBe(empty, "surplus leaves with its mapping");
        new PoolRules(3, 3, 0, 0).Map(2).Touch(2).Unmap(2, 2).ShouldBe(new PoolRules(3, 3, 0, 0), "persistent pages stay");
    }
}
