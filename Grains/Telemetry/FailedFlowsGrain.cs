using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>See <see cref="IFailedFlowsGrain"/>.</summary>
public sealed class FailedFlowsGrain : Grain, IFailedFlowsGrain
{
    // Those of some seconds, also where most flows fail.
    private const int MostTraces = 20_000;

    private readonly Queue<string> _traces = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private long _last;

    /// <inheritdoc/>
    public ValueTask<FailedFlows> Exchange(string[] traceIds, long after)
    {
        ArgumentNullException.ThrowIfNull(traceIds);
        foreach (var id in traceIds.Where(_known.Add))
        {
            _traces.Enqueue(id);
            _last++;
            if (_traces.Count > MostTraces)
            {
                _known.Remove(_traces.Dequeue());
            }
        }

        // A number that was never given is one of an activation before this one.
        var news = after > _last ? _traces.Count : (int)Math.Min(_last - after, _traces.Count);
        return new(new FailedFlows(_last, [.. _traces.Skip(_traces.Count - news)]));
    }
}
