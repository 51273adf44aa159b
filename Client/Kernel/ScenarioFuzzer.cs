using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Kernel;

/// <summary>Makes a fresh pair of machines: the one that is right, and the one that is compared with it.</summary>
public delegate ValueTask<(IScenarioMachine Expected, IScenarioMachine Actual)> MachinePair(CancellationToken cancellationToken);

/// <summary>A scenario on which the two machines differ.</summary>
/// <param name="Seed">What the generator made it from.</param>
/// <param name="Kind">What differs, without its numbers.</param>
/// <param name="Lines">The shortest such scenario that was found.</param>
/// <param name="Verdict">How the two machines differ on it.</param>
public sealed record FuzzFinding(int Seed, string Kind, IReadOnlyList<string> Lines, ComparisonVerdict Verdict)
{
    /// <summary>What the first machine did, as a recording that says where it comes from.</summary>
    public string Recording => string.Create(CultureInfo.InvariantCulture, $"# hugesim fuzz, seed {Seed}: {Kind}\n") + Verdict.Recording;
}

/// <summary>How many scenarios and steps were compared, and how many scenarios differed.</summary>
public sealed record FuzzCounts(int Scenarios, long Steps, int Differing);

/// <summary>Compares two machines on random scenarios, and shrinks each new kind of difference to its shortest scenario.</summary>
/// <param name="machines">Makes the machines.</param>
/// <param name="steps">Commands in a scenario.</param>
public sealed class ScenarioFuzzer(MachinePair machines, int steps)
{
    /// <summary>Scenarios to try while one is made shorter.</summary>
    private const int ShrinkBudget = 600;

    private const string NotRepeated = " (not a second time: another program changes the pool, or chance decides)";

    private readonly HashSet<string> _kinds = [];

    /// <summary>What was done so far.</summary>
    public FuzzCounts Counts { get; private set; } = new(0, 0, 0);

    /// <summary>Compares one scenario; returns a finding if it differs in a way that no earlier one did.</summary>
    public async Task<FuzzFinding?> NextAsync(int seed, CancellationToken cancellationToken)
    {
        var lines = ScenarioGenerator.Generate(seed, steps);
        var verdict = await CompareAsync(lines, all: false, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        Counts = new FuzzCounts(Counts.Scenarios + 1, Counts.Steps + verdict.Steps, Counts.Differing + verdict.Differences.Count);
        if (verdict.Differences.Count == 0 || !_kinds.Add(KindOf(verdict.Differences[0])))
        {
            return null;
        }

        var kind = KindOf(verdict.Differences[0]);
        if (!await DiffersAsync(lines, kind, cancellationToken).ConfigureAwait(false))
        {
            return new FuzzFinding(seed, kind + NotRepeated, lines, verdict);
        }

        var shrinker = new ScenarioShrinker(candidate => DiffersAsync(candidate, kind, cancellationToken), ShrinkBudget);
        var shortest = await shrinker.ShrinkAsync([.. lines.Take(verdict.Differences[0].Line)]).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return new FuzzFinding(seed, kind, shortest, await CompareAsync(shortest, all: true, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>What differs, without numbers: the command's word and the two answers, or the counters if the answers are the same.</summary>
    public static string KindOf(RecordingDifference difference)
    {
        var words = difference.Command.Split(' ');
        var verb = words.Length > 1 && words[0].StartsWith('p') && words[0] is not ("pool" or "proc") ? words[1] : words[0];
        if (verb == "madvise" && words.Length > 5)
        {
            verb += " " + words[5];
        }

        var differing = difference.Fields().Where(field => field.Differs).ToArray();
        var answer = differing.FirstOrDefault(field => field.Name == "answer");
        return answer is null
            ? $"{verb}: {string.Join(' ', differing.Select(field => field.Name.Split('.')[0].Split(':')[0]).Distinct())}"
            : $"{verb}: {FirstWord(answer.Expected)} / {FirstWord(answer.Actual)}";
    }

    private static string FirstWord(string? answer) => answer is null ? "-" : answer.StartsWith("internal", StringComparison.Ordinal) ? answer : answer.Split(' ')[0];

    private async ValueTask<bool> DiffersAsync(IReadOnlyList<string> lines, string kind, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var verdict = await CompareAsync(lines, all: false, cancellationToken).ConfigureAwait(false);
        return verdict.Differences.Count > 0 && KindOf(verdict.Differences[0]) == kind;
    }

    private async Task<ComparisonVerdict> CompareAsync(IReadOnlyList<string> lines, bool all, CancellationToken cancellationToken)
    {
        var (expected, actual) = await machines(cancellationToken).ConfigureAwait(false);
        await using (expected.ConfigureAwait(false))
        await using (actual.ConfigureAwait(false))
        {
            return await ScenarioComparison.RunAsync(
                WellFormedScenario.ReadAsync(lines, "scenario"), expected, new FailureReportingMachine(actual), all, cancellationToken).ConfigureAwait(false);
        }
    }
}
