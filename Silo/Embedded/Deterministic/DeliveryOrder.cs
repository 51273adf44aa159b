namespace Hugesim.Embedded;

/// <summary>Something that the deterministic scheduler can deliver next: the first in its channel.</summary>
/// <param name="Channel">The channel: from one place to another, in order. Numbers count from 0 in each run, in the order of first use.</param>
/// <param name="Target">The place where the turn will run, numbered likewise. Deliveries to different places commute.</param>
/// <param name="Flow">The number of the client whose doing it is, as far as calls and answers tell.</param>
/// <param name="Step">The delivery in whose turn it was sent, from 1; 0 before the first.</param>
/// <param name="Number">Counts what is sent: the lowest has waited longest.</param>
public readonly record struct ReadyDelivery(int Channel, int Target, int Flow, long Step, long Number);

/// <summary>
/// Decides which delivery is next, in place of a seed. Its decisions are not in <see cref="EmbeddedCluster.Trace"/>: whoever decides can keep them.
/// </summary>
public abstract class DeliveryOrder
{
    /// <summary>Decides. Called before each delivery, also when there is only one; what it throws ends the run.</summary>
    /// <param name="ready">What can be delivered, at least one, in no particular order.</param>
    /// <returns>An index into <paramref name="ready"/>.</returns>
    public abstract int Next(ReadOnlySpan<ReadyDelivery> ready);
}
