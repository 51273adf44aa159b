using System.Diagnostics;

namespace Hugesim.Bench;

/// <summary>Measures ratios: both sides do the same number of rounds, taking turns, so that whatever else the machine does hits both.</summary>
internal static class BenchRunner
{
    private const int Rounds = 7;

    // A side is warm when so many rounds have brought nothing new: .NET compiles what runs often several times over, each time faster. While it compiles much, as the
    // first calls of Orleans have it do, it may be seconds until the next step.
    private const int SteadyRounds = 10;
    private const int MostWarmUpRounds = 80;
    private const double Progress = 1.03;

    /// <summary>Measures an item.</summary>
    /// <param name="item">The comparison.</param>
    /// <param name="roundTime">How long a round of one side takes, about.</param>
    /// <param name="cancellationToken">Ends the measuring between two rounds.</param>
    public static async Task<BenchResult> RunAsync(BenchItem item, TimeSpan roundTime, CancellationToken cancellationToken)
    {
        roundTime *= item.RoundFactor;
        var subjects = new List<double>();
        var references = new List<double>();
        var subjectOperations = await WarmUpAsync(item.Subject, roundTime, cancellationToken).ConfigureAwait(false);
        var referenceOperations = item.Reference is { } side ? await WarmUpAsync(side, roundTime, cancellationToken).ConfigureAwait(false) : 0;
        for (var round = 0; round < Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            subjects.Add(await RateAsync(item.Subject, subjectOperations).ConfigureAwait(false));
            if (item.Reference is { } reference)
            {
                references.Add(await RateAsync(reference, referenceOperations).ConfigureAwait(false));
            }
        }

        if (references.Count == 0)
        {
            return new BenchResult(item, Median(subjects), null, null, null, null);
        }

        var ratios = subjects.Zip(references, (subject, reference) => subject / reference).ToArray();
        return new BenchResult(item, Median(subjects), Median(references), Median(ratios), ratios.Min(), ratios.Max());
    }

    // Works until the side gets no faster, and tells how many operations a round takes then.
    private static async Task<long> WarmUpAsync(BenchSide side, TimeSpan roundTime, CancellationToken cancellationToken)
    {
        var (operations, best, steady) = (64L, 0.0, 0);
        for (var round = 0; round < MostWarmUpRounds && steady < SteadyRounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rate = await RateAsync(side, operations).ConfigureAwait(false);

            // The first rounds are too short to tell anything but how long the next one should be.
            var isWhole = operations / rate >= roundTime.TotalSeconds / 4;
            steady = !isWhole || rate > best * Progress ? 0 : steady + 1;
            best = isWhole ? Math.Max(best, rate) : best;
            operations = Math.Max(1, Math.Min(operations * 8, (long)(rate * roundTime.TotalSeconds)));
        }

        return operations;
    }

    private static async Task<double> RateAsync(BenchSide side, long operations)
    {
        var clock = Stopwatch.StartNew();
        await side.RunAsync(operations).ConfigureAwait(false);
        return operations / Math.Max(clock.Elapsed.TotalSeconds, 1e-9);
    }

    private static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);
}
