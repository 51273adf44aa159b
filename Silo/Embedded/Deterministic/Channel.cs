namespace Hugesim.Embedded;

/// <summary>The messages under way from one place to another, in their order. Which channel delivers next is the scheduler's choice.</summary>
internal sealed class Channel(ExecutionNode source, ExecutionNode target, int number, int targetNumber)
{
    // Most channels never hold more than one item: it has no queue.
    private Sent _first;
    private Queue<Sent>? _rest;

    internal ExecutionNode Source { get; } = source;

    internal ExecutionNode Target { get; } = target;

    internal int Number { get; } = number;

    internal int TargetNumber { get; } = targetNumber;

    /// <summary>The next channel from the same source.</summary>
    internal Channel? Next { get; set; }

    internal bool IsEmpty => _first.Item is null;

    internal ref readonly Sent First => ref _first;

    internal void Add(in Sent sent)
    {
        if (IsEmpty)
        {
            _first = sent;
        }
        else
        {
            (_rest ??= new Queue<Sent>()).Enqueue(sent);
        }
    }

    internal Sent Take()
    {
        var taken = _first;
        _first = _rest is { Count: > 0 } rest ? rest.Dequeue() : default;
        return taken;
    }
}

/// <summary>What lies in a channel.</summary>
/// <param name="Item">The message, answer or continuation.</param>
/// <param name="Flow">The client whose doing it is.</param>
/// <param name="Step">The delivery in whose turn it was sent, from 1; 0 before the first.</param>
/// <param name="Number">Counts what is sent in a run.</param>
internal readonly record struct Sent(WorkItem Item, int Flow, long Step, long Number);

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
