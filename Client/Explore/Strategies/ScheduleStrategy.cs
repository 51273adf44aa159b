namespace Hugesim.Explore;

/// <summary>A delivery that could be next: the first message, answer or continuation of its channel.</summary>
/// <param name="Channel">From one place to another, in order; a number that is the same in every run with the same beginning.</param>
/// <param name="Target">The place where its turn will run. Deliveries to different places commute.</param>
/// <param name="Flow">The thread of the block whose doing it is.</param>
/// <param name="SentBy">The delivery in whose turn it was sent, counted in the block from 0; negative for what was there before.</param>
/// <param name="Number">Counts what is sent: the lowest has waited longest.</param>
public readonly record struct ReadyDelivery(int Channel, int Target, int Flow, long SentBy, long Number);

/// <summary>Chooses schedules, one after the other.</summary>
public interface IScheduleStrategy
{
    /// <summary>Begins the next schedule; false when there is none left.</summary>
    bool TryBegin();

    /// <summary>A block begins. Whatever was delivered before is over.</summary>
    void BeginBlock();

    /// <summary>Chooses the next delivery. Called before each one of a block, also when there is only one.</summary>
    /// <param name="ready">What can be delivered.</param>
    /// <param name="usual">The one that continues what ran last: the choice without a context switch.</param>
    /// <returns>An index into <paramref name="ready"/>.</returns>
    /// <exception cref="ScheduleAbandonedException">Every schedule that begins so is known already.</exception>
    int Choose(ReadOnlySpan<ReadyDelivery> ready, int usual);

    /// <summary>What happens to a message that is sent in a block.</summary>
    /// <param name="message">Counts the messages of the schedule.</param>
    MessageFault FateOf(int message) => MessageFault.None;

    /// <summary>The silo that crashes before a delivery, or -1.</summary>
    /// <param name="step">Counts the deliveries of the schedule.</param>
    int CrashAt(int step) => -1;

    /// <summary>The schedule is over, completely or abandoned.</summary>
    void End();
}

/// <summary>A strategy ends a schedule that would teach nothing new.</summary>
public sealed class ScheduleAbandonedException() : Exception("the schedule is equivalent to one that has been run");

/// <summary>What can happen to a message.</summary>
public enum MessageFault
{
    /// <summary>It arrives, in order.</summary>
    None,

    /// <summary>It arrives a virtual second later than it would.</summary>
    Delay,

    /// <summary>It never arrives.</summary>
    Lose,

    /// <summary>It arrives twice.</summary>
    Duplicate,
}

/// <summary>The choice without a context switch.</summary>
public static class UsualOrder
{
    /// <summary>
    /// Goes on with the flow that ran last, oldest delivery first; if it has none, with the lowest flow that has one.
    /// </summary>
    /// <param name="ready">What can be delivered.</param>
    /// <param name="lastFlow">The flow of the delivery before, or -1.</param>
    public static int Choose(ReadOnlySpan<ReadyDelivery> ready, int lastFlow)
    {
        var best = 0;
        for (var i = 1; i < ready.Length; i++)
        {
            if (Rank(ready[i], lastFlow).CompareTo(Rank(ready[best], lastFlow)) < 0)
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>The position of a delivery among those of its flow, oldest first.</summary>
    public static int PositionInFlow(ReadOnlySpan<ReadyDelivery> ready, int index)
    {
        var position = 0;
        foreach (var other in ready)
        {
            position += other.Flow == ready[index].Flow && other.Number < ready[index].Number ? 1 : 0;
        }

        return position;
    }

    /// <summary>The delivery of a flow at a position, oldest first; -1 if it has none there.</summary>
    public static int Find(ReadOnlySpan<ReadyDelivery> ready, int flow, int position)
    {
        for (var i = 0; i < ready.Length; i++)
        {
            if (ready[i].Flow == flow && PositionInFlow(ready, i) == position)
            {
                return i;
            }
        }

        return -1;
    }

    private static (int Flow, long Number) Rank(ReadyDelivery delivery, int lastFlow) =>
        (delivery.Flow == lastFlow ? -1 : delivery.Flow, delivery.Number);
}
