using Hugesim.Telemetry;

namespace Hugesim.Abstractions;

/// <summary>
/// Names an operation, so that a message that is sent again, or arrives twice, is answered and not done again: session and slot are the owner, sequence
/// counts its operations. The default names none: such a message is done each time it arrives.
/// </summary>
/// <param name="Session">The caller's process; 0 for none.</param>
/// <param name="Slot">The caller's slot, which has one operation under way at a time.</param>
/// <param name="Sequence">The number of the operation in its slot, from 1.</param>
/// <param name="Epoch">The highest epoch of the called grain that the caller has seen; 0 for none.</param>
/// <param name="Life">
/// The life of the called grain that the caller knows from whoever made it: the epoch with which it began. Another life under the same key is a second activation that should
/// not be. 0 for any.
/// </param>
[GenerateSerializer, Immutable, Alias("Operation")]
public readonly record struct Operation(long Session, int Slot, long Sequence, long Epoch, long Life = 0);

/// <summary>The answer of an operation, and which activation it is from.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Epoch">
/// The epoch of the activation that answered. Each activation that takes over a grain's state has a higher one than the activation before it, so an
/// answer of a lower epoch than one seen before is from an activation that should be gone.
/// </param>
[GenerateSerializer, Immutable, Alias("Answer`1")]
public readonly record struct Answer<T>(T Value, long Epoch);

/// <summary>How the life of a grain began, if it did.</summary>
/// <param name="Error">Why not.</param>
/// <param name="Life">Its epoch at the beginning: who calls the grain later says so (<see cref="Operation.Life"/>).</param>
[GenerateSerializer, Immutable, Alias("Begun")]
public readonly record struct Begun(Model.Errno Error, long Life);

/// <summary>How long callers wait, and then ask again. A call that names its operation may be asked again while it is under way: the second one waits for the first.</summary>
public static class CallTimes
{
    /// <summary>For grains that call nobody.</summary>
    public const string Leaf = "00:00:30";

    /// <summary>For a subpool, which may have to ask the hstate several times.</summary>
    public const string Subpool = "00:04:00";

    /// <summary>
    /// For grains that call others, and may take minutes: one access to a large mapping is one message. Who asks again waits on for the same operation.
    /// </summary>
    public const string Flow = "00:01:00";
}

/// <summary>
/// A grain whose life ends with one of its calls. Until its caller has the answer it remembers it; then it goes.
/// </summary>
public interface IEndingGrain : IGrainWithStringKey
{
    /// <summary>The answer that ended the life of this grain has arrived: nobody asks for it again. Repeating it changes nothing.</summary>
    [OneWay]
    [CarriesFlow]
    ValueTask Forget();
}
