using Hugesim.Explore;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Reads a whole scenario from a file or from standard input.</summary>
internal static class ScenarioText
{
    /// <summary>Reads it; what is wrong is told with file, line and column.</summary>
    public static async Task<(ScenarioProgram? Program, IReadOnlyList<ScenarioError> Errors)> ReadAsync(
        CliConsole console, string file, CancellationToken cancellationToken)
    {
        var isInput = file == "-";
        var (stream, error) = isInput ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            return (null, [error!]);
        }

        try
        {
            return await ReadAsync(stream, file, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!isInput)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads it from a stream.</summary>
    public static async Task<(ScenarioProgram? Program, IReadOnlyList<ScenarioError> Errors)> ReadAsync(
        Stream stream, string file, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var reader = new InputLineReader(stream, file, ScenarioLimits.LineLength);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Error is { } bad)
            {
                return (null, [bad]);
            }

            lines.Add(line.Text);
        }

        return ScenarioProgram.Parse(file, lines);
    }
}
