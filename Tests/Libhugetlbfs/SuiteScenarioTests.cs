using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>
/// Row R29: what each test of the libhugetlbfs suite demands of a kernel's huge pages holds on the simulated one. The verdicts come from the suite.
/// </summary>
public sealed class SuiteScenarioTests
{
    /// <summary>Every scenario on every kernel that it is for, with and without the kernel's accounting bugs.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var scenario in SuiteScenario.Names.Select(SuiteScenario.Read))
            {
                foreach (var kernel in KernelProfiles.All.Concat(KernelProfiles.AllRepaired).DistinctBy(kernel => kernel.Name).Where(scenario.AppliesTo))
                {
                    cases.Add(scenario.Name, kernel.Name);
                }
            }

            return cases;
        }
    }

    /// <summary>The scenarios as a real kernel, 6.18.44, answered them.</summary>
    public static TheoryData<string> Recordings =>
        [.. RecordingFiles.All.Where(name => name.StartsWith(Path.Combine("libhugetlbfs", "6.18.44") + Path.DirectorySeparatorChar, StringComparison.Ordinal))];

    /// <summary>Every scenario.</summary>
    public static TheoryData<string> Names => [.. SuiteScenario.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task R29_SuiteScenario_OnEachKernel_HasTheSuitesVerdict(string scenario, string kernel) =>
        Passes(scenario, new MachineOptions(kernel, 1, "parallel", 0, 1));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task R29_SuiteScenario_UnderTheDeterministicScheduler_HasTheSuitesVerdictWhateverTheSeed(string scenario)
    {
        Assert.SkipUnless(GrainHost.SupportsDeterministic, $"the {GrainHost.EngineName} engine has no deterministic scheduler");
        Assert.SkipUnless(SuiteScenario.Read(scenario).AppliesTo(KernelProfiles.Newest), "another kernel's");
        foreach (var seed in new[] { 1, 2, Random.Shared.NextInt64() })
        {
            await Passes(scenario, new MachineOptions(KernelProfiles.Newest.Name, 1, "deterministic", seed, 3));
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task R29_RecordingOfARealKernel_HoldsTheSameScenarioAndTheSuitesVerdict(string recording)
    {
        var text = RecordingFiles.Read(recording);
        var scenario = SuiteScenario.Read(Path.GetFileNameWithoutExtension(recording));
        RecordingFiles.ScenarioOf(text).ReplaceLineEndings("\n").ShouldBe(scenario.Text);

        await using var kernel = RecordingFiles.MachineOf(text);
        var failures = await scenario.RunAsync(kernel);

        failures.ShouldBeEmpty(string.Join('\n', failures));
    }

    [Fact]
    public void Recordings_OfARealKernel_AreThereForEveryScenarioThatIsForIt()
    {
        var kernel = KernelProfiles.Get("6.18.44");
        Recordings.Select(row => Path.GetFileNameWithoutExtension(row.Data))
            .ShouldBe(SuiteScenario.Names.Where(name => SuiteScenario.Read(name).AppliesTo(kernel)), ignoreOrder: true);
    }

    [Fact]
    public async Task RunAsync_ScenarioWithWrongExpectations_NamesEachLineAndWhatWasWrong()
    {
        var scenario = SuiteScenario.Parse("wrong", [
            "pool 2                  #< | nr=3",
            "mount A size=1          #< | A=1/0",
            "proc p",
            "p open f A/x",
            "p mmap m 2 shared fd=f",
            "p mmap m 1 shared fd=f  #< EINVAL | resv=0",
            "p w m 0",
            "p r m 0                 #< ok val=2",
        ]);

        var failures = await scenario.RunAsync(await Machine(new MachineOptions("7.3", 1, "parallel", 0, 1)));

        failures.Select(failure => failure[(failure.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]).ShouldBe([
            "nr is 2 instead of 3",
            "A is 1/1 instead of 1/0",
            "answered 'ENOMEM' instead of 'ok'",
            "answered 'ok' instead of 'EINVAL'",
            "resv is 1 instead of 0",
            "answered 'ok val=1' instead of 'ok val=2'",
        ]);
    }

    private static async Task Passes(string name, MachineOptions options)
    {
        await using var machine = await Machine(options);
        var failures = await SuiteScenario.Read(name).RunAsync(machine);
        failures.ShouldBeEmpty($"{options.Profile}, seed {options.Seed}\n{string.Join('\n', failures)}");
    }

    private static ValueTask<IScenarioMachine> Machine(MachineOptions options) =>
        TestMachines.Factory.CreateAsync(options, TestContext.Current.CancellationToken);
}
