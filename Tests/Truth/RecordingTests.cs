using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Tests.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Truth;

/// <summary>What a real kernel answered, the simulated one answers too: every word and every counter.</summary>
public sealed class RecordingTests
{
    /// <summary>The recordings of all kernels: by hand, with several nodes, and random ones.</summary>
    public static TheoryData<string> Recordings => [.. RecordingFiles.All];

    /// <summary>The recordings of the newest kernel by hand.</summary>
    public static TheoryData<string> NewestRecordings => [.. RecordingFiles.All.Where(name => name.StartsWith("7.3", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public Task Machine_RecordedScenario_AnswersAsTheKernel(string recording) => Agrees(recording, silos: 1);

    [Theory]
    [MemberData(nameof(NewestRecordings))]
    public Task Machine_OnThreeSilos_AnswersAsTheKernel(string recording) => Agrees(recording, silos: 3);

    [Theory]
    [MemberData(nameof(NewestRecordings))]
    public async Task Machine_UnderTheDeterministicScheduler_AnswersAsTheKernelWhateverTheSeed(string recording)
    {
        Assert.SkipUnless(GrainHost.SupportsDeterministic, $"the {GrainHost.EngineName} engine has no deterministic scheduler");
        foreach (var (seed, silos) in new[] { (1L, 1), (2L, 3), (Random.Shared.NextInt64(), 3) })
        {
            await Agrees(recording, silos, "deterministic", seed);
        }
    }

    private static async Task Agrees(string recording, int silos, string scheduler = "parallel", long seed = 0)
    {
        var (profile, nodes) = Folder(recording);
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var machine = await TestMachines.Factory.CreateAsync(new MachineOptions(profile, nodes, scheduler, seed, silos), cancellationToken);
        await using var stream = File.OpenRead(Path.Combine(RecordingFiles.Root, recording));

        var verdict = await RecordingChecker.CheckAsync(stream, recording, machine, allDifferences: false, cancellationToken);

        verdict.Agrees.ShouldBeTrue($"{scheduler} scheduler, seed {seed}, {silos} silos\n{Describe(recording, verdict)}");
    }

    [Fact]
    public void Recordings_OfTheKernel_CoverHandwrittenNumaAndRandomScenarios()
    {
        var names = Recordings.Select(row => row.Data).ToArray();

        names.ShouldContain(name => name.StartsWith("7.3/", StringComparison.Ordinal));
        names.ShouldContain(name => name.StartsWith("7.3-numa2/", StringComparison.Ordinal));
        names.ShouldContain(name => name.StartsWith("random/7.3/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Describe_MachineWithOneWrongCounter_ShowsLineCommandAndBothValues()
    {
        const string Name = "7.3/34-minsize-5-3-2.out";
        var text = RecordingFiles.Read(Name);
        await using var machine = RecordingFiles.MachineOf(text.Replace("resv=5 ", "resv=6 ", StringComparison.Ordinal));

        var verdict = await RecordingChecker.CheckAsync(
            RecordingFiles.ToStream(text), Name, machine, allDifferences: false, TestContext.Current.CancellationToken);

        var message = Describe(Name, verdict);
        message.ShouldContain($"{Name}:10: p mmap s 5 shared fd=f");
        message.ShouldContain("  * resv        5         6\n");
        message.ShouldContain("    free        6         6\n");
    }

    private static RecordingFolder Folder(string name) =>
        RecordingFolder.Parse(Path.GetFileName(Path.GetDirectoryName(name)!), TestConsole.Profiles)
        ?? throw new InvalidOperationException($"{name} lies in no folder that is named like a kernel");

    private static string Describe(string name, RecordingVerdict verdict)
    {
        if (verdict.Errors.Count > 0)
        {
            return verdict.Errors[0].ToString();
        }

        return string.Concat(verdict.Differences.Select(difference =>
            $"{name}:{difference.Line}: {difference.Command}\n{string.Concat(SideBySide.Rows(difference).Select(row => row.Text + "\n"))}"));
    }
}
