namespace Hugesim.Load;

/// <summary>The pools of all machines together, in huge pages.</summary>
internal readonly record struct PoolCounters(long Nr, long Free, long Resv, long Surplus);

/// <summary>One second of a run.</summary>
/// <param name="AtSeconds">When it ended, in seconds after the start.</param>
/// <param name="CallsPerSecond">Throughput.</param>
/// <param name="P50">Median latency of all calls, in nanoseconds.</param>
/// <param name="P99">99th percentile, in nanoseconds.</param>
/// <param name="Max">The longest, in nanoseconds.</param>
/// <param name="Failures">Failures in it, by cause.</param>
/// <param name="Pools">The counters at its end.</param>
/// <param name="Processes">Live processes at its end.</param>
internal sealed record LoadSample(
    double AtSeconds, double CallsPerSecond, long P50, long P99, long Max, IReadOnlyDictionary<string, long> Failures, PoolCounters Pools, long Processes);

/// <summary>Why a run ended before its time.</summary>
internal enum LoadEnd
{
    /// <summary>It did not.</summary>
    Complete,

    /// <summary>The user ended it.</summary>
    Interrupted,

    /// <summary>Grains no longer answered.</summary>
    EngineFailed,

    /// <summary>No process could be started.</summary>
    NothingStarted,
}

/// <summary>What a run found.</summary>
internal sealed record LoadResults
{
    /// <summary>What was asked for.</summary>
    public required LoadOptions Options { get; init; }

    /// <summary>Calls of the measured time.</summary>
    public required LoadTotals Totals { get; init; }

    /// <summary>Calls of the start, which are not part of <see cref="Totals"/>.</summary>
    public required LoadTotals Startup { get; init; }

    /// <summary>One sample a second.</summary>
    public required IReadOnlyList<LoadSample> Samples { get; init; }

    /// <summary>Seconds until every process had started.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>Seconds that were measured.</summary>
    public required double MeasuredSeconds { get; init; }

    /// <summary>Processes that had started.</summary>
    public required long StartedProcesses { get; init; }

    /// <summary>Managed bytes in use after the start less those before, divided by the processes; null for fewer than 1,000.</summary>
    public long? BytesPerProcess { get; init; }

    /// <summary>Open loop: calls that were due in the measured time, or when the last of those that were asked for began; null in a closed loop.</summary>
    public long? DueCalls { get; init; }

    /// <summary>How the run ended.</summary>
    public required LoadEnd End { get; init; }

    /// <summary>What failed, when <see cref="End"/> is <see cref="LoadEnd.EngineFailed"/>.</summary>
    public string? EngineFailure { get; init; }

    /// <summary>Seconds of the audit; null when it could not be made.</summary>
    public double? AuditSeconds { get; init; }

    /// <summary>Invariants that do not hold, and pages or reservations that were left at the end; each names its machine.</summary>
    public IReadOnlyList<string> Violations { get; init; } = [];

    /// <summary>Seconds to end all processes.</summary>
    public double? EndSeconds { get; init; }

    /// <summary>Thresholds and what was measured.</summary>
    public IReadOnlyList<ThresholdResult> Thresholds { get; init; } = [];

    /// <summary>An open loop did fewer than 95 of 100 calls that were due.</summary>
    public bool MissedRate => End == LoadEnd.Complete && DueCalls is { } due && Totals.Calls < due * 0.95;

    /// <summary>Nothing was found that fails the run.</summary>
    public bool Passed => End is LoadEnd.Complete or LoadEnd.Interrupted && Violations.Count == 0 && Thresholds.All(t => t.Holds) && !MissedRate;
}
