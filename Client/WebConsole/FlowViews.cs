using System.Globalization;
using Hugesim.Explore;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.WebConsole;

/// <summary>Turns recorded steps into what the page draws.</summary>
internal static class FlowViews
{
    private const string Client = "client";
    private const string Silo = "hugesim.silo";

    /// <summary>A step in short.</summary>
    public static StepLine Line(RecordedStep recorded)
    {
        var step = recorded.Result;
        return new StepLine(
            step.Number, step.Command.Source.Line, step.Command.Source.Text, step.Answer.TrimEnd(' '), FlowNames.IsFailure(step.Answer),
            [.. CounterChanges.Between(step.Before, step.After).Select(change => change.ToString())], step.Deaths,
            recorded.Delivery is { } delivery
                ? new DeliveryLine(
                    delivery.Thread, FlowNames.Place(delivery.Source), FlowNames.Place(delivery.Target), MethodOf(delivery), delivery.IsAnswer, delivery.IsSwitch)
                : null);
    }

    /// <summary>The flow of a step.</summary>
    public static FlowView Flow(RecordedRun run, RecordedStep step)
    {
        var flow = Flow(step.Spans);
        if (step.Delivery is not { } delivery)
        {
            return flow;
        }

        var beside = run.DeliveriesBeside(step).ToArray();
        return flow with
        {
            Messages = [.. beside.Select(other => new MessageView(
                FlowNames.Place(other.Source), FlowNames.Place(other.Target), other.IsAnswer ? $"answer of {MethodOf(other)}" : MethodOf(other), false))],
            Now = Array.IndexOf(beside, delivery),
        };
    }

    private static string MethodOf(StoryDelivery delivery) => delivery.Method.Split('.')[^1];

    /// <summary>A flow as silos have kept it.</summary>
    public static FlowView Flow(GatheredFlow gathered) => Flow(gathered.Spans) with
    {
        Name = gathered.Spans.Count == 0 ? null : Line(gathered.Spans).Name,
        Missing = gathered.Missing,
    };

    private static FlowView Flow(IReadOnlyList<RecordedSpan> recorded)
    {
        var spans = SpanTree.Order(recorded);
        if (spans.Count == 0)
        {
            return new FlowView("", 0, [], []);
        }

        var start = spans[0].Span.Start;
        var isOnSeveral = recorded.Select(span => span.Tag(Silo)).OfType<string>().Distinct().Skip(1).Any();
        return new FlowView(
            spans[0].Span.TraceId,
            spans.Max(nested => (nested.Span.Start + nested.Span.Duration - start).TotalMicroseconds),
            [.. spans.Select(nested => new SpanView(
                nested.Span.Name, nested.Depth, (nested.Span.Start - start).TotalMicroseconds, nested.Span.Duration.TotalMicroseconds,
                nested.Span.Source == TelemetrySources.Messages, Grain(nested.Span) ?? "", [.. SpanFacts.Of(nested.Span), .. isOnSeveral ? Where(nested.Span) : []],
                nested.Span.Failed ? nested.Span.Cause ?? "failed" : null))],
            Messages(spans));
    }

    /// <summary>A flow in short: what began it, and the deepest reason why something in it failed.</summary>
    public static FlowLine Line(IReadOnlyList<RecordedSpan> spans)
    {
        var root = spans.MinBy(span => span.Start)!;
        var cause = spans.Where(span => span is { Failed: true, Cause: not null }).MaxBy(span => span.Start)?.Cause;
        return new FlowLine(
            root.TraceId, root.Tag("hugesim.command") ?? root.Name, root.Start, spans.Max(span => (span.Start + span.Duration - root.Start).TotalMicroseconds),
            spans.Count, cause);
    }

    /// <summary>Does a span belong to a message to a grain of the machine?</summary>
    public static bool IsOf(RecordedSpan span, string machine) =>
        span.Tag("orleans.rpc.target_id")?.Split('/') is { Length: > 1 } parts && parts[1] == machine;

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

    // Routines are where the message is that they are in.
    private static IEnumerable<string> Where(RecordedSpan message) => Grain(message) is not null && message.Tag(Silo) is { } silo ? [$"on {silo}"] : [];

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

    private static string? Grain(RecordedSpan span) => span.Tag("orleans.rpc.target_id") is { } target ? FlowNames.Place(target) : null;
}
