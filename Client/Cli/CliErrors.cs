using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Writes messages to standard error.</summary>
internal static class CliErrors
{
    /// <summary>Writes errors in the input with their hints.</summary>
    public static void Write(CliConsole console, IReadOnlyList<ScenarioError> errors)
    {
        foreach (var error in errors)
        {
            Write(console, error.ToString());
            if (error.Hint is not null)
            {
                Write(console, "  hint: " + error.Hint);
            }
        }
    }

    /// <summary>Writes an exception that is a mistake in the program; nothing for null.</summary>
    public static void WriteFailure(CliConsole console, string where, Exception? exception)
    {
        if (exception is null)
        {
            return;
        }

        Write(console, $"{where}: internal error: {exception.Message}");
        Write(console, "  hint: this is a mistake in hugesim; please report it with the command line and these lines");
        foreach (var line in exception.ToString().Split('\n'))
        {
            Write(console, "  " + line.TrimEnd('\r'));
        }
    }

    /// <summary>Writes a line.</summary>
    public static void Write(CliConsole console, string message)
    {
        new StyledOutput(console.Error, useColor: false).Line(message);
        console.Error.Flush();
    }
}
