namespace Hugesim.Load;

/// <summary>
/// When the calls of an open loop are due. The times depend on the rate alone, not on how the calls before went: a call that starts late has waited, and its
/// latency counts from the time it was due.
/// </summary>
/// <param name="CallsPerSecond">The rate of all workers together.</param>
/// <param name="Workers">How many share it.</param>
internal readonly record struct OpenLoopSchedule(double CallsPerSecond, int Workers)
{
    /// <summary>When a worker's call is due, in nanoseconds after the start.</summary>
    /// <param name="worker">The worker, from 0.</param>
    /// <param name="call">Its call, from 0.</param>
    public long DueNanoseconds(int worker, long call) => (long)((worker + ((double)call * Workers)) / CallsPerSecond * 1e9);

    /// <summary>How many calls of all workers are due before a time.</summary>
    public long DueBefore(long nanoseconds) => (long)Math.Ceiling(nanoseconds / 1e9 * CallsPerSecond);
}
