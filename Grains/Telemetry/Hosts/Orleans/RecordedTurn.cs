namespace Hugesim.Telemetry;

/// <summary>
/// The synchronization context of a grain's code for one message while somebody records messages: whatever that code awaits comes back to its activation through this, so that the code that
/// goes on there is known to be that message's. An <see cref="AsyncLocal{T}"/> would tell the same, and every task and every await would carry it. Messages that are not recorded have one too: code
/// without one goes on in the middle of others' code if that ends what it waits for, and would be taken for theirs.
/// </summary>
/// <param name="frame">The message, or null if it is not recorded.</param>
/// <param name="turns">Runs the turns of the activation.</param>
internal sealed class RecordedTurn(FrameSpan? frame, IWorkItemScheduler turns) : SynchronizationContext
{
    /// <summary>The one of the code that runs now, or null.</summary>
    public static new RecordedTurn? Current => SynchronizationContext.Current as RecordedTurn;

    /// <summary>The message, or null if it is not recorded.</summary>
    public FrameSpan? Frame => frame;

    /// <summary>The code that runs from here on is that of the message.</summary>
    public void Enter() => SetSynchronizationContext(this);

    /// <summary>The code that runs from here on is Orleans' own.</summary>
    public static void Leave()
    {
        if (Current is not null)
        {
            SetSynchronizationContext(null);
        }
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => turns.QueueTask(new Task(static work => ((Work)work!).Run(), new Work(this, d, state)));

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException($"code of {frame?.Name ?? "a message"} is to wait for a turn of its own grain, which would never come");

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    private sealed class Work(RecordedTurn turn, SendOrPostCallback callback, object? state)
    {
        public void Run()
        {
            turn.Enter();
            try
            {
                callback(state);
            }
            finally
            {
                Leave();
            }
        }
    }
}
