namespace Hugesim.Telemetry;

/// <summary>A flow as far as its parts could be gathered.</summary>
/// <param name="Spans">Its spans, each once.</param>
/// <param name="Missing">Why parts of it may be missing; empty if none can be.</param>
public sealed record GatheredFlow(IReadOnlyList<RecordedSpan> Spans, IReadOnlyList<string> Missing)
{
    /// <summary>Looks flows up by their traces where one process records all their parts.</summary>
    public static Func<string, Task<GatheredFlow>> In(SpanStore store) => traceId => Task.FromResult(new GatheredFlow(store.Find(traceId), []));
}
