using Hugesim.Embedded.CodeGeneration;

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

/// <summary>One message of the deterministic scheduler. Names are made when they are asked for: most messages are never looked at.</summary>
public readonly struct MessageInfo
{
    private readonly GrainRequest _request;
    private readonly ExecutionNode _source;
    private readonly ExecutionNode _target;

    internal MessageInfo(GrainRequest request, ExecutionNode source, ExecutionNode target)
    {
        (_request, _source, _target) = (request, source, target);
        (IsResponse, SourceSilo, TargetSilo) = (request.IsResponse, SiloOf(source), SiloOf(target));
    }

    /// <summary>Who sends: a grain as type/key, or a client.</summary>
    public string Source => _source.Name;

    /// <summary>Who gets it.</summary>
    public string Target => _target.Name;

    /// <summary>Interface and method of the request, also for its answer.</summary>
    public string Method => _request.MethodName;

    /// <summary>Whether it is the answer.</summary>
    public bool IsResponse { get; }

    /// <summary>The silo it comes from; -1 is a client.</summary>
    public int SourceSilo { get; }

    /// <summary>The silo it goes to; -1 is a client.</summary>
    public int TargetSilo { get; }

    /// <summary>Whether it crosses the (imagined) network.</summary>
    public bool IsBetweenSilos => SourceSilo != TargetSilo;

    /// <inheritdoc/>
    public override string ToString() => IsResponse ? $"{Target} <- {Source}: {Method}" : $"{Source} -> {Target}: {Method}";

    private static int SiloOf(ExecutionNode node) => (node as Activation)?.Silo.Index ?? -1;
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
