using Hugesim.Scenarios;
using Hugesim.Tests.Audit;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>A scenario gives one command at a time, so no schedule of the messages may show in what it records.</summary>
public sealed class RandomScheduleTests
{
    [Fact]
    public void AnyScenario_DeterministicUnderAnySeed_GivesTheRecordingOfTheParallelScheduler() => Properties.Check(RandomScenarioTests.Scenarios, 40, draws =>
    {
        var parallel = new MachineOptions("7.3", 1, "parallel", 0, 1);
        var expected = RandomScenarioTests.RecordAsync(draws, parallel).GetAwaiter().GetResult();
        for (var seed = 1; seed <= 3; seed++)
        {
            var machine = parallel with { Scheduler = "deterministic", Seed = seed, Silos = seed };
            RandomScenarioTests.RecordAsync(draws, machine).GetAwaiter().GetResult().ShouldBe(expected, $"seed {seed}");
        }
    });
}
