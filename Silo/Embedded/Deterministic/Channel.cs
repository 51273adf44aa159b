namespace Hugesim.Embedded;

/// <summary>The messages under way from one place to another, in their order. Which channel delivers next is the scheduler's choice.</summary>
internal sealed class Channel(ExecutionNode source, ExecutionNode target, int number, int targetNumber)
{
    private readonly Queue<Sent> _sent = new();

    internal ExecutionNode Source { get; } = source;

    internal ExecutionNode Target { get; } = target;

    internal int Number { get; } = number;

    internal int TargetNumber { get; } = targetNumber;

    internal bool IsEmpty => _sent.Count == 0;

    internal Sent First => _sent.Peek();

    internal void Add(Sent sent) => _sent.Enqueue(sent);

    internal Sent Take() => _sent.Dequeue();
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
