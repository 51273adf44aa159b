using System.Numerics;

namespace Hugesim.Load;

/// <summary>
/// Counts times in nanoseconds, from 1 ns to 2^42 ns (over an hour), in buckets that are never wider than 1/64 of their values: below 128 each value has a bucket,
/// above that every power of two has 64. A percentile is off by less than 1.6 %, whatever was recorded.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;
    private const int MostBits = 42;
    private const long MostValue = (1L << MostBits) - 1;

    private readonly long[] _counts = new long[Index(MostValue) + 1];
    private double _sum;

    /// <summary>How many times were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest one, in nanoseconds.</summary>
    public long Max { get; private set; }

    /// <summary>Their mean, in nanoseconds; 0 without any.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <summary>Records one time.</summary>
    public void Record(long nanoseconds)
    {
        var value = Math.Clamp(nanoseconds, 0, MostValue);
        _counts[Index(value)]++;
        Count++;
        _sum += value;
        Max = Math.Max(Max, value);
    }

    /// <summary>The time in nanoseconds that so many percent do not exceed: the upper end of its bucket, but never more than <see cref="Max"/>.</summary>
    /// <param name="percent">From 0 to 100.</param>
    public long Percentile(double percent)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        var seen = 0L;
        for (var i = 0; i < _counts.Length && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(Upper(i), Max);
            }
        }

        return 0;
    }

    /// <summary>Adds what another one has counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        _sum += other._sum;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        (Count, Max, _sum) = (0, 0, 0);
    }

    // The values of one power of two, less its leading bit, in 64 parts.
    private static int Index(long value)
    {
        if (value < 2 * SubBuckets)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - SubBits;
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    private static long Upper(int index)
    {
        if (index < 2 * SubBuckets)
        {
            return index;
        }

        var shift = (index / SubBuckets) - 1;
        var part = index - (shift * SubBuckets);
        return ((part + 1L) << shift) - 1;
    }
}
