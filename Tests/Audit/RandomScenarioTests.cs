using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Audit;

/// <summary>Random scenarios on the real grains: sound after every step, clean at the end, and the same on one silo and on three.</summary>
public sealed class RandomScenarioTests
{
    private const int MostSteps = 100;

    internal static Arbitrary<Draw[]> Scenarios => Properties.Sequences(
        from what in Gen.Choose(0, 100_000)
        from a in Gen.Choose(0, 10_000)
        from b in Gen.Choose(0, 10_000)
        from c in Gen.Choose(0, 10_000)
        from d in Gen.Choose(0, 10_000)
        select new Draw(what, a, b, c, d),
        MostSteps);

    [Theory]
    [InlineData("7.3+repair", 1, 250)]
    [InlineData("7.3+repair", 3, 100)]
    [InlineData("6.18.15+repair", 1, 60)]
    [InlineData("6.12+repair", 1, 60)]
    [InlineData("6.1+repair", 1, 60)]
    [InlineData("5.10+repair", 1, 60)]
    [InlineData("4.10+repair", 1, 60)]
    [InlineData("2.6.27+repair", 1, 60)]
    [InlineData("2.6.27+repair", 2, 30)]
    [Trait("Row", "A2")]
    public void AnyScenario_RepairedKernel_IsSoundAfterEveryStepAndCleanAtTheEnd(string profile, int nodes, int cases) =>
        Properties.Check(Scenarios, cases, draws => PlayAsync(draws, profile, nodes).GetAwaiter().GetResult());

    [Fact]
    public void AnyScenario_OneSiloAndThree_GiveTheSameRecording() => Properties.Check(Scenarios, 60, draws =>
    {
        var one = new MachineOptions("7.3", 1, "parallel", 0, 1);
        RecordAsync(draws, one with { Silos = 3 }).GetAwaiter().GetResult().ShouldBe(RecordAsync(draws, one).GetAwaiter().GetResult());
    });

    private static async Task PlayAsync(Draw[] draws, string profile, int nodes)
    {
        await using var run = await AuditedRun.StartAsync(new MachineOptions(profile, nodes, "parallel", 0, 1));
        var writer = new ScenarioWriter(nodes);
        foreach (var draw in draws)
        {
            await StepAsync(run, writer.Next(draw));
            (await run.AuditAsync()).ShouldBeEmpty(run.Describe());
        }

        var end = await run.TearDownAsync();
        var counters = end.Counters;
        (counters.Free, counters.Resv).ShouldBe((counters.Nr, 0), run.Describe());
        if (nodes == 1 && KernelProfiles.Get(profile).ShrinkKeepsPersistentOnly)
        {
            // Older kernels, and several nodes, can be left with surplus pages that are free.
            (end.Leak, end.RemainingPoolPages).ShouldBe((false, 0), run.Describe());
        }

        (await run.AuditAsync()).ShouldBeEmpty(run.Describe());
    }

    internal static async Task<string> RecordAsync(Draw[] draws, MachineOptions options)
    {
        await using var run = await AuditedRun.StartAsync(options);
        var writer = new ScenarioWriter();
        foreach (var draw in draws)
        {
            await StepAsync(run, writer.Next(draw));
        }

        await run.TearDownAsync();
        return run.Describe();
    }

    private static async Task StepAsync(AuditedRun run, ScenarioWriter.Line line)
    {
        try
        {
            line.Learn(await run.StepAsync(line.Text));
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"'{line.Text}' failed: {failure.Message}{run.Describe()}", failure);
        }
    }
}
