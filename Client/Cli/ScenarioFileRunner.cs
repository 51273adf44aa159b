using System.CommandLine;
using System.CommandLine.Parsing;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>The options that say how a run is shown.</summary>
internal sealed class ViewOptions
{
    private static readonly string[] Formats = ["text", "recording", "json"];

    public Option<string?> Format { get; } = CliOptions.Choice(
        "--format",
        "How to show the steps: text for people, recording as the recorder on a real kernel, json as one object a step.",
        Formats);

    public Option<bool> Json { get; } = new("--json") { Description = "The same as --format json." };

    /// <summary>Refuses two formats at a time.</summary>
    public void RefuseContradiction(CommandResult result)
    {
        if (result.GetValue(Json) && result.GetValue(Format) is { } other && other != "json")
        {
            result.AddError($"--json and --format {other} contradict each other: give one of them.");
        }
    }

    /// <summary>The format that the options ask for.</summary>
    public string Chosen(ParseResult result) => result.GetValue(Json) ? "json" : result.GetValue(Format) ?? "text";
}

/// <summary>Runs scenarios, each on a fresh machine, and shows them.</summary>
/// <param name="console">Where to read from and write to.</param>
/// <param name="create">Makes the machines.</param>
/// <param name="options">What is said of the machines.</param>
/// <param name="format">The view: <c>text</c>, <c>recording</c> or <c>json</c>.</param>
internal sealed class ScenarioFileRunner(
    CliConsole console, Func<CancellationToken, ValueTask<IScenarioMachine>> create, MachineOptions options, string format)
{
    private bool _isBegun;

    /// <summary>Runs the files, each on a fresh machine, and returns the exit code.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var exitCode = ExitCodes.Success;
        foreach (var file in files)
        {
            var outcome = await RunFileAsync(file, cancellationToken).ConfigureAwait(false);
            console.Output.Flush();
            CliErrors.Write(console, outcome.Errors);
            if (outcome.Interrupted)
            {
                CliErrors.Write(console, $"{file}: interrupted after {(outcome.Steps == 1 ? "1 step" : $"{outcome.Steps} steps")}");
                return ExitCodes.Interrupted;
            }

            exitCode = outcome.Errors.Count > 0 ? ExitCodes.BadInput : exitCode;
        }

        return exitCode;
    }

    private async Task<ScenarioOutcome> RunFileAsync(string file, CancellationToken cancellationToken)
    {
        var isInput = file == "-";
        var (stream, error) = isInput ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            return new ScenarioOutcome(0, [error!], false);
        }

        try
        {
            var machine = await create(cancellationToken).ConfigureAwait(false);
            await using (machine.ConfigureAwait(false))
            {
                var scenario = ScenarioParser.ReadAsync(stream, file, cancellationToken);
                return await ScenarioRunner.RunAsync(
                    scenario, machine, Reporter(file), findAllErrors: !isInput, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new ScenarioOutcome(0, [], true);
        }
        finally
        {
            if (!isInput)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private IScenarioObserver Reporter(string file)
    {
        if (format == "text" && _isBegun)
        {
            console.Output.Write('\n');
        }

        _isBegun = true;
        return format switch
        {
            "json" => new JsonRunReporter(console.Output, file, options),
            "recording" => new RecordingRunReporter(console.Output),
            _ => new TextRunReporter(new StyledOutput(console), file, options),
        };
    }
}
