using System.CommandLine;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim run FILE...</c>: executes scenarios and shows what each step does.</summary>
internal sealed class RunCommand(CliServices services, CliConsole console)
{
    private bool _isBegun;

    private static readonly string[] Formats = ["text", "recording", "json"];

    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim run Client/Examples/5-3-2.txt
          hugesim run --profile 6.1 --nodes 2 numa.txt
          echo 'pool 4' | hugesim run --format recording -
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        var files = new Argument<string[]>("FILE")
        {
            Description = "Scenarios, each run on a fresh machine; - is standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        files.Validators.Add(CliOptions.RefuseUnknownOptions);
        options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        options.Nodes.Description += " The default is 1.";
        var format = CliOptions.Choice(
            "--format",
            "How to show the steps: text for people, recording as the recorder on a real kernel, json as one object a step.",
            Formats);
        var json = new Option<bool>("--json") { Description = "The same as --format json." };
        var command = new Command("run", "Run scenarios and show what each step answers and which counters it changes.")
        {
            files, options.Profile, options.Nodes, format, json, options.Scheduler, options.Seed, options.Silos,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(format) is { } other && other != "json")
            {
                result.AddError($"--json and --format {other} contradict each other: give one of them.");
            }
        });
        command.SetAction((result, cancellationToken) =>
        {
            var chosen = result.GetValue(json) ? "json" : result.GetValue(format) ?? "text";
            return RunAsync(result.GetValue(files)!, options.Machine(result), chosen, cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(string[] files, MachineOptions options, string format, CancellationToken cancellationToken)
    {
        var exitCode = ExitCodes.Success;
        foreach (var file in files)
        {
            var outcome = await RunFileAsync(file, options, format, cancellationToken).ConfigureAwait(false);
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

    private async Task<ScenarioOutcome> RunFileAsync(string file, MachineOptions options, string format, CancellationToken cancellationToken)
    {
        var isInput = file == "-";
        var (stream, error) = isInput ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            return new ScenarioOutcome(0, [error!], false);
        }

        try
        {
            var machine = await services.Machines.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            await using (machine.ConfigureAwait(false))
            {
                var scenario = ScenarioParser.ReadAsync(stream, file, cancellationToken);
                return await ScenarioRunner.RunAsync(
                    scenario, machine, Reporter(file, options, format), findAllErrors: !isInput, cancellationToken).ConfigureAwait(false);
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

    private IScenarioObserver Reporter(string file, MachineOptions options, string format)
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
