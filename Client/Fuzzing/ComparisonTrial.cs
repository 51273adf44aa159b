using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Fuzzing;

/// <summary>Makes a fresh pair of machines: the one that is right, and the one that is compared with it.</summary>
/// <param name="seed">The seed of the second one's scheduler.</param>
/// <param name="cancellationToken">Gives up.</param>
public delegate ValueTask<(IScenarioMachine Expected, IScenarioMachine Actual)> MachinePair(long seed, CancellationToken cancellationToken);

/// <summary>Two machines must answer the same.</summary>
public sealed class ComparisonTrial(MachinePair machines) : IScenarioTrial
{
    /// <inheritdoc/>
    public async Task<TrialOutcome> RunAsync(IReadOnlyList<string> lines, int seed, bool whole, CancellationToken cancellationToken)
    {
        var (expected, actual) = await machines(seed, cancellationToken).ConfigureAwait(false);
        await using (expected.ConfigureAwait(false))
        await using (actual.ConfigureAwait(false))
        {
            var scenario = WellFormedScenario.ReadAsync(lines, "scenario");
            var verdict = await ScenarioComparison.RunAsync(
                scenario, expected, new FailureReportingMachine(actual), whole, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var fault = verdict.Differences.Count == 0
                ? null
                : new TrialFault(KindOf(verdict.Differences[0]), verdict.Differences[0].Line) { Differences = verdict.Differences };
            return new TrialOutcome(verdict.Steps, fault, verdict.Recording);
        }
    }

    /// <summary>What differs, without numbers: the command's word and the two answers, or the counters if the answers are the same.</summary>
    public static string KindOf(RecordingDifference difference)
    {
        var verb = ScenarioVerb.Of(difference.Command);
        var differing = difference.Fields().Where(field => field.Differs).ToArray();
        var answer = differing.FirstOrDefault(field => field.Name == "answer");
        return answer is null
            ? $"{verb}: {string.Join(' ', differing.Select(field => field.Name.Split('.')[0].Split(':')[0]).Distinct())}"
            : $"{verb}: {FirstWord(answer.Expected)} / {FirstWord(answer.Actual)}";
    }

    private static string FirstWord(string? answer) =>
        answer is null ? "-" : answer.StartsWith("internal", StringComparison.Ordinal) ? answer : answer.Split(' ')[0];
}

/// <summary>The word that says what a line of a generated scenario does.</summary>
internal static class ScenarioVerb
{
    /// <summary>The command's word; with its advice for madvise.</summary>
    public static string Of(string command)
    {
        var words = command.Split(' ');
        var verb = words.Length > 1 && words[0].StartsWith('p') && words[0] is not ("pool" or "proc") ? words[1] : words[0];
        return verb == "madvise" && words.Length > 5 ? $"{verb} {words[5]}" : verb;
    }
}
