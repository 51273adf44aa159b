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
        if (index < 0 || point.Ready.Length != ready.Length)
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
        var point = new ChoicePoint(ready);
        if (!reduces)
        {
            point.Chosen = ready[usual].Channel;
            point.Backtrack.AddRange(point.Ready.Select(delivery => delivery.Channel));
            return point;
        }

        if (_depth > _block)
        {
            // What is known to lead nowhere new stays so after a delivery that it commutes with.
            var before = _path[_depth - 1];
            var target = before.TargetOf(before.Chosen);
            foreach (var channel in before.Sleep)
            {
                if (before.TargetOf(channel) != target && point.TargetOf(channel) is not null)
                {
                    point.Sleep.Add(channel);
                }
            }
        }

        point.Chosen = !point.Sleep.Contains(ready[usual].Channel) ? ready[usual].Channel : FirstAwake(ready, point.Sleep);
        point.Backtrack.Add(point.Chosen);
        return point;
    }

    private static int FirstAwake(ReadOnlySpan<ReadyDelivery> ready, List<int> sleep)
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
        foreach (var channel in initials)
        {
            if (point.Backtrack.Contains(channel))
            {
                return;
            }
        }

        point.Backtrack.Add(initials[0]);
    }

    private void Advance()
    {
        while (_path.Count > 0)
        {
            var point = _path[^1];
            if (point.Chosen >= 0)
            {
                point.Sleep.Add(point.Chosen);
                if (point.Next() is >= 0 and var next)
                {
                    point.Chosen = next;
                    return;
                }
            }

            _path.RemoveAt(_path.Count - 1);
        }

        IsComplete = true;
    }

    /// <summary>A delivery of a schedule: what could have been next. Each of its lists is short, and there is one such point for each delivery of each schedule.</summary>
    private sealed class ChoicePoint
    {
        public ChoicePoint(ReadOnlySpan<ReadyDelivery> ready)
        {
            Ready = new (int Channel, int Target)[ready.Length];
            for (var i = 0; i < ready.Length; i++)
            {
                Ready[i] = (ready[i].Channel, ready[i].Target);
            }
        }

        /// <summary>What is ready: the channels and where they lead.</summary>
        public (int Channel, int Target)[] Ready { get; }

        /// <summary>Channels that begin schedules which are to be run from here, those that have been run included.</summary>
        public List<int> Backtrack { get; } = new(1);

        /// <summary>Channels whose schedules from here have been run, here or at an equivalent point.</summary>
        public List<int> Sleep { get; } = [];

        public int Chosen { get; set; } = -1;

        /// <summary>Where a channel leads, or null if it is not ready.</summary>
        public int? TargetOf(int channel)
        {
            foreach (var (ready, target) in Ready)
            {
                if (ready == channel)
                {
                    return target;
                }
            }

            return null;
        }

        /// <summary>The lowest channel that begins schedules which have not been run; -1 if there is none.</summary>
        public int Next()
        {
            var next = -1;
            foreach (var channel in Backtrack)
            {
                if ((next < 0 || channel < next) && !Sleep.Contains(channel))
                {
                    next = channel;
                }
            }

            return next;
        }
    }
}
