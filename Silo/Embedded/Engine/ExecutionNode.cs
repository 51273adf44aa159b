namespace Hugesim.Embedded;

/// <summary>
/// A place where code runs one turn at a time: an activation, or a client of the deterministic scheduler. It is the
/// synchronization context of its turns, so what is awaited there continues there.
/// </summary>
/// <remarks>
/// The queue is a stack that producers push with one compare-and-swap and that the consumer takes as a whole and reverses:
/// first in, first out, no lock, no allocation. Its head also tells whether a consumer is scheduled: null means idle.
/// </remarks>
internal abstract class ExecutionNode(EmbeddedCluster cluster) : SynchronizationContext, IThreadPoolWorkItem
{
    /// <summary>Items after which a busy node goes to the back of the thread pool's queue.</summary>
    private const int TurnBudget = 512;

    private static readonly WorkItem Busy = new MarkerWork();
    private static readonly WorkItem Retired = new MarkerWork();

    private WorkItem? _head;

    /// <summary>The node whose turn this is, or null.</summary>
    internal static new ExecutionNode? Current => NodeOf(SynchronizationContext.Current);

    internal EmbeddedCluster Cluster { get; } = cluster;

    /// <summary>Of the deterministic scheduler: the channels that begin here.</summary>
    internal Channel? Channels { get; set; }

    /// <summary>Of the deterministic scheduler: the number of this place, from 1; 0 until something was sent here.</summary>
    internal int Place { get; set; }

    /// <summary>A name for traces and messages.</summary>
    internal abstract string Name { get; }

    /// <summary>No queue, no turn.</summary>
    internal bool IsIdle => Volatile.Read(ref _head) is null;

    /// <summary>Whether the node has left the directory; then it takes no requests, only the rest of its own continuations.</summary>
    private protected bool IsRetired { get; set; }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state) => Cluster.Deliver(this, new PostedWork(d, state), this);

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new InvalidOperationException($"{Name} cannot be blocked from another thread: use await.");

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => Handover.Run(this);

    /// <summary>The thread pool's side of the queue: takes what has come and runs it until nothing is left.</summary>
    internal void RunTurns(Handover thread)
    {
        SetSynchronizationContext(this);
        try
        {
            RunQueue(thread);
        }
        finally
        {
            SetSynchronizationContext(null);
        }
    }

    /// <summary>Queues an item and sees to it that it runs; false if the node is retired and the item is a request.</summary>
    internal bool TryPush(WorkItem item, bool isRequest)
    {
        var head = Volatile.Read(ref _head);
        while (true)
        {
            if (isRequest && ReferenceEquals(head, Retired))
            {
                return false;
            }

            item.Next = head;
            var seen = Interlocked.CompareExchange(ref _head, item, head);
            if (!ReferenceEquals(seen, head))
            {
                head = seen;
                continue;
            }

            if (head is null || ReferenceEquals(head, Retired))
            {
                Handover.Schedule(this);
            }

            return true;
        }
    }

    /// <summary>The node that goes on there, or null.</summary>
    internal static ExecutionNode? NodeOf(object? place) => place is RecordedTurn turn ? turn.Node : place as ExecutionNode;

    /// <summary>Runs one item as a turn; nothing that the item does may throw out of it.</summary>
    internal abstract void RunItem(WorkItem item);

    /// <summary>After the last item of a batch.</summary>
    private protected virtual void OnQueueEmpty()
    {
    }

    private void RunQueue(Handover thread)
    {
        var budget = TurnBudget;
        do
        {
            var item = Reverse(Interlocked.Exchange(ref _head, Busy));
            while (item is not null)
            {
                var next = item.Next;
                item.Next = null;
                thread.Release();
                RunItem(item);
                item = next;
                budget--;
            }

            OnQueueEmpty();
            if (budget <= 0 && !ReferenceEquals(Volatile.Read(ref _head), Busy))
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _head, IsRetired ? Retired : null, Busy), Busy));
    }

    private static WorkItem? Reverse(WorkItem? item)
    {
        WorkItem? result = null;
        while (item is not null && !ReferenceEquals(item, Busy) && !ReferenceEquals(item, Retired))
        {
            var next = item.Next;
            item.Next = result;
            result = item;
            item = next;
        }

        return result;
    }
}
