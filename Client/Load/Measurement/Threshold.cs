using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>A limit on what a run may measure, such as <c>fault.p99&lt;5ms</c>.</summary>
/// <param name="Text">As written.</param>
/// <param name="Operation">The operation, or null for all together.</param>
/// <param name="Statistic">What of it: a percentile, <c>max</c>, <c>mean</c>, <c>rate</c> or <c>failures</c>.</param>
/// <param name="Comparison"><c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c>.</param>
/// <param name="Limit">Nanoseconds, calls a second, failures, or percent of the calls that fail.</param>
/// <param name="IsPercent">The limit is percent.</param>
internal sealed record Threshold(string Text, LoadOperation? Operation, string Statistic, string Comparison, double Limit, bool IsPercent)
{
    private const string Usage = "write for example 'fault.p99<5ms', 'all.rate>1000', 'mmap.failures<1%'";
    private static readonly string[] Comparisons = ["<=", ">=", "<", ">"];
    private static readonly string[] Statistics = ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "max", "mean", "rate", "failures"];

    /// <summary>Reads a threshold.</summary>
    /// <param name="text">The text.</param>
    /// <param name="error">What is wrong with it, and what to do.</param>
    public static Threshold? Parse(string text, out string error)
    {
        var comparison = Comparisons.FirstOrDefault(c => text.Contains(c, StringComparison.Ordinal));
        if (comparison is null)
        {
            error = $"there is no comparison in '{text}': {Usage}";
            return null;
        }

        var at = text.IndexOf(comparison, StringComparison.Ordinal);
        var (what, limit) = (text[..at].Trim(), text[(at + comparison.Length)..].Trim());
        var dot = what.IndexOf('.');
        var (name, statistic) = dot < 0 ? (LoadNames.All, what) : (what[..dot], what[(dot + 1)..]);
        var names = LoadNames.Operations.Select(LoadNames.Of).Prepend(LoadNames.All).ToArray();
        if (!names.Contains(name))
        {
            error = Unknown("operation", name, names);
            return null;
        }

        if (!Statistics.Contains(statistic))
        {
            error = Unknown("statistic", statistic, Statistics);
            return null;
        }

        LoadOperation? operation = name == LoadNames.All ? null : LoadNames.Operations.First(o => LoadNames.Of(o) == name);
        var isPercent = statistic == "failures" && limit.EndsWith('%');
        if (!TryLimit(statistic, isPercent ? limit[..^1] : limit, out var value))
        {
            error = $"'{limit}' is no limit for {statistic}: {Usage}";
            return null;
        }

        error = "";
        return new Threshold(text, operation, statistic, comparison, value, isPercent);
    }

    /// <summary>Compares it with what a run measured.</summary>
    /// <param name="totals">The calls.</param>
    /// <param name="seconds">The time they took.</param>
    public ThresholdResult Check(LoadTotals totals, double seconds)
    {
        var latency = Operation is { } operation ? totals.Latency(operation) : totals.AllLatencies();
        var calls = latency?.Count ?? 0;
        var failures = Operation is { } of ? totals.FailuresOf(of) : totals.Failures;
        var actual = Statistic switch
        {
            "rate" => seconds > 0 ? calls / seconds : 0,
            "failures" => IsPercent ? (calls > 0 ? 100.0 * failures / calls : 0) : failures,
            "max" => latency?.Max ?? 0,
            "mean" => latency?.Mean ?? 0,
            _ => latency?.Percentile(double.Parse(Statistic.AsSpan(1), CultureInfo.InvariantCulture)) ?? 0,
        };

        // Nothing measured is no proof that a time holds.
        var isMeasured = calls > 0 || Statistic is "rate" or "failures";
        var holds = isMeasured && Comparison switch
        {
            "<" => actual < Limit,
            "<=" => actual <= Limit,
            ">" => actual > Limit,
            _ => actual >= Limit,
        };
        return new ThresholdResult(Text, holds, isMeasured ? Show(actual) : "nothing measured");
    }

    private string Show(double value) => Statistic switch
    {
        "rate" => $"{value.ToString("N0", CultureInfo.InvariantCulture)}/s",
        "failures" => IsPercent ? $"{value.ToString("0.###", CultureInfo.InvariantCulture)}%" : value.ToString("N0", CultureInfo.InvariantCulture),
        _ => TimeText.Show(value),
    };

    private static bool TryLimit(string statistic, string text, out double value) => statistic is "rate" or "failures"
        ? double.TryParse(text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value)
        : TimeText.TryParse(text, out value);

    private static string Unknown(string what, string text, IReadOnlyCollection<string> known)
    {
        var similar = Suggestion.For(text, known);
        var guess = similar is null ? "" : $"did you mean '{similar}'? ";
        return $"unknown {what} '{text}': {guess}Known: {string.Join(", ", known)}";
    }
}

/// <summary>A threshold and what was measured.</summary>
internal sealed record ThresholdResult(string Text, bool Holds, string Actual);
