using Hugesim.Embedded.CodeGeneration;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>A timer whose tick is a request of the activation to itself, so it waits its turn like any other.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CallOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private TimeSpan _period;
    private int _changes;
    private bool _stopped;
    private TickRequest? _pending;

    private GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _callback = callback;
        _options = options.Interleave ? CallOptions.AlwaysInterleave : CallOptions.None;
        _period = options.Period;
        _timer = activation.Cluster.TimeProvider.CreateTimer(
            static self => ((GrainTimer)self!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        _changes++;
        _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        _timer.Dispose();
        _stopping.Cancel();
        _activation.Timers?.Remove(this);
        _pending?.Abandon(new OperationCanceledException("The timer was stopped."));
    }

    internal static GrainTimer Start(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(activation, callback, options);
        (activation.Timers ??= []).Add(timer);

        // The system's clock ticks on a pool thread, which must not find a timer without its period.
        timer._timer.Change(options.DueTime, Timeout.InfiniteTimeSpan);
        return timer;
    }

    private void OnDue() => _activation.Cluster.Deliver(_activation, new ControlWork(Tick), _activation);

    private void Tick(Activation activation)
    {
        if (!_stopped)
        {
            _pending = new TickRequest(this, activation.Self, activation);
            activation.Receive(_pending);
        }
    }

    private void OnTicked(int changes)
    {
        // A callback that changed the timer has said itself when the next tick is.
        if (!_stopped && changes == _changes && _period != Timeout.InfiniteTimeSpan)
        {
            _timer.Change(_period, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class TickRequest : TaskRequest
    {
        private readonly GrainTimer _timer;

        public TickRequest(GrainTimer timer, GrainReference self, Activation activation)
            : base(timer._options | CallOptions.OneWay)
        {
            _timer = timer;
            Target = self;
            Host = activation;
            Caller = activation;
            SentAt = long.MaxValue;
        }

        public override string MethodName => "timer";

        protected override async Task Call(object grain)
        {
            var changes = _timer._changes;
            _timer._pending = null;
            try
            {
                if (!_timer._stopped)
                {
                    await _timer._callback(_timer._stopping.Token);
                }
            }
            finally
            {
                _timer.OnTicked(changes);
            }
        }
    }
}
