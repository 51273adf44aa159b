namespace Hugesim.Explore;

/// <summary>
/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010): each flow has a random priority, the highest one runs, and at
/// <c>depth - 1</c> random deliveries the flow that runs falls below all others. A bug that needs <c>depth</c> ordering constraints is found with a probability of at least
/// 1 / (n k^(depth-1)) in each schedule of n flows and k deliveries.
/// </summary>
/// <param name="seed">What priorities and change points follow from.</param>
/// <param name="depth">Ordering constraints, at least 1.</param>
public sealed class PctStrategy(long seed, int depth) : IScheduleStrategy
{
    private readonly Dictionary<int, long> _priorities = [];
    private readonly HashSet<int> _changes = [];
    private SplitMix _random;
    private long _run;
    private long _lowest;
    private int _step;
    private int _longest = 1;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        _random = SplitMix.For(seed, _run++);
        _priorities.Clear();
        _changes.Clear();
        (_step, _lowest) = (0, 0);
        for (var i = 1; i < depth; i++)
        {
            // k is the longest schedule so far: the first one only measures.
            _changes.Add(_random.Below(_longest));
        }

        return true;
    }

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual)
    {
        var best = Highest(ready);
        if (_changes.Contains(_step++))
        {
            _priorities[ready[best].Flow] = --_lowest;
            best = Highest(ready);
        }

        return best;
    }

    /// <inheritdoc/>
    public void End() => _longest = Math.Max(_longest, _step);

    private int Highest(ReadOnlySpan<ReadyDelivery> ready)
    {
        var best = 0;
        for (var i = 0; i < ready.Length; i++)
        {
            var (priority, other) = (PriorityOf(ready[i].Flow), PriorityOf(ready[best].Flow));
            if (priority > other || (priority == other && ready[i].Number < ready[best].Number))
            {
                best = i;
            }
        }

        return best;
    }

    private long PriorityOf(int flow)
    {
        if (!_priorities.TryGetValue(flow, out var priority))
        {
            _priorities[flow] = priority = (long)(_random.Next() >> 2);
        }

        return priority;
    }
}
