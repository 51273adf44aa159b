using System.CommandLine;
using System.Text.Json;
using Hugesim.History;
using Hugesim.Telemetry;

namespace Hugesim.Cli;

/// <summary><c>hugesim trace FILE</c>: runs a scenario and shows the messages and kernel routines of each step, or writes them for Jaeger.</summary>
internal sealed class TraceCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim trace Client/Examples/5-3-2.txt --step 5
          hugesim trace Client/Examples/5-3-2.txt -o trace.json
          hugesim trace Client/Examples/5-3-2.txt --format otlp -o trace.json
          hugesim trace Client/Examples/needs-commit-race.txt --replay 4:1
        """;

    private static readonly string[] Formats = ["jaeger", "otlp"];

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Write the traces, one for each step, to this file instead of showing them.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _format = CliOptions.Choice(
        "--format", "What to write: jaeger, which Jaeger's UI opens, or otlp, the OpenTelemetry protocol as JSON. The default is jaeger.", Formats);

    private readonly Option<long?> _step = CliOptions.Number("--step", "Only this step.", 1, int.MaxValue);

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var file = CliOptions.Scenario();
        var command = new Command("trace", "Run a scenario and show each step as a flow: its messages between grains and the kernel routines in them.")
        {
            file, _output, _format, _step,
        };
        var options = new ScheduleOptions(services);
        options.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_format) is not null && result.GetValue(_output) is null)
            {
                result.AddError("--format belongs to --output: name a file to write to.");
            }
        });
        command.SetAction(async (result, cancellationToken) =>
            await options.ForwardAsync(console, result, [file, _output], cancellationToken).ConfigureAwait(false)
            ?? await RunAsync(
                result.GetValue(file)!, options.Of(result), result.GetValue(_output), result.GetValue(_format) ?? Formats[0], result.GetValue(_step), cancellationToken)
                .ConfigureAwait(false));
        return command;
    }

    private async Task<int> RunAsync(
        string file, HistoryRequest request, string? output, string format, long? step, CancellationToken cancellationToken)
    {
        if (output is not null && ReportFile.WhyNot(output) is { } wrong)
        {
            CliErrors.Write(console, [wrong]);
            return ExitCodes.BadInput;
        }

        var run = await ScenarioHistory.RunAsync(console, services, file, request, inspects: false, cancellationToken).ConfigureAwait(false);
        if (run is null)
        {
            return ExitCodes.BadInput;
        }

        var steps = run.Steps.Where(recorded => step is null || recorded.Result.Number == step).ToArray();
        if (steps.Length == 0 && step is not null)
        {
            ScenarioHistory.ReportMissingStep(console, file, run, step.Value);
            return ExitCodes.BadInput;
        }

        if (output is null)
        {
            new FlowText(new StyledOutput(console)).Write(run, file, steps);
        }
        else
        {
            Write(output, format, steps.SelectMany(recorded => recorded.Spans).DistinctBy(span => span.SpanId));
        }

        return ScenarioHistory.ExitCode(console, file, run);
    }

    private void Write(string path, string format, IEnumerable<RecordedSpan> spans)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            if (format == "otlp")
            {
                OtlpJson.Write(json, JaegerQueryApi.Service, spans);
            }
            else
            {
                JaegerJson.Write(json, JaegerQueryApi.Service, spans);
            }
        }

        ReportFile.Write(path, buffer.ToArray());
        CliErrors.Write(console, $"{path}: {(format == "otlp" ? "OTLP JSON" : "open it in Jaeger's UI with Upload")}");
    }
}
