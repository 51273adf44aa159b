using Hugesim.Fuzzing;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Tests.Support;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Audit;

/// <summary>Random scenarios on the real grains: sound after every step, clean at the end, and the same whatever delivers the messages.</summary>
public sealed class RandomScenarioTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData("7.3", 1, 150)]
    [InlineData("7.3", 4, 100)]
    [InlineData("6.18.44", 2, 40)]
    [InlineData("6.18.15", 1, 40)]
    [InlineData("6.12", 2, 40)]
    [InlineData("6.1", 1, 40)]
    [InlineData("5.10", 1, 40)]
    [InlineData("4.10", 1, 40)]
    [InlineData("2.6.27", 2, 40)]
    [Trait("Row", "A2")]
    public async Task AnyScenario_RepairedKernel_IsSoundAfterEveryStepAndCleanAtTheEnd(string kernel, int nodes, int cases)
    {
        var machine = new MachineOptions(kernel + KernelProfile.RepairMark, nodes, "parallel", 0, 1);
        (await FuzzAsync(machine, null, nodes, cases)).Explained.ShouldBe(0);
    }

    [Theory]
    [InlineData("7.3", 1)]
    [InlineData("6.18.15", 2)]
    [InlineData("6.12", 1)]
    public async Task AnyScenario_KernelWithBugs_BreaksTheInvariantsOnlyByThoseBugs(string kernel, int nodes) =>
        await FuzzAsync(new MachineOptions(kernel, nodes, "parallel", 0, 1), kernel + KernelProfile.RepairMark, nodes, 60);

    [Fact]
    public async Task AnyScenario_OneSiloAndThree_GiveTheSameRecording()
    {
        var one = new MachineOptions("7.3", 2, "parallel", 0, 1);
        foreach (var seed in Seeds(60))
        {
            var lines = ScenarioGenerator.Generate(seed, Steps, one.Nodes);
            (await RecordAsync(lines, one with { Silos = 3 })).ShouldBe(await RecordAsync(lines, one), $"{Properties.SeedVariable}={seed}");
        }
    }

    /// <summary>A scenario gives one command at a time, so no schedule of the messages may show in what it records.</summary>
    [Fact]
    public async Task AnyScenario_DeterministicUnderAnySeed_GivesTheRecordingOfTheParallelScheduler()
    {
        Assert.SkipUnless(GrainHost.SupportsDeterministic, $"the {GrainHost.EngineName} engine has no deterministic scheduler");
        var parallel = new MachineOptions("7.3", 2, "parallel", 0, 1);
        foreach (var seed in Seeds(40))
        {
            var lines = ScenarioGenerator.Generate(seed, Steps, parallel.Nodes);
            var expected = await RecordAsync(lines, parallel);
            for (var silos = 1; silos <= 3; silos++)
            {
                var machine = parallel with { Scheduler = "deterministic", Seed = seed + silos, Silos = silos };
                (await RecordAsync(lines, machine)).ShouldBe(expected, $"{silos} silos, {Properties.SeedVariable}={seed}");
            }
        }
    }

    private static IEnumerable<int> Seeds(int count) => Enumerable.Range((int)(Properties.NextSeed() % (int.MaxValue / 2)), count);

    private static async Task<FuzzCounts> FuzzAsync(MachineOptions machine, string? repaired, int nodes, int cases)
    {
        var fuzzer = new ScenarioFuzzer(new AuditTrial(TestMachines.Factory, machine, repaired), Steps, nodes);
        foreach (var seed in Seeds(cases))
        {
            var finding = await fuzzer.NextAsync(seed, TestContext.Current.CancellationToken);
            finding.ShouldBeNull($"{Properties.SeedVariable}={seed}\n{finding?.Text}\n{string.Join('\n', finding?.Outcome.Fault?.Violations ?? [])}");
        }

        return fuzzer.Counts;
    }

    private static async Task<string> RecordAsync(IReadOnlyList<string> lines, MachineOptions options)
    {
        await using var run = await AuditedRun.StartAsync(options);
        foreach (var line in lines)
        {
            await run.StepAsync(line);
        }

        await run.TearDownAsync();
        return run.Describe();
    }
}
