using Hugesim.Fuzzing;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Fuzzing;

/// <summary>Scenarios are made shorter while they keep what matters.</summary>
public sealed class ScenarioShrinkerTests
{
    private const int Budget = 2000;

    [Fact]
    public async Task Shrink_TwoLinesMatter_KeepsThemAndWhatTheyNeed()
    {
        string[] lines =
        [
            "pool 8", "mount A size=4", "proc p", "proc q", "p mmap m 3 private", "q mmap m 2 shared", "q w m 0", "p w m 0..2 7", "counters",
            "p fork c", "c w m 1", "q munmap m", "p munmap m", "umount A",
        ];

        var shortest = await Shrink(lines, candidate => Has(candidate, "c w m") && Has(candidate, "p munmap m"));

        shortest.ShouldBe(["proc p", "p mmap m 0 private", "p fork c", "c w m 0", "p munmap m"]);
    }

    [Fact]
    public async Task Shrink_AnyScenario_TriesOnlyWellFormedCandidates()
    {
        var lines = ScenarioGenerator.Generate(5, 40);

        await Shrink(lines, candidate =>
        {
            WellFormedScenario.Keep(candidate).Count.ShouldBe(candidate.Count);
            return candidate.Count > 12;
        });
    }

    [Fact]
    public async Task Shrink_WordsThatDoNotMatter_AreLeftOutOrMadeSmaller()
    {
        var shortest = await Shrink(
            ["pool 9", "proc p", "p mmap m 8 private noreserve populate", "p r m 2..5"],
            candidate => candidate.Any(line => line.EndsWith("populate", StringComparison.Ordinal)) && Has(candidate, "p r m 5"));

        shortest.ShouldBe(["proc p", "p mmap m 0 private populate", "p r m 5"]);
    }

    [Fact]
    public async Task Shrink_BudgetIsSpent_StopsWithTheBestSoFar()
    {
        var shrinker = new ScenarioShrinker(candidate => ValueTask.FromResult(Has(candidate, "proc")), budget: 3);

        var lines = await shrinker.ShrinkAsync(["pool 1", "pool 2", "pool 3", "proc p", "pool 4"]);

        lines.ShouldContain("proc p");
        shrinker.Tried.ShouldBe(3);
    }

    [Fact]
    public void Keep_LineThatUsesWhatABadLineMakes_IsLeftOut() =>
        WellFormedScenario.Keep(["proc p", "p mmap m 1 wrong", "p r m 0", "p status"]).ShouldBe(["proc p", "p status"]);

    private static bool Has(IReadOnlyList<string> lines, string start) => lines.Any(line => line.StartsWith(start, StringComparison.Ordinal));

    private static async Task<IReadOnlyList<string>> Shrink(IReadOnlyList<string> lines, Func<IReadOnlyList<string>, bool> holds) =>
        await new ScenarioShrinker(candidate => ValueTask.FromResult(holds(candidate)), Budget).ShrinkAsync(lines);
}
