using System.CommandLine;
using System.Globalization;
using Hugesim.History;

namespace Hugesim.Cli;

/// <summary><c>hugesim explain FILE --step N</c>: why a step failed, or changed what it changed.</summary>
internal sealed class ExplainCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim explain Client/Examples/fork-cow.txt --step 8
          hugesim explain Client/Examples/fork-cow.txt
          hugesim explain Client/Examples/needs-commit-race.txt --replay 4:1 --step 20
        """;

    private readonly Option<long?> _step = CliOptions.Number("--step", "The step; without it, every step that failed.", 1, int.MaxValue);

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a step." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var file = CliOptions.Scenario();
        var command = new Command(
            "explain", "Run a scenario and explain a step: the chain of causes down to the counters, and the earlier steps that took the pages.")
        {
            file, _step, _json,
        };
        var options = new ScheduleOptions(services);
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
            await options.ForwardAsync(console, result, [file], cancellationToken).ConfigureAwait(false)
            ?? await RunAsync(result.GetValue(file)!, options.Of(result), (int?)result.GetValue(_step), result.GetValue(_json), cancellationToken).ConfigureAwait(false));
        return command;
    }

    private async Task<int> RunAsync(string file, HistoryRequest request, int? step, bool json, CancellationToken cancellationToken)
    {
        var run = await ScenarioHistory.RunAsync(console, services, file, request, inspects: true, cancellationToken).ConfigureAwait(false);
        if (run is null)
        {
            return ExitCodes.BadInput;
        }

        if (step > run.Steps.Count)
        {
            ScenarioHistory.ReportMissingStep(console, file, run, step.Value);
            return ExitCodes.BadInput;
        }

        int[] numbers = step is { } one
            ? [one]
            : [.. run.Steps.Where(recorded => FlowNames.IsFailure(recorded.Result.Answer)).Select(recorded => recorded.Result.Number)];
        if (numbers.Length == 0 && !json && run.Outcome.Errors.Count == 0)
        {
            new StyledOutput(console).Line(string.Create(CultureInfo.InvariantCulture, $"{file}: none of the {run.Steps.Count} steps failed; name one with --step"));
        }

        foreach (var number in numbers)
        {
            var explanation = Explanation.Of(run, number);
            if (json)
            {
                ExplanationJson.Write(new JsonLines(console.Output), file, run, explanation);
            }
            else
            {
                new ExplanationText(new StyledOutput(console), run).Write(explanation);
            }
        }

        if (run.Schedule?.Failure is { } failure && !json)
        {
            new StyledOutput(console).Line(failure.ToString(), Tone.Bad);
        }

        return ScenarioHistory.ExitCode(console, file, run);
    }
}
