using System.Globalization;
using Hugesim.Explore;
using Hugesim.Kernel;
using Hugesim.Model;

namespace Hugesim.Cli;

/// <summary>The command lines that show a schedule again.</summary>
internal static class ReplayLine
{
    /// <summary>The line that tells it, and those that open it as a trace and in the console.</summary>
    public static IReadOnlyList<(string Name, string Line)> All(string file, ExplorationMachine machine, ScheduleTrace trace) =>
    [
        ("replay", Of(file, machine, trace)),
        ("trace", $"hugesim trace {Rest(file, machine, trace)} -o trace.json"),
        ("console", $"hugesim console {Rest(file, machine, trace)}"),
    ];

    /// <summary>The line that tells it.</summary>
    public static string Of(string file, ExplorationMachine machine, ScheduleTrace trace) => $"hugesim explore {Rest(file, machine, trace)}";

    private static string Rest(string file, ExplorationMachine machine, ScheduleTrace trace)
    {
        var kernel = machine.Profile.Split(KernelBugs.BugMark);
        var bugs = string.Concat(kernel[1..].Select(bug => $" --bug {bug}"));
        var nodes = machine.Nodes == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" --nodes {machine.Nodes}");
        var silos = machine.Silos == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" --silos {machine.Silos}");
        return $"{Quoted(file)} --profile {kernel[0]}{bugs}{nodes}{silos} --replay {trace}";
    }

    private static string Quoted(string file) => file.All(c => char.IsLetterOrDigit(c) || "/._-:+,@".Contains(c, StringComparison.Ordinal))
        ? file
        : $"'{file.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary>Writes what an exploration found to a folder: the scenario, and its schedule as JSON.</summary>
internal static class SavedFinding
{
    /// <summary>Writes it and returns the scenario's path.</summary>
    public static string Write(string folder, ExplorationPlan plan, ScheduleFinding finding, ScheduleOutcome outcome, ScheduleStory story)
    {
        var name = finding.Program.File == "-" ? "input" : Path.GetFileNameWithoutExtension(finding.Program.File);
        var scenario = Path.Combine(folder, $"{name}-{finding.Failure.Kind.ToString().ToLowerInvariant()}.txt");
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllLines(scenario,
            [
                $"# {finding.Failure.Kind.ToString().ToLowerInvariant()}: {finding.Failure.Message.ReplaceLineEndings(" ")}",
                .. ReplayLine.All(Path.GetFileName(scenario), plan.Machine, finding.ProgramTrace).Select(replay => $"# {replay.Line}"),
                .. finding.Program.Lines,
            ]);
            using var writer = File.CreateText(Path.ChangeExtension(scenario, ".json"));
            new JsonLines(writer).Write(json => ScheduleJson.Write(json, finding.Program, plan.Machine, outcome, story));
            return scenario;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new KernelRefusedException(new KernelRefusal($"--save: {exception.Message}", "name a folder that can be written to"));
        }
    }
}
