using Hugesim.Load;
using Hugesim.Plan;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Reads what is to be planned: a workload, or a scenario.</summary>
internal static class PlanInput
{
    private static readonly string[] WorkloadWords = ["process", "about", "nodes"];

    /// <summary>Reads a file or a built-in workload.</summary>
    /// <param name="name">The name.</param>
    /// <param name="processes">Processes of a workload.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The scenario and the nodes of its machine, or what is wrong.</returns>
    public static async Task<(PlanScenario? Scenario, int Nodes, IReadOnlyList<ScenarioError> Errors)> ReadAsync(
        string name, long processes, CancellationToken cancellationToken)
    {
        var lines = BuiltInProfiles.Names.Contains(name) ? null : await LinesAsync(name, cancellationToken).ConfigureAwait(false);
        if (lines is null || lines.Any(IsOfWorkload))
        {
            var (profile, errors) = await WorkloadFiles.ReadAsync(name, cancellationToken).ConfigureAwait(false);
            return profile is null ? (null, 1, errors) : OfWorkload(profile, processes);
        }

        return (PlanScenario.Parse(name, lines, out var wrong), 1, wrong);
    }

    private static (PlanScenario? Scenario, int Nodes, IReadOnlyList<ScenarioError> Errors) OfWorkload(WorkloadProfile profile, long processes) =>
        Population.Share(profile, processes, out var population) is { } wrong
            ? (null, 1, [wrong])
            : (PlanScenario.Parse(profile.Name, WorstCase.Lines(profile, population), out var errors), profile.Nodes, errors);

    private static bool IsOfWorkload(string line)
    {
        var word = line.TrimStart(' ', '\t').Split(' ', '\t')[0];
        return WorkloadWords.Contains(word);
    }

    // Null where there is no such file to read, or no text in it: what is wrong then is said by whoever opens it as a workload.
    private static async Task<string[]?> LinesAsync(string name, CancellationToken cancellationToken)
    {
        if (InputFiles.Open(name).Stream is not { } stream)
        {
            return null;
        }

        try
        {
            using var reader = new StreamReader(stream);
            var text = await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
