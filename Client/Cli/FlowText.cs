using System.Globalization;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.Cli;

/// <summary>Shows flows as trees for people: each message and kernel routine below the one that caused it, with what it worked on.</summary>
internal sealed class FlowText(StyledOutput output)
{
    private const string Prefix = "hugesim.";
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

        output.Write(string.Join("  ", Facts(span)));
        if (span.Failed)
        {
            output.Write("  " + (span.Cause ?? "failed"), Tone.Bad);
        }

        output.Line();
    }

    // Numbers as they are, and counters only where they changed.
    private static IEnumerable<string> Facts(RecordedSpan span)
    {
        foreach (var (key, value) in span.Tags.Where(tag => tag.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var name = key[Prefix.Length..];
            if (name.StartsWith("before.", StringComparison.Ordinal))
            {
                var counter = name["before.".Length..];
                var (before, after) = (span.Tag(key), span.Tag(Prefix + "after." + counter));
                if (before != after)
                {
                    yield return $"{counter} {before} -> {after}";
                }
            }
            else if (!name.StartsWith("after.", StringComparison.Ordinal) && key != KernelTracing.Tags.Cause && name != "silo")
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{name}={(value is long.MaxValue ? "end" : value)}");
            }
        }
    }
}
