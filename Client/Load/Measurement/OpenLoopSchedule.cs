namespace Hugesim.Load;

/// <summary>
/// When the calls of an open loop are due. The times depend on the rate alone, not on how the calls before went: a call that starts late has waited, and its
/// latency counts from the time it was due.
/// </summary>
/// <param name="CallsPerSecond">The rate of all workers together.</param>
internal readonly record struct OpenLoopSchedule(double CallsPerSecond)
{
    /// <summary>When a call is due, in nanoseconds after the start.</summary>
    /// <param name="call">The call, from 0.</param>
    public long DueNanoseconds(long call) => (long)(call / CallsPerSecond * 1e9);

    /// <summary>How many calls of all workers are due before a time.</summary>
    public long DueBefore(long nanoseconds) => (long)Math.Ceiling(nanoseconds / 1e9 * CallsPerSecond);
}
