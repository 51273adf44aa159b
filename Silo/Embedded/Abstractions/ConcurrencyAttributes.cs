namespace Orleans.Concurrency;

/// <summary>A method that changes nothing: it interleaves with other such methods, not with the rest (Orleans: <c>Orleans.Concurrency.ReadOnlyAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;

/// <summary>A class whose requests all interleave at their awaits (Orleans: <c>Orleans.Concurrency.ReentrantAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;

/// <summary>A method that interleaves with every other (Orleans: <c>Orleans.Concurrency.AlwaysInterleaveAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>A method whose caller waits for nothing and learns of no failure (Orleans: <c>Orleans.Concurrency.OneWayAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>Wraps a value that nobody changes. The embedded engine copies nothing in any case (Orleans: <c>Orleans.Concurrency.Immutable</c>).</summary>
/// <param name="value">The value.</param>
public readonly struct Immutable<T>(T value)
{
    /// <summary>The value.</summary>
    public T Value { get; } = value;
}

/// <summary>A class of which each silo has several activations under one key (Orleans: <c>Orleans.Concurrency.StatelessWorkerAttribute</c>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute : Placement.PlacementAttribute
{
    /// <summary>At most this many activations of a key on each silo.</summary>
    public StatelessWorkerAttribute(int maxLocalWorkers)
        : base(new Runtime.StatelessWorkerPlacement(maxLocalWorkers))
    {
    }

    /// <summary>As the other constructor; idle workers are not removed by the embedded engine.</summary>
    public StatelessWorkerAttribute(int maxLocalWorkers, bool removeIdleWorkers)
        : this(maxLocalWorkers) => _ = removeIdleWorkers;

    /// <summary>As many activations as the machine has processors.</summary>
    public StatelessWorkerAttribute()
        : this(Environment.ProcessorCount)
    {
    }
}
