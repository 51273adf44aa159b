using Hugesim.History;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Runs a scenario from the command line for commands that look at its whole history.</summary>
internal static class ScenarioHistory
{
    /// <summary>Runs it; null after an error that has been reported.</summary>
    public static async Task<RecordedRun?> RunAsync(
        CliConsole console, CliServices services, string file, MachineOptions machine, bool inspects, CancellationToken cancellationToken)
    {
        var (stream, error) = file == "-" ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            CliErrors.Write(console, [error!]);
            return null;
        }

        await using (stream.ConfigureAwait(false))
        {
            return await RecordedRun.RunAsync(stream, file, machine, services.Machines, inspects, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that a scenario has no such step.</summary>
    public static void ReportMissingStep(CliConsole console, string file, RecordedRun run, long step)
    {
        CliErrors.Write(console, run.Outcome.Errors);
        CliErrors.Write(console, $"{file}: there is no step {step}: the scenario has {run.Steps.Count} steps");
        CliErrors.Write(console, "  hint: steps are commands; comments and empty lines do not count");
    }

    /// <summary>Reports how the run ended and returns the exit code.</summary>
    public static int ExitCode(CliConsole console, string file, RecordedRun run)
    {
        console.Output.Flush();
        CliErrors.Write(console, run.Outcome.Errors);
        if (run.Outcome.Interrupted)
        {
            CliErrors.Write(console, $"{file}: interrupted after {(run.Outcome.Steps == 1 ? "1 step" : $"{run.Outcome.Steps} steps")}");
            return ExitCodes.Interrupted;
        }

        return run.Outcome.Errors.Count > 0 ? ExitCodes.BadInput : ExitCodes.Success;
    }
}
