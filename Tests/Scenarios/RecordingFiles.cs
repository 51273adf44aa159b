using System.Text;
using Hugesim.Scenarios;

namespace Hugesim.Tests.Scenarios;

/// <summary>Finds the recordings of real kernels and reads them as text.</summary>
internal static class RecordingFiles
{
    public static string Root { get; } = Path.Combine(RepositoryRoot(), "Tests", "Truth", "Recordings");

    /// <summary>All recordings, relative to <see cref="Root"/>, sorted.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Directory.EnumerateFiles(Root, "*.out", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal)];

    public static string Read(string name) => File.ReadAllText(Path.Combine(Root, name));

    public static Stream ToStream(string text) => new MemoryStream(Encoding.UTF8.GetBytes(text));

    /// <summary>A machine that says exactly what a recording says.</summary>
    public static ScriptedMachine MachineOf(string recording)
    {
        var lines = recording.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var answers = lines.Where(line => line.StartsWith(RecordingText.AnswerMark, StringComparison.Ordinal))
            .Select(line => RecordedAnswer.Parse(line[2..]));
        var end = lines.Single(RecordingText.IsEnd);
        var remainder = lines.FirstOrDefault(RecordingText.IsRemainder);
        var teardown = new TeardownResult(
            RecordedAnswer.Parse(end[2..]).Counters!,
            end.Contains(" LEAK?", StringComparison.Ordinal),
            remainder is null ? 0 : long.Parse(remainder[(remainder.LastIndexOf('=') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
        return new ScriptedMachine(answers, teardown);
    }

    /// <summary>The scenario of a recording: its comments and commands.</summary>
    public static string ScenarioOf(string recording) => string.Concat(recording.Split('\n')
        .Where(line => line.StartsWith('#') || line.StartsWith("> ", StringComparison.Ordinal))
        .Select(line => (line[0] == '>' ? line[2..] : line) + "\n"));

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} holds Distributed.sln");
        }

        return folder.FullName;
    }
}
