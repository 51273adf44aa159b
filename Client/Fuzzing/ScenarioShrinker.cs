using System.Globalization;

namespace Hugesim.Fuzzing;

/// <summary>
/// Makes a scenario shorter for as long as it keeps a property, by delta debugging: first fewer lines, then simpler words. Every
/// candidate is well-formed.
/// </summary>
/// <param name="holds">Whether a candidate still has the property.</param>
/// <param name="budget">How many candidates to try at most.</param>
public sealed class ScenarioShrinker(Func<IReadOnlyList<string>, ValueTask<bool>> holds, int budget)
{
    private readonly HashSet<string> _tried = [];

    /// <summary>Candidates that were tried.</summary>
    public int Tried => _tried.Count;

    /// <summary>The shortest scenario found; it has the property if the given one has it.</summary>
    public async Task<IReadOnlyList<string>> ShrinkAsync(IReadOnlyList<string> lines)
    {
        var best = WellFormedScenario.Keep(lines);
        _tried.Add(string.Join('\n', best));
        while (true)
        {
            var before = best;
            best = await FewerLinesAsync(best).ConfigureAwait(false);
            best = await SimplerWordsAsync(best).ConfigureAwait(false);
            if (ReferenceEquals(before, best))
            {
                return best;
            }
        }
    }

    private async ValueTask<IReadOnlyList<string>> FewerLinesAsync(IReadOnlyList<string> best)
    {
        for (var size = Math.Max(1, best.Count / 2); size >= 1; size /= 2)
        {
            // From the end: what happens last is the difference, what it needs comes before.
            for (var start = best.Count - size; start >= 0; start -= size)
            {
                start = Math.Min(start, best.Count - size);
                if (start < 0)
                {
                    break;
                }

                var candidate = WellFormedScenario.Keep(best.Take(start).Concat(best.Skip(start + size)));
                best = await TryAsync(candidate).ConfigureAwait(false) ? candidate : best;
            }
        }

        return best;
    }

    private async ValueTask<IReadOnlyList<string>> SimplerWordsAsync(IReadOnlyList<string> best)
    {
        for (var i = 0; i < best.Count; i++)
        {
            foreach (var line in Simpler(best[i]))
            {
                string[] candidate = [.. best.Take(i), line, .. best.Skip(i + 1)];
                if (WellFormedScenario.Keep(candidate).Count == candidate.Length && await TryAsync(candidate).ConfigureAwait(false))
                {
                    best = candidate;
                    i--;
                    break;
                }
            }
        }

        return best;
    }

    // Without one of its words, or with a smaller number.
    private static IEnumerable<string> Simpler(string line)
    {
        var words = line.Split(' ');
        for (var i = words.Length - 1; i >= 1; i--)
        {
            yield return string.Join(' ', words.Where((_, at) => at != i));
            var dots = words[i].IndexOf("..", StringComparison.Ordinal);
            if (dots > 0)
            {
                yield return Replace(words, i, words[i][..dots]);
                yield return Replace(words, i, words[i][(dots + 2)..]);
            }

            var equals = words[i].LastIndexOfAny(['=', '+']) + 1;
            if (long.TryParse(words[i].AsSpan(equals), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                foreach (var smaller in new[] { 0, 1, number / 2, number - 1 }.Where(smaller => smaller >= 0 && smaller < number).Distinct())
                {
                    yield return Replace(words, i, words[i][..equals] + smaller.ToString(CultureInfo.InvariantCulture));
                }
            }
        }
    }

    private static string Replace(string[] words, int at, string word) => string.Join(' ', words.Select((old, i) => i == at ? word : old));

    private async ValueTask<bool> TryAsync(IReadOnlyList<string> candidate) =>
        _tried.Count < budget && _tried.Add(string.Join('\n', candidate)) && await holds(candidate).ConfigureAwait(false);
}
