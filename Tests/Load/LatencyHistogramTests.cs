using FsCheck.Fluent;
using Hugesim.Load;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Load;

/// <summary>The histogram against the exact percentiles of the same values.</summary>
public sealed class LatencyHistogramTests
{
    private static readonly double[] Percentiles = [0, 1, 10, 50, 90, 99, 99.9, 100];

    // Values of every magnitude, small ones as often as large ones.
    private static readonly FsCheck.Gen<long> Values =
        Gen.Choose(0, 41).SelectMany(bits => Gen.Choose(0, int.MaxValue).Select(low => ((1L << bits) + low) & ((1L << (bits + 1)) - 1)));

    [Fact]
    public void Percentile_AnyValues_IsWithinABucketOfTheExactOne() => Properties.Check(Properties.Sequences(Values, 300), 300, values =>
    {
        var histogram = Of(values);
        var sorted = values.Order().ToArray();
        foreach (var percent in Percentiles)
        {
            var exact = sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percent / 100) - 1)];
            var found = histogram.Percentile(percent);
            found.ShouldBeGreaterThanOrEqualTo(exact);
            found.ShouldBeLessThanOrEqualTo(exact + (exact / 64) + 1);
        }

        histogram.Max.ShouldBe(sorted[^1]);
        histogram.Count.ShouldBe(values.Length);
        histogram.Mean.ShouldBe(values.Average(v => (double)v), 1e-6 * (sorted[^1] + 1));
    });

    [Fact]
    public void Add_TwoHistograms_IsThatOfAllValues() => Properties.Check(Properties.Sequences(Values, 200), 100, values =>
    {
        var sum = Of(values[..(values.Length / 2)]);
        sum.Add(Of(values[(values.Length / 2)..]));
        var whole = Of(values);
        foreach (var percent in Percentiles)
        {
            sum.Percentile(percent).ShouldBe(whole.Percentile(percent));
        }

        (sum.Count, sum.Max).ShouldBe((whole.Count, whole.Max));
    });

    [Fact]
    public void Percentile_NothingRecordedOrCleared_IsZero()
    {
        var histogram = Of([5]);
        histogram.Clear();
        histogram.Percentile(99).ShouldBe(0);
        histogram.Mean.ShouldBe(0);
    }

    [Fact]
    public void Record_TimesOutOfRange_AreCountedAtTheEnds()
    {
        var histogram = Of([-5, long.MaxValue]);
        histogram.Percentile(50).ShouldBe(0);
        histogram.Max.ShouldBe((1L << 42) - 1);
    }

    private static LatencyHistogram Of(IEnumerable<long> values)
    {
        var histogram = new LatencyHistogram();
        foreach (var value in values)
        {
            histogram.Record(value);
        }

        return histogram;
    }
}
