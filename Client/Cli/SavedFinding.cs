using System.Globalization;
using Hugesim.Explore;
using Hugesim.Kernel;

namespace Hugesim.Cli;

/// <summary>The command line that runs a schedule again.</summary>
internal static class ReplayLine
{
    /// <summary>The line.</summary>
    public static string Of(string file, ExplorationMachine machine, ScheduleTrace trace)
    {
        var nodes = machine.Nodes == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" --nodes {machine.Nodes}");
        var silos = machine.Silos == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" --silos {machine.Silos}");
        return $"hugesim explore {file} --profile {machine.Profile}{nodes}{silos} --replay {trace}";
    }
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
                $"# {ReplayLine.Of(Path.GetFileName(scenario), plan.Machine, finding.ProgramTrace)}",
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
