namespace Hugesim.Grains;

/// <summary>A grain instance whose state can be had without a message, by a tool that runs between two turns of a deterministic engine.</summary>
public interface ICapturedWhole
{
    /// <summary>Whether no turn holds a lock of the grain; one that is held while nothing runs is held for ever.</summary>
    bool IsUnlocked { get; }

    /// <summary>
    /// All that decides what the grain does from now on, as the plain data that would move with it; null where it has no state. Not in it is what the grain remembers of past
    /// operations, which matters only to a message that comes again.
    /// </summary>
    object? CaptureWhole();
}
