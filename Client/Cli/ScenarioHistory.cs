using Hugesim.Explore;
using Hugesim.History;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Runs a scenario from the command line for commands that look at its whole history.</summary>
internal static class ScenarioHistory
{
    /// <summary>Runs it; null after an error that has been reported.</summary>
    public static async Task<RecordedRun?> RunAsync(
        CliConsole console, CliServices services, string file, HistoryRequest request, bool inspects, CancellationToken cancellationToken)
    {
        var (stream, error) = file == "-" ? (await ReadAllAsync(console.Input, cancellationToken).ConfigureAwait(false), null) : InputFiles.Open(file);
        if (stream is null)
        {
            CliErrors.Write(console, [error!]);
            return null;
        }

        await using (stream.ConfigureAwait(false))
        {
            var (program, errors) = await ScenarioText.ReadAsync(stream, file, cancellationToken).ConfigureAwait(false);
            if (program is { HasBlocks: true } || request.Schedule is not null)
            {
                CliErrors.Write(console, errors);
                return program is null ? null : RunSchedule(console, services, program, request);
            }

            stream.Position = 0;
            return await RecordedRun.RunAsync(stream, file, request.Machine, services.Machines, inspects, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that a scenario has no such step.</summary>
    public static void ReportMissingStep(CliConsole console, string file, RecordedRun run, long step)
    {
        CliErrors.Write(console, run.Outcome.Errors);
        CliErrors.Write(console, $"{file}: there is no step {step}: the scenario has {run.Steps.Count} steps");
        CliErrors.Write(console, "  hint: steps are commands, and in a parallel block deliveries and answers; comments and empty lines do not count");
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

        return run.Outcome.Errors.Count > 0 ? ExitCodes.BadInput : run.Schedule?.Failure is null ? ExitCodes.Success : ExitCodes.Differs;
    }

    private static RecordedRun? RunSchedule(CliConsole console, CliServices services, ScenarioProgram program, HistoryRequest request)
    {
        if ((request.Machine.Cluster ?? services.Cluster) is not null)
        {
            CliErrors.Write(console, [ScenarioRunner.RefuseBlock(program.Parts.First(part => part.Block is not null).Block!.Source)]);
            return null;
        }

        if (!ScheduleRunner.IsSupported)
        {
            ScheduleOptions.RefuseEngine(console, $"{program.File}: parallel blocks");
            return null;
        }

        var machine = new ExplorationMachine(request.Machine.Profile, request.Machine.Nodes, request.Machine.Silos);
        IScheduleStrategy strategy = request is { Schedule: null, Seed: { } seed } ? new RandomStrategy(seed) : new ReplayStrategy(request.Schedule ?? ScheduleTrace.Empty);
        return ScheduleExplorer.Record(program, machine, strategy);
    }

    // What comes from a pipe cannot be read twice.
    private static async Task<Stream> ReadAllAsync(Stream input, CancellationToken cancellationToken)
    {
        var copy = new MemoryStream();
        await input.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
        copy.Position = 0;
        return copy;
    }
}
