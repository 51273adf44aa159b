using System.Globalization;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>A routine that failed on the way to a failure, from the outermost to the one that decided.</summary>
/// <param name="Routine">The kernel routine.</param>
/// <param name="Error">The errno or signal, or null.</param>
/// <param name="Why">The reason, with numbers.</param>
public sealed record Cause(string Routine, string? Error, string Why);

/// <summary>A routine that changed the pool's counters.</summary>
/// <param name="Path">The kernel routines from the outermost to this one.</param>
/// <param name="Changes">The counters that it changed.</param>
public sealed record Effect(IReadOnlyList<string> Path, IReadOnlyList<CounterChange> Changes);

/// <summary>An earlier step that made this one what it is.</summary>
/// <param name="Step">Its number.</param>
/// <param name="Why">What it did.</param>
public sealed record EarlierStep(int Step, string Why);

/// <summary>Pages that were not available, under the names of the scenario.</summary>
/// <param name="Holder">Who has them.</param>
/// <param name="What">In use, or promised.</param>
/// <param name="Pages">How many.</param>
/// <param name="Steps">The steps that gave them to him.</param>
public sealed record HeldPages(string Holder, string What, long Pages, IReadOnlyList<int> Steps);

/// <summary>Why a step failed, or changed what it changed.</summary>
/// <param name="Step">The step.</param>
/// <param name="Causes">Why it failed; empty if it did not.</param>
/// <param name="Effects">What changed the pool's counters, in order.</param>
/// <param name="Earlier">Earlier steps that this one depends on.</param>
/// <param name="Held">For a failure: who had the pages when it happened.</param>
/// <param name="Remedy">For a failure: what would have been enough, or null.</param>
public sealed record Explanation(
    RecordedStep Step, IReadOnlyList<Cause> Causes, IReadOnlyList<Effect> Effects, IReadOnlyList<EarlierStep> Earlier, IReadOnlyList<HeldPages> Held,
    string? Remedy)
{
    private static readonly string[] Counters = ["nr", "free", "resv", "surplus"];

    /// <summary>Explains a step of a run that was looked into.</summary>
    /// <param name="run">The run.</param>
    /// <param name="number">The step's number from 1.</param>
    public static Explanation Of(RecordedRun run, int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, run.Steps.Count);
        var step = run.Steps[number - 1];
        var spans = SpanTree.Order(step.Spans);
        var causes = FlowNames.IsFailure(step.Result.Answer)
            ? spans.Where(nested => nested.Span is { Failed: true, Source: KernelTracing.SourceName })
                .Select(nested => new Cause(nested.Span.Name, nested.Span.Tag(KernelTracing.Tags.Error), nested.Span.Cause ?? ""))
                .ToArray()
            : [];
        var earlier = WhoTookThePage(run, step);
        return new Explanation(step, causes, FindEffects(spans), earlier, causes.Length > 0 ? FindHeld(run, number) : [], Remedies.Of(step, causes));
    }

    private static Effect[] FindEffects(IReadOnlyList<NestedSpan> spans)
    {
        var effects = new List<Effect>();
        var open = new Stack<NestedSpan>();
        foreach (var nested in spans)
        {
            while (open.TryPeek(out var above) && above.Depth >= nested.Depth)
            {
                open.Pop();
            }

            open.Push(nested);
            var changes = Counters.Select(counter => ChangeOf(nested.Span, counter)).Where(change => change.Before != change.After).ToArray();
            if (changes.Length > 0)
            {
                effects.Add(new Effect(
                    [.. open.Reverse().Where(above => above.Span.Source == KernelTracing.SourceName).Select(above => above.Span.Name)], changes));
            }
        }

        return [.. effects];
    }

    private static CounterChange ChangeOf(RecordedSpan span, string counter) =>
        new(counter, Number(span, $"hugesim.before.{counter}_pages"), Number(span, $"hugesim.after.{counter}_pages"));

    private static long? Number(RecordedSpan span, string tag) =>
        long.TryParse(span.Tag(tag), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static HeldPages[] FindHeld(RecordedRun run, int number)
    {
        if (number == 1)
        {
            return [];
        }

        var provenance = Provenance.After(run, number - 1);
        var labels = new MachineLabels(run.Steps[number - 2]);
        return
        [
            .. provenance.InUse.Select(holding => new HeldPages(labels.Of(holding.Holder), "in use", holding.Pages, holding.Steps)),
            .. provenance.Promised.Select(holding => new HeldPages(labels.Of(holding.Holder), "reserved", holding.Pages, holding.Steps)),
        ];
    }

    // A page that unmap_ref_private took: the step that did it.
    private static EarlierStep[] WhoTookThePage(RecordedRun run, RecordedStep step)
    {
        var fault = step.Spans.FirstOrDefault(span => span.Failed && span.Cause?.Contains("HPAGE_RESV_UNMAPPED", StringComparison.Ordinal) == true);
        if (fault is null)
        {
            return [];
        }

        var victim = Target(step.Spans, fault);
        var taker = run.Steps.Take(step.Result.Number - 1).LastOrDefault(earlier => earlier.Spans.Any(span =>
            span.Name == "__unmap_hugepage_range" && span.Tag(KernelTracing.Tags.Page) == fault.Tag(KernelTracing.Tags.Page)
            && Target(earlier.Spans, span) == victim
            && earlier.Spans.Any(above => above.Name == "unmap_ref_private")));
        return taker is null
            ? []
            : [new EarlierStep(taker.Result.Number, "wrote the page as the owner of the reservations, found no page for a copy, and took this one from all others")];
    }

    private static string? Target(IReadOnlyList<RecordedSpan> spans, RecordedSpan inner)
    {
        for (var span = inner; span is not null; span = spans.FirstOrDefault(other => other.SpanId == span.ParentId))
        {
            if (span.Tag("orleans.rpc.target_id") is { } target)
            {
                return target;
            }
        }

        return null;
    }
}
