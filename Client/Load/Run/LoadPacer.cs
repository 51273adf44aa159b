namespace Hugesim.Load;

/// <summary>
/// Wakes the workers of an open loop when their calls are due, on a thread of its own that sleeps for about a millisecond at a time.
/// </summary>
/// <remarks>
/// .NET's timers are not used: on Linux they go by a clock that stands still for a tick of the kernel, often 4 ms, and then wake everybody who is due at once. Calls would be late by
/// more than they take, and wait for each other. A thread that sleeps until each single call is due would wake another thread for each of them, which takes more of the processor than the call.
/// </remarks>
internal sealed class LoadPacer : IDisposable
{
    private const int LeastSleepMilliseconds = 1;

    // Awakes often enough to notice that the run has been stopped.
    private const int MostSleepMilliseconds = 100;

    private readonly LoadState _state;
    private readonly Thread _thread;
    private readonly AutoResetEvent _newFirst = new(initialState: false);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private bool _isOver;

    /// <summary>Begins.</summary>
    /// <param name="state">Has the clock by which calls are due, and says when the run is stopped.</param>
    public LoadPacer(LoadState state)
    {
        _state = state;
        _thread = new Thread(Run) { IsBackground = true, Name = "load pacer" };
        _thread.Start();
    }

    /// <summary>Waits until a time, or until nobody is to begin anything more.</summary>
    /// <param name="due">The time, in <see cref="LoadState.Nanoseconds"/>.</param>
    public Task WaitUntilAsync(long due)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isFirst;
        lock (_lock)
        {
            if (_isOver)
            {
                return Task.CompletedTask;
            }

            isFirst = !_waiting.TryPeek(out _, out var first) || due < first;
            _waiting.Enqueue(waiter, due);
        }

        if (isFirst)
        {
            _newFirst.Set();
        }

        return waiter.Task;
    }

    /// <summary>Ends; who still waits goes on.</summary>
    public void Dispose()
    {
        Release(isOver: true);
        _newFirst.Set();
        _thread.Join();
        _newFirst.Dispose();
    }

    private void Run()
    {
        while (Release(_state.IsStopped) is { } milliseconds)
        {
            _newFirst.WaitOne(milliseconds);
        }
    }

    // Wakes those who are due, and says for how many milliseconds nobody is; null when it is over.
    private int? Release(bool isOver)
    {
        lock (_lock)
        {
            _isOver |= isOver;
            var now = _isOver ? long.MaxValue : _state.Nanoseconds;
            while (_waiting.TryPeek(out _, out var due) && due <= now)
            {
                _waiting.Dequeue().SetResult();
            }

            return _isOver ? null
                : _waiting.TryPeek(out _, out var next) ? (int)Math.Clamp(Math.Ceiling((next - now) / 1e6), LeastSleepMilliseconds, MostSleepMilliseconds)
                : MostSleepMilliseconds;
        }
    }
}
