namespace Hugesim.Explore;

/// <summary>What happens before what in one schedule: a delivery comes after the one in whose turn it was sent and after all earlier ones to its place.</summary>
internal sealed class ScheduleRaces
{
    private readonly List<Event> _events = [];
    private readonly Dictionary<int, int> _lastAt = [];
    private readonly List<int> _initials = [];
    private int _barrier;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _events.Clear();
        _lastAt.Clear();
        _barrier = 0;
    }

    /// <summary>All that was delivered comes before all that follows.</summary>
    public void Barrier(int position)
    {
        _barrier = position;
        _lastAt.Clear();
    }

    /// <summary>Adds the next delivery.</summary>
    /// <param name="delivery">It.</param>
    /// <param name="position">Its place in the schedule.</param>
    public void Add(ReadyDelivery delivery, int position)
    {
        // Counted in its block; whatever was sent before the block is there from the start.
        var sender = delivery.SentBy < 0 ? -1 : (int)delivery.SentBy;
        var before = new ulong[(position >> 6) + 1];
        if (sender >= _barrier)
        {
            Include(before, sender);
        }

        // What it causes apart from its place: without the delivery before it there.
        var causes = before;
        var rival = _lastAt.GetValueOrDefault(delivery.Target, -1);
        if (rival >= 0)
        {
            before = (ulong[])causes.Clone();
            Include(before, rival);
        }

        _events.Add(new Event(delivery.Channel, causes, before, rival));
        _lastAt[delivery.Target] = position;
    }

    /// <summary>
    /// Names each race of two deliveries to one place that could have come the other way round: the earlier one, and the channels of those that can begin a schedule in
    /// which the later one comes first.
    /// </summary>
    public void ForEachReversible(Action<int, List<int>> reverse)
    {
        for (var later = 0; later < _events.Count; later++)
        {
            var (channel, causes, _, rival) = _events[later];
            if (rival >= 0 && _events[rival].Channel != channel && !Contains(causes, rival))
            {
                FindInitials(rival, later);
                reverse(rival, _initials);
            }
        }
    }

    // Of the deliveries after the earlier one that do not depend on it, and the later one behind them: those with none of these before them.
    private void FindInitials(int earlier, int later)
    {
        _initials.Clear();
        var kept = new ulong[(later >> 6) + 1];
        for (var i = earlier + 1; i <= later; i++)
        {
            var before = i == later ? _events[i].Causes : _events[i].Before;
            if (i < later && Contains(before, earlier))
            {
                continue;
            }

            if (!Intersects(before, kept))
            {
                _initials.Add(_events[i].Channel);
            }

            kept[i >> 6] |= 1UL << i;
        }
    }

    private void Include(ulong[] before, int position)
    {
        var theirs = _events[position].Before;
        for (var i = 0; i < theirs.Length; i++)
        {
            before[i] |= theirs[i];
        }

        before[position >> 6] |= 1UL << position;
    }

    private static bool Contains(ulong[] set, int position) => position >> 6 < set.Length && (set[position >> 6] & (1UL << position)) != 0;

    private static bool Intersects(ulong[] set, ulong[] other)
    {
        for (var i = 0; i < Math.Min(set.Length, other.Length); i++)
        {
            if ((set[i] & other[i]) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Event(int Channel, ulong[] Causes, ulong[] Before, int Rival);
}
