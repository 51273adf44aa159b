namespace Hugesim.Explore;

/// <summary>What happens before what in one schedule: a delivery comes after the one in whose turn it was sent and after all earlier ones to its place.</summary>
internal sealed class ScheduleRaces
{
    // Of all schedules: those after the first count ones wait to be used again.
    private readonly List<Event> _events = [];
    private readonly Dictionary<int, int> _lastAt = [];
    private readonly List<int> _initials = [];
    private ulong[] _kept = [];
    private int _count;
    private int _barrier;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _lastAt.Clear();
        (_barrier, _count) = (0, 0);
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
        var rival = _lastAt.GetValueOrDefault(delivery.Target, -1);
        if (_count == _events.Count)
        {
            _events.Add(new Event());
        }

        var added = _events[_count++];
        added.Begin(delivery.Channel, rival, (position >> 6) + 1);
        if (sender >= _barrier)
        {
            Include(added.Causes, sender);
        }

        if (rival >= 0)
        {
            added.Causes.CopyTo(added.Before, 0);
            Include(added.Before, rival);
        }

        _lastAt[delivery.Target] = position;
    }

    /// <summary>
    /// Names each race of two deliveries to one place that could have come the other way round: the earlier one, and the channels of those that can begin a schedule in
    /// which the later one comes first.
    /// </summary>
    public void ForEachReversible(Action<int, List<int>> reverse)
    {
        for (var later = 0; later < _count; later++)
        {
            var rival = _events[later].Rival;
            if (rival >= 0 && _events[rival].Channel != _events[later].Channel && !Contains(_events[later].Causes, rival))
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
        var words = (later >> 6) + 1;
        if (_kept.Length < words)
        {
            _kept = new ulong[words];
        }

        var kept = _kept.AsSpan(0, words);
        kept.Clear();
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

    private static bool Intersects(ulong[] set, ReadOnlySpan<ulong> other)
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

    private sealed class Event
    {
        private ulong[] _before = [];

        public int Channel { get; private set; }

        /// <summary>The delivery before it at its place, or -1.</summary>
        public int Rival { get; private set; } = -1;

        /// <summary>What comes before it apart from its place: without the delivery before it there.</summary>
        public ulong[] Causes { get; private set; } = [];

        /// <summary>All that comes before it.</summary>
        public ulong[] Before => Rival < 0 ? Causes : _before;

        public void Begin(int channel, int rival, int words)
        {
            (Channel, Rival) = (channel, rival);
            if (Causes.Length == words)
            {
                Array.Clear(Causes);
                return;
            }

            (Causes, _before) = (new ulong[words], new ulong[words]);
        }
    }
}
