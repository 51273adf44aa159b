using System.Text.RegularExpressions;
using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Tests.Scenarios;
using Hugesim.Tests.Truth;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Documents;

/// <summary>
/// 4.10 follows 5.10 in all that the reservation document does not say and the table of docs/kernels.md does not name: what was recorded on 5.10 holds for it, step by
/// step, where it uses nothing of that.
/// </summary>
public sealed partial class OlderKernelTests
{
    private const string Recorded = "5.10";

    /// <summary>Recordings of 5.10 that use neither calls that 4.10 has not, nor a reservation under a policy of the task.</summary>
    public static TheoryData<string> Recordings => [.. RecordingFiles.All.Where(name =>
        Folder(name) is { Profile: Recorded } && !LaterThan4_10().IsMatch(RecordingFiles.Read(name)))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Recording_Of5_10_HoldsFor4_10(string recording)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var machineOptions = new MachineOptions("4.10", Folder(recording)!.Nodes, "parallel", 0, 1);
        await using var machine = await TestMachines.Factory.CreateAsync(machineOptions, cancellationToken);
        var text = CgroupCounters().Replace(RecordingFiles.Read(recording), "");

        var verdict = await RecordingChecker.CheckAsync(RecordingFiles.ToStream(text), recording, machine, allDifferences: false, cancellationToken);

        verdict.Errors.ShouldBeEmpty();
        verdict.Agrees.ShouldBeTrue(string.Join('\n', verdict.Differences.Select(difference => $"{recording}:{difference.Line}: {difference.Command}")));
    }

    [Fact]
    public void Recordings_Of5_10_MostAreUsed() => Recordings.Count.ShouldBeGreaterThan(50);

    private static RecordingFolder? Folder(string name) => RecordingFolder.Parse(Path.GetFileName(Path.GetDirectoryName(name)!), TestConsole.Profiles);

    [GeneratedRegex(@"^> (\S+ )?(memfd|uffd|cgnew|cgset|cg |mempolicy bind)", RegexOptions.Multiline)]
    private static partial Regex LaterThan4_10();

    // The counters of cgroups end a line.
    [GeneratedRegex(@" \| cg(:\w+)?=[^\n]*")]
    private static partial Regex CgroupCounters();
}
