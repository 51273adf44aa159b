namespace Hugesim.Embedded;

/// <summary>What can happen to a message.</summary>
public enum MessageFateKind
{
    /// <summary>It arrives, after those sent before it from the same place to the same place.</summary>
    Deliver,

    /// <summary>It never arrives; the caller's response timeout is what remains.</summary>
    Drop,

    /// <summary>It arrives twice. Of an answer, the second copy is nobody's.</summary>
    Duplicate,

    /// <summary>It arrives after some virtual time.</summary>
    Delay,

    /// <summary>It arrives at any time, also before those sent earlier.</summary>
    Unordered,
}

/// <summary>The fate of one message.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Time">How much later, for <see cref="MessageFateKind.Delay"/>.</param>
public readonly record struct MessageFate(MessageFateKind Kind, TimeSpan Time = default)
{
    /// <summary>The ordinary fate.</summary>
    public static MessageFate Deliver => default;

    /// <summary>Lost.</summary>
    public static MessageFate Drop => new(MessageFateKind.Drop);

    /// <summary>Arrives twice.</summary>
    public static MessageFate Duplicate => new(MessageFateKind.Duplicate);

    /// <summary>Arrives in any order.</summary>
    public static MessageFate Unordered => new(MessageFateKind.Unordered);

    /// <summary>Arrives later.</summary>
    public static MessageFate Delay(TimeSpan time) => new(MessageFateKind.Delay, time);
}

/// <summary>One message of the deterministic scheduler.</summary>
/// <param name="Source">Who sends: a grain as type/key, or a client.</param>
/// <param name="Target">Who gets it.</param>
/// <param name="Method">Interface and method of the request, also for its answer.</param>
/// <param name="IsResponse">Whether it is the answer.</param>
/// <param name="SourceSilo">The silo it comes from; -1 is a client.</param>
/// <param name="TargetSilo">The silo it goes to; -1 is a client.</param>
public readonly record struct MessageInfo(
    string Source, string Target, string Method, bool IsResponse, int SourceSilo, int TargetSilo)
{
    /// <summary>Whether it crosses the (imagined) network.</summary>
    public bool IsBetweenSilos => SourceSilo != TargetSilo;

    /// <inheritdoc/>
    public override string ToString() => IsResponse ? $"{Target} <- {Source}: {Method}" : $"{Source} -> {Target}: {Method}";
}

/// <summary>Decides what goes wrong. Decisions drawn from the chooser are recorded and replayed with the rest.</summary>
public abstract class FaultPlan
{
    /// <summary>The fate of a message that is being sent.</summary>
    public virtual MessageFate OnMessage(in MessageInfo message, Chooser chooser) => MessageFate.Deliver;

    /// <summary>Called before each delivery; may crash and restart silos.</summary>
    public virtual void OnStep(EmbeddedCluster cluster, long step, Chooser chooser)
    {
    }
}

/// <summary>Nothing can move and the client has not finished; the message names who waits for what.</summary>
/// <param name="message">Who waits for what.</param>
public sealed class DeadlockException(string message) : Exception(message);
