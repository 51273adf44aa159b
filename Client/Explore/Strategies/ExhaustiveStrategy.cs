namespace Hugesim.Explore;

/// <summary>
/// Runs every schedule, or with reduction one of each class of schedules that differ only in the order of deliveries to different places: source sets and
/// sleep sets (Abdulla, Aronis, Jonsson, Sagonas 2014), with a channel as the process and its first delivery as the process's next step.
/// </summary>
/// <param name="reduces">Whether to leave out what is equivalent.</param>
/// <remarks>Sound where nothing but deliveries decides: no timers, and one silo, or placement that no count of activations changes.</remarks>
public sealed class ExhaustiveStrategy(bool reduces = true) : IScheduleStrategy
{
    private readonly List<ChoicePoint> _path = [];
    private readonly ScheduleRaces _races = new();
    private int _depth;
    private int _block;
    private bool _abandoned;

    /// <summary>Whether every schedule has been run.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Schedules that were given up because they were equivalent to others.</summary>
    public long Abandoned { get; private set; }

    /// <inheritdoc/>
    public bool TryBegin()
    {
        (_depth, _block, _abandoned) = (0, 0, false);
        _races.Clear();
        return !IsComplete;
    }

    /// <inheritdoc/>
    public void BeginBlock()
    {
        // All that came before is over: nothing of it races with what follows.
        _block = _depth;
        _races.Barrier(_depth);
    }

    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual)
    {
        if (_depth == _path.Count)
        {
            _path.Add(NewPoint(ready, usual));
        }

        var point = _path[_depth];
        if (point.Chosen < 0)
        {
            _abandoned = true;
            throw new ScheduleAbandonedException();
        }

        var index = Find(ready, point.Chosen);
        if (index < 0 || point.Ready.Count != ready.Length)
        {
            throw new InvalidOperationException($"The run has left its path at delivery {_depth}: something but the order of deliveries decides here.");
        }

        _races.Add(ready[index], _depth);
        _depth++;
        return index;
    }

    /// <inheritdoc/>
    public void End()
    {
        if (reduces)
        {
            _races.ForEachReversible((earlier, initials) => Reverse(_path[earlier], initials));
        }

        Abandoned += _abandoned ? 1 : 0;
        Advance();
    }

    private ChoicePoint NewPoint(ReadOnlySpan<ReadyDelivery> ready, int usual)
    {
        var point = new ChoicePoint();
        foreach (var delivery in ready)
        {
            point.Ready[delivery.Channel] = delivery.Target;
        }

        if (!reduces)
        {
            point.Chosen = ready[usual].Channel;
            point.Backtrack.UnionWith(point.Ready.Keys);
            return point;
        }

        if (_depth > _block)
        {
            // What is known to lead nowhere new stays so after a delivery that it commutes with.
            var before = _path[_depth - 1];
            var target = before.Ready[before.Chosen];
            foreach (var channel in before.Sleep.Where(channel => before.Ready[channel] != target && point.Ready.ContainsKey(channel)))
            {
                point.Sleep.Add(channel);
            }
        }

        point.Chosen = !point.Sleep.Contains(ready[usual].Channel) ? ready[usual].Channel : FirstAwake(ready, point.Sleep);
        point.Backtrack.Add(point.Chosen);
        return point;
    }

    private static int FirstAwake(ReadOnlySpan<ReadyDelivery> ready, HashSet<int> sleep)
    {
        var best = -1;
        for (var i = 0; i < ready.Length; i++)
        {
            if (!sleep.Contains(ready[i].Channel) && (best < 0 || ready[i].Number < ready[best].Number))
            {
                best = i;
            }
        }

        return best < 0 ? -1 : ready[best].Channel;
    }

    private static int Find(ReadOnlySpan<ReadyDelivery> ready, int channel)
    {
        for (var i = 0; i < ready.Length; i++)
        {
            if (ready[i].Channel == channel)
            {
                return i;
            }
        }

        return -1;
    }

    // A race must also be run the other way round: from the point before the first of the two, by one of those that can begin it.
    private static void Reverse(ChoicePoint point, List<int> initials)
    {
        if (!initials.Exists(point.Backtrack.Contains))
        {
            point.Backtrack.Add(initials[0]);
        }
    }

    private void Advance()
    {
        while (_path.Count > 0)
        {
            var point = _path[^1];
            if (point.Chosen >= 0)
            {
                point.Sleep.Add(point.Chosen);
                var next = point.Backtrack.Where(channel => !point.Sleep.Contains(channel)).Order().FirstOrDefault(-1);
                if (next >= 0)
                {
                    point.Chosen = next;
                    return;
                }
            }

            _path.RemoveAt(_path.Count - 1);
        }

        IsComplete = true;
    }

    private sealed class ChoicePoint
    {
        /// <summary>The targets of what is ready, by channel.</summary>
        public Dictionary<int, int> Ready { get; } = [];

        public HashSet<int> Backtrack { get; } = [];

        /// <summary>Channels whose schedules from here have been run, here or at an equivalent point.</summary>
        public HashSet<int> Sleep { get; } = [];

        public int Chosen { get; set; } = -1;
    }
}
