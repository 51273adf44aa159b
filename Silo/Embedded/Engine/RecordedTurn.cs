namespace Hugesim.Embedded;

/// <summary>
/// The synchronization context of a node's turns for one call that a <see cref="CallRecorder"/> records: whatever the call awaits comes back to its node through this, so that the
/// code that goes on there is known to be that call's. An <see cref="AsyncLocal{T}"/> would tell the same, and cost each call several times as much.
/// </summary>
internal sealed class RecordedTurn(ExecutionNode node, object record) : SynchronizationContext
{
    /// <summary>The one of the code that runs now, or null.</summary>
    internal static new RecordedTurn? Current => SynchronizationContext.Current as RecordedTurn;

    internal ExecutionNode Node { get; } = node;

    internal object Record { get; } = record;

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => Node.Cluster.Deliver(Node, new PostedWork(d, state, this), Node);

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) => Node.Send(d, state);

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <summary>The turn of the node is from here to its end one of this call.</summary>
    internal void Enter() => SetSynchronizationContext(this);
}
