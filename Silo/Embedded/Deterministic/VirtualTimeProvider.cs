namespace Hugesim.Embedded;

/// <summary>A clock that stands still while anything can run and then jumps to the next timer.</summary>
internal sealed class VirtualTimeProvider : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<(VirtualTimer Timer, int Version), (long Due, long Number)> _queue = new();
    private long _ticks;
    private long _number;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    internal TimeSpan Elapsed => TimeSpan.FromTicks(_ticks);

    /// <summary>When the next timer is due, if there is one.</summary>
    internal long? NextDue
    {
        get
        {
            while (_queue.TryPeek(out var next, out var when))
            {
                if (next.Timer.Version == next.Version)
                {
                    return when.Due;
                }

                _queue.Dequeue();
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => _ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + Elapsed;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, never back.</summary>
    internal void AdvanceTo(long ticks) => _ticks = Math.Max(_ticks, ticks);

    /// <summary>Fires the timers that are due, in the order they were set.</summary>
    internal bool FireDue()
    {
        var fired = false;
        while (NextDue is { } due && due <= _ticks)
        {
            _queue.Dequeue().Timer.Fire();
            fired = true;
        }

        return fired;
    }

    internal void Reset()
    {
        _queue.Clear();
        _ticks = 0;
        _number = 0;
    }

    private sealed class VirtualTimer(VirtualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>Counts the changes: an entry of the queue with another number is void.</summary>
        internal int Version { get; private set; }

        /// <inheritdoc/>
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Version++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock._queue.Enqueue((this, Version), (clock._ticks + dueTime.Ticks, clock._number++));
            }

            return true;
        }

        /// <inheritdoc/>
        public void Dispose() => Version++;

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        internal void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }
            else
            {
                Version++;
            }

            callback(state);
        }
    }
}
