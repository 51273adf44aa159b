using Hugesim.Load;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Finds workloads: those that come with the program, and files.</summary>
internal static class WorkloadFiles
{
    /// <summary>Reads a workload by its name or from a file.</summary>
    public static async Task<(WorkloadProfile? Profile, IReadOnlyList<ScenarioError> Errors)> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var (stream, error) = Open(name);
        if (stream is null)
        {
            return (null, [error!]);
        }

        await using (stream.ConfigureAwait(false))
        {
            return await WorkloadParser.ReadAsync(stream, name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Prints a workload.</summary>
    public static async Task<int> ShowAsync(string name, CliConsole console, CancellationToken cancellationToken)
    {
        var (stream, error) = Open(name);
        if (stream is null)
        {
            CliErrors.Write(console, [error!]);
            return ExitCodes.BadInput;
        }

        using var reader = new StreamReader(stream);
        var output = new StyledOutput(console);
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            output.Line(line);
        }

        return ExitCodes.Success;
    }

    private static (Stream? Stream, ScenarioError? Error) Open(string name)
    {
        if (BuiltInProfiles.Open(name) is { } builtIn)
        {
            return (builtIn, null);
        }

        if (File.Exists(name) || Directory.Exists(name) || name.Contains('/') || name.EndsWith(BuiltInProfiles.Ending, StringComparison.Ordinal))
        {
            return InputFiles.Open(name);
        }

        var similar = Suggestion.For(name, BuiltInProfiles.Names);
        var guess = similar is null ? "" : $"did you mean '{similar}'? ";
        return (null, new ScenarioError(name.Length == 0 ? "(no name)" : name, 0, 0, "no built-in workload and no file has this name",
            $"{guess}The built-in ones are {string.Join(", ", BuiltInProfiles.Names)}"));
    }
}
