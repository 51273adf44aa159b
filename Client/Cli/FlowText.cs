using System.Globalization;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.Cli;

/// <summary>Shows flows as trees for people: each message and kernel routine below the one that caused it, with what it worked on.</summary>
internal sealed class FlowText(StyledOutput output)
{
    private const int NameWidth = 44;

    /// <summary>Shows the flows of steps.</summary>
    public void Write(IEnumerable<RecordedStep> steps)
    {
        foreach (var step in steps)
        {
            WriteStep(step.Result);
            foreach (var (span, depth) in SpanTree.Order(SpanTree.WithoutCallers(step.Spans)))
            {
                if (depth > 0)
                {
                    WriteSpan(span, depth);
                }
            }

            output.Flush();
        }
    }

    private void WriteStep(ScenarioStepResult step)
    {
        var answer = step.Answer.TrimEnd(' ');
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{step.Number,4}  "), Tone.Faint).Write(step.Command.Source.Text, Tone.Strong).Write("  ");
        output.Write(answer, StyledOutput.ToneOf(answer));
        var changes = CounterChanges.Between(step.Before, step.After);
        if (changes.Count > 0)
        {
            output.Write("  ").Write(string.Join(", ", changes), Tone.Change);
        }

        output.Line();
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
