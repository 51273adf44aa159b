namespace Hugesim.Load;

/// <summary>Calls counted and timed by operation, and what failed by its cause. Not safe for several threads at once.</summary>
internal sealed class LoadTotals
{
    private readonly LatencyHistogram?[] _latencies = new LatencyHistogram?[LoadNames.Operations.Length];
    private readonly Dictionary<string, long> _failures = new(StringComparer.Ordinal);

    /// <summary>All calls.</summary>
    public long Calls { get; private set; }

    /// <summary>Calls that the kernel refused, and processes that it killed.</summary>
    public long Failures { get; private set; }

    /// <summary>Failures by cause, such as <c>mmap ENOMEM</c>.</summary>
    public IReadOnlyDictionary<string, long> FailuresByCause => _failures;

    /// <summary>Failures by cause, the most frequent first.</summary>
    public IEnumerable<KeyValuePair<string, long>> FailuresByFrequency =>
        _failures.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal);

    /// <summary>The latencies of an operation, or null if it did not happen.</summary>
    public LatencyHistogram? Latency(LoadOperation operation) => _latencies[(int)operation];

    /// <summary>Open loop: what all calls took from when they began, without what they had waited since they were due; null in a closed loop.</summary>
    public LatencyHistogram? Service { get; private set; }

    /// <summary>Counts a call.</summary>
    /// <param name="operation">What it was.</param>
    /// <param name="latency">Nanoseconds from when it was due; in a closed loop, from when it began.</param>
    /// <param name="service">Open loop: nanoseconds from when it began.</param>
    /// <param name="failure">Why it failed, or null.</param>
    public void Record(LoadOperation operation, long latency, long? service, string? failure)
    {
        Calls++;
        (_latencies[(int)operation] ??= new LatencyHistogram()).Record(latency);
        if (service is { } own)
        {
            (Service ??= new LatencyHistogram()).Record(own);
        }

        if (failure is not null)
        {
            Failures++;
            _failures[failure] = _failures.GetValueOrDefault(failure) + 1;
        }
    }

    /// <summary>The latencies of all operations together.</summary>
    public LatencyHistogram AllLatencies()
    {
        var all = new LatencyHistogram();
        foreach (var latency in _latencies)
        {
            if (latency is not null)
            {
                all.Add(latency);
            }
        }

        return all;
    }

    /// <summary>The failures of an operation.</summary>
    public long FailuresOf(LoadOperation operation) =>
        _failures.Where(pair => pair.Key.StartsWith(LoadNames.Of(operation) + " ", StringComparison.Ordinal)).Sum(pair => pair.Value);

    /// <summary>Adds what another one has counted, and empties that.</summary>
    public void Take(LoadTotals other)
    {
        (Calls, Failures) = (Calls + other.Calls, Failures + other.Failures);
        for (var i = 0; i < _latencies.Length; i++)
        {
            if (other._latencies[i] is { Count: > 0 } latency)
            {
                (_latencies[i] ??= new LatencyHistogram()).Add(latency);
                latency.Clear();
            }
        }

        if (other.Service is { Count: > 0 } service)
        {
            (Service ??= new LatencyHistogram()).Add(service);
            service.Clear();
        }

        foreach (var (cause, count) in other._failures)
        {
            _failures[cause] = _failures.GetValueOrDefault(cause) + count;
        }

        (other.Calls, other.Failures) = (0, 0);
        other._failures.Clear();
    }
}

/// <summary>One worker's counts since they were last collected.</summary>
internal sealed class LoadRecorder
{
    private readonly LoadTotals _totals = new();
    private readonly Lock _lock = new();

    /// <summary>Counts a call, as <see cref="LoadTotals.Record"/>.</summary>
    public void Record(LoadOperation operation, long latency, long? service, string? failure)
    {
        lock (_lock)
        {
            _totals.Record(operation, latency, service, failure);
        }
    }

    /// <summary>Moves the counts to where they are collected.</summary>
    public void MoveTo(LoadTotals totals)
    {
        lock (_lock)
        {
            totals.Take(_totals);
        }
    }
}
