namespace Hugesim.Embedded;

/// <summary>The messages under way from one place to another, in their order. Which channel delivers next is the scheduler's choice.</summary>
internal sealed class Channel(ExecutionNode source, ExecutionNode target)
{
    private WorkItem? _first;
    private WorkItem? _last;

    internal ExecutionNode Source { get; } = source;

    internal ExecutionNode Target { get; } = target;

    internal bool IsEmpty => _first is null;

    internal void Add(WorkItem item)
    {
        item.Next = null;
        if (_last is null)
        {
            _first = item;
        }
        else
        {
            _last.Next = item;
        }

        _last = item;
    }

    internal WorkItem Take()
    {
        var item = _first!;
        _first = item.Next;
        if (_first is null)
        {
            _last = null;
        }

        item.Next = null;
        return item;
    }
}

/// <summary>A client of the deterministic scheduler: code outside of the silos, one turn at a time on the pumping thread.</summary>
internal sealed class ClientNode(EmbeddedCluster cluster, int number) : ExecutionNode(cluster)
{
    internal override string Name { get; } = $"client {number}";

    internal override void RunItem(WorkItem item)
    {
        item.Run(this);
        Activation.RestoreFlow();
    }
}
