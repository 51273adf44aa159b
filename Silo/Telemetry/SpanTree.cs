namespace Hugesim.Telemetry;

/// <summary>A span and how deep it lies below the root of its flow.</summary>
/// <param name="Span">The span.</param>
/// <param name="Depth">0 for a root.</param>
public readonly record struct NestedSpan(RecordedSpan Span, int Depth);

/// <summary>Spans in the order in which people read them.</summary>
public static class SpanTree
{
    /// <summary>
    /// Orders spans depth first: each right below the span that it lies in, by their beginning. A span whose parent is not among them counts as
    /// a root.
    /// </summary>
    public static IReadOnlyList<NestedSpan> Order(IReadOnlyCollection<RecordedSpan> spans)
    {
        var known = spans.Select(span => span.SpanId).ToHashSet(StringComparer.Ordinal);
        var children = spans.OrderBy(span => span.Start).ToLookup(span => span.ParentId is { } id && known.Contains(id) ? id : "", StringComparer.Ordinal);
        var ordered = new List<NestedSpan>(spans.Count);
        var open = new Stack<NestedSpan>(children[""].Reverse().Select(root => new NestedSpan(root, 0)));
        while (open.TryPop(out var next))
        {
            ordered.Add(next);
            foreach (var child in children[next.Span.SpanId].Reverse())
            {
                open.Push(new NestedSpan(child, next.Depth + 1));
            }
        }

        return ordered;
    }
}
