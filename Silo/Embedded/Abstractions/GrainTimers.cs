using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A timer of a grain; disposing it stops it (Orleans: <c>Orleans.Runtime.IGrainTimer</c>).</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets the next due time and the period; <see cref="Timeout.InfiniteTimeSpan"/> means never.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a grain timer ticks (Orleans: <c>Orleans.Runtime.GrainTimerCreationOptions</c>).</summary>
public readonly struct GrainTimerCreationOptions()
{
    /// <summary>Makes options with a due time and a period.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
        : this()
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Time to the first tick.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>Time from the end of one callback to the next tick.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether a callback may run while requests of the grain are in progress; by default it waits its turn as a call does.</summary>
    public bool Interleave { get; init; }

    /// <summary>Accepted for source compatibility: the embedded engine collects no idle activations.</summary>
    public bool KeepAlive { get; init; }
}
