namespace Hugesim.Embedded;

/// <summary>Something that waits in the queue of an <see cref="ExecutionNode"/>. The link is inside the item, so queueing allocates nothing.</summary>
public abstract class WorkItem
{
    internal WorkItem? Next;

    private protected WorkItem()
    {
    }

    internal abstract void Run(ExecutionNode node);
}

/// <summary>A continuation that .NET posted, for example after an awaited task that is not a grain call.</summary>
internal sealed class PostedWork(SendOrPostCallback callback, object? state, RecordedTurn? turn = null) : WorkItem
{
    internal override void Run(ExecutionNode node)
    {
        turn?.Enter();
        callback(state);
    }
}

/// <summary>An order of the engine to an activation.</summary>
internal sealed class ControlWork(Action<Activation> order) : WorkItem
{
    internal override void Run(ExecutionNode node) => order((Activation)node);
}

/// <summary>Marks a state of a queue; never runs.</summary>
internal sealed class MarkerWork : WorkItem
{
    internal override void Run(ExecutionNode node) => throw new InvalidOperationException("A marker of a queue was run.");
}
