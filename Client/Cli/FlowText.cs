using System.Globalization;
using Hugesim.Explore;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.Cli;

/// <summary>Shows flows as trees for people: each message and kernel routine below the one that caused it, with what it worked on.</summary>
internal sealed class FlowText(StyledOutput output)
{
    private const int NameWidth = 44;

    /// <summary>Shows the flows of steps.</summary>
    /// <param name="run">The run that they belong to.</param>
    /// <param name="file">The scenario's name.</param>
    /// <param name="steps">The steps.</param>
    public void Write(RecordedRun run, string file, IReadOnlyList<RecordedStep> steps)
    {
        if (run.Schedule is { } schedule)
        {
            output.Write(file == "-" ? "standard input" : file, Tone.Strong).Line($"  kernel {run.Options.Profile}, schedule {schedule.Trace}", Tone.Faint);
        }

        foreach (var step in steps)
        {
            if (step.Delivery is { } delivery)
            {
                WriteDelivery(step, delivery);
            }
            else
            {
                WriteStep(step.Result);
                WriteSpans(step, steps.Count == 1);
            }

            output.Flush();
        }

        if (run.Schedule?.Failure is { } failure)
        {
            output.Line(failure.ToString(), Tone.Bad);
        }
    }

    // What a command of a block did stands at its deliveries, unless it is looked at alone.
    private void WriteSpans(RecordedStep step, bool isAlone)
    {
        foreach (var (span, depth) in SpanTree.Order(step.Spans))
        {
            if (depth > 0 && (step.BlockLine is null || isAlone))
            {
                WriteSpan(span, depth);
            }
        }
    }

    private void WriteDelivery(RecordedStep step, StoryDelivery delivery)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{step.Result.Number,4}  "), Tone.Faint).Write(delivery.IsSwitch ? "> " : "  ", Tone.Change)
            .Write($"{delivery.Thread,-8} ", Tone.Faint)
            .Write(FlowNames.Describe(delivery));
        WriteChanges(step.Result);
        output.Line();
        foreach (var span in step.Spans.Where(span => span.Source == KernelTracing.SourceName))
        {
            WriteSpan(span, 3);
        }
    }

    private void WriteStep(ScenarioStepResult step)
    {
        var answer = step.Answer.TrimEnd(' ');
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{step.Number,4}  "), Tone.Faint).Write(step.Command.Source.Text, Tone.Strong).Write("  ");
        output.Write(answer, StyledOutput.ToneOf(answer));
        WriteChanges(step);
        output.Line();
    }

    private void WriteChanges(ScenarioStepResult step)
    {
        var changes = CounterChanges.Between(step.Before, step.After);
        if (changes.Count > 0)
        {
            output.Write("  ").Write(string.Join(", ", changes), Tone.Change);
        }
    }

    private void WriteSpan(RecordedSpan span, int depth)
    {
        var isMessage = span.Source == TelemetrySources.Messages;
        var name = new string(' ', 4 + (2 * depth)) + span.Name;
        output.Write(name.PadRight(NameWidth), isMessage ? Tone.Faint : Tone.Plain).Write("  ");
        if (isMessage)
        {
            output.Write(span.Tag("orleans.rpc.target_id") ?? "", Tone.Faint);
        }

        output.Write(string.Join("  ", SpanFacts.Of(span)));
        if (span.Failed)
        {
            output.Write("  " + (span.Cause ?? "failed"), Tone.Bad);
        }

        output.Line();
    }
}
