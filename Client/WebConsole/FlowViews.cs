using System.Globalization;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.WebConsole;

/// <summary>Turns recorded steps into what the page draws.</summary>
internal static class FlowViews
{
    private const string Client = "client";

    /// <summary>A step in short.</summary>
    public static StepLine Line(ScenarioStepResult step) => new(
        step.Number, step.Command.Source.Line, step.Command.Source.Text, step.Answer.TrimEnd(' '), FlowNames.IsFailure(step.Answer),
        [.. CounterChanges.Between(step.Before, step.After).Select(change => change.ToString())], step.Deaths);

    /// <summary>A flow.</summary>
    public static FlowView Flow(IReadOnlyList<RecordedSpan> recorded)
    {
        var spans = SpanTree.Order(SpanTree.WithoutCallers(recorded));
        if (spans.Count == 0)
        {
            return new FlowView("", 0, [], []);
        }

        var start = spans[0].Span.Start;
        return new FlowView(
            spans[0].Span.TraceId,
            spans[0].Span.Duration.TotalMicroseconds,
            [.. spans.Select(nested => new SpanView(
                nested.Span.Name, nested.Depth, (nested.Span.Start - start).TotalMicroseconds, nested.Span.Duration.TotalMicroseconds,
                nested.Span.Source == TelemetrySources.Messages, Grain(nested.Span) ?? "", [.. SpanFacts.Of(nested.Span)],
                nested.Span.Failed ? nested.Span.Cause ?? "failed" : null))],
            Messages(spans));
    }

    /// <summary>An explanation as sentences.</summary>
    public static ExplanationView Explain(RecordedRun run, int step)
    {
        var explanation = Explanation.Of(run, step);
        string Step(int number) => string.Create(
            CultureInfo.InvariantCulture,
            $"step {number} (line {run.Steps[number - 1].Result.Command.Source.Line}: {run.Steps[number - 1].Result.Command.Source.Text})");
        return new ExplanationView(
            [.. explanation.Causes.Select(cause => $"{cause.Routine}: {cause.Why}")],
            [.. explanation.Effects.Select(effect => $"{string.Join(", ", effect.Changes)} by {string.Join(" > ", effect.Path)}")],
            [.. explanation.Earlier.Select(earlier => $"{Step(earlier.Step)} {earlier.Why}")],
            [.. explanation.Held.Select(held => string.Create(
                CultureInfo.InvariantCulture, $"{held.Pages} {held.What}: {held.Holder}, since {string.Join(", ", held.Steps.Select(Step))}"))],
            explanation.Remedy);
    }

    private static MessageView[] Messages(IReadOnlyList<NestedSpan> spans)
    {
        var messages = new List<MessageView>();
        var open = new Stack<(int Depth, string Grain)>();
        foreach (var (span, depth) in spans)
        {
            while (open.TryPeek(out var above) && above.Depth >= depth)
            {
                open.Pop();
            }

            if (Grain(span) is { } grain)
            {
                messages.Add(new MessageView(open.TryPeek(out var caller) ? caller.Grain : Client, grain, span.Name.Split('/')[^1], span.Failed));
                open.Push((depth, grain));
            }
        }

        return [.. messages];
    }

    // The grain without the machine's name, which is the same everywhere: vma/m1/1/vma0 is "vma 1/vma0".
    private static string? Grain(RecordedSpan span)
    {
        if (span.Tag("orleans.rpc.target_id") is not { } target)
        {
            return null;
        }

        var parts = target.Split('/', 3);
        return parts.Length == 3 ? $"{parts[0]} {parts[2]}" : parts[0];
    }
}
