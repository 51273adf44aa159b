using System.Globalization;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>What a span worked on, in a few words for people.</summary>
internal static class SpanFacts
{
    private const string Prefix = "hugesim.";

    /// <summary>Its numbers as they are, and counters only where they changed.</summary>
    public static IEnumerable<string> Of(RecordedSpan span)
    {
        foreach (var (key, value) in span.Tags.Where(tag => tag.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var name = key[Prefix.Length..];
            if (name.StartsWith("before.", StringComparison.Ordinal))
            {
                var counter = name["before.".Length..];
                var (before, after) = (span.Tag(key), span.Tag(Prefix + "after." + counter));
                if (before != after)
                {
                    yield return $"{counter} {before} -> {after}";
                }
            }
            else if (!name.StartsWith("after.", StringComparison.Ordinal) && key != KernelTracing.Tags.Cause && name is not ("silo" or "delivery"))
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{name}={(value is long.MaxValue ? "end" : value)}");
            }
        }
    }
}
