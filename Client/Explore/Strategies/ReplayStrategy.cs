namespace Hugesim.Explore;

/// <summary>
/// One schedule again. Where the trace says nothing, the usual order goes on; a switch to a thread that has nothing to deliver is none.
/// </summary>
/// <param name="trace">The schedule.</param>
public sealed class ReplayStrategy(ScheduleTrace trace) : IScheduleStrategy
{
    private readonly Dictionary<int, MessageFault> _faults = trace.Faults.DistinctBy(f => f.Message).ToDictionary(f => f.Message, f => f.Fault);
    private readonly Dictionary<int, int> _crashes = trace.Crashes.DistinctBy(c => c.Step).ToDictionary(c => c.Step, c => c.Silo);
    private bool _begun;
    private int _step;
    private int _next;

    /// <inheritdoc/>
    public bool TryBegin()
    {
        if (_begun)
        {
            return false;
        }

        return _begun = true;
    }

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual)
    {
        var chosen = usual;
        for (; _next < trace.Switches.Count && trace.Switches[_next].Step <= _step; _next++)
        {
            if (trace.Switches[_next] is var at && at.Step == _step && UsualOrder.Find(ready, at.Flow, at.Position) is >= 0 and var found)
            {
                chosen = found;
            }
        }

        _step++;
        return chosen;
    }

    /// <inheritdoc/>
    public MessageFault FateOf(int message) => _faults.GetValueOrDefault(message);

    /// <inheritdoc/>
    public int CrashAt(int step) => _crashes.GetValueOrDefault(step, -1);

    /// <inheritdoc/>
    public void End()
    {
    }
}
