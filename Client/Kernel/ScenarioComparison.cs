using System.Text;
using Hugesim.Scenarios;

namespace Hugesim.Kernel;

/// <summary>How a scenario went on two machines.</summary>
/// <param name="Steps">Commands executed on both.</param>
/// <param name="Differences">Where the second machine differs from the first; only the first place unless all were asked for.</param>
/// <param name="Errors">What is wrong with the scenario.</param>
/// <param name="Recording">What the first machine did, as a recording; without its end if the comparison stopped earlier.</param>
public sealed record ComparisonVerdict(
    int Steps, IReadOnlyList<RecordingDifference> Differences, IReadOnlyList<ScenarioError> Errors, string Recording)
{
    /// <summary>Whether the user ended it.</summary>
    public bool Interrupted { get; init; }
}

/// <summary>Executes a scenario on two machines at the same time, step by step, and compares every answer and counter.</summary>
public static class ScenarioComparison
{
    /// <summary>Compares. The machines are fresh; disposing them is the caller's work.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="expected">The machine that is right: the real kernel.</param>
    /// <param name="actual">The machine that is compared with it.</param>
    /// <param name="allDifferences">Whether to go on after the first difference.</param>
    /// <param name="cancellationToken">Ends the comparison between two commands.</param>
    public static async Task<ComparisonVerdict> RunAsync(
        IAsyncEnumerable<ScenarioItem> scenario, IScenarioMachine expected, IScenarioMachine actual, bool allDifferences, CancellationToken cancellationToken)
    {
        var recording = new StringBuilder();
        var differences = new List<RecordingDifference>();
        var (steps, last) = (0, 0);
        try
        {
            await foreach (var item in scenario.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                switch (item)
                {
                    case ScenarioFault fault:
                        return new ComparisonVerdict(steps, differences, fault.Errors, recording.ToString());
                    case ScenarioBlockBegin begin:
                        return new ComparisonVerdict(
                            steps, differences, [ScenarioRunner.RefuseBlock(begin.Source)], recording.ToString());
                    case ScenarioComment comment:
                        recording.Append(comment.Source.Text).Append('\n');
                        break;
                    case ScenarioStep step:
                        (steps, last) = (steps + 1, step.Command.Source.Line);
                        await StepAsync(step.Command, expected, actual, recording, differences).ConfigureAwait(false);
                        break;
                }

                if (differences.Count > 0 && !allDifferences)
                {
                    return new ComparisonVerdict(steps, differences, [], recording.ToString());
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            await EndAsync(last + 1, expected, actual, recording, differences).ConfigureAwait(false);
            return new ComparisonVerdict(steps, allDifferences ? differences : [.. differences.Take(1)], [], recording.ToString());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new ComparisonVerdict(steps, differences, [], recording.ToString()) { Interrupted = true };
        }
    }

    private static async ValueTask StepAsync(
        ScenarioCommand command, IScenarioMachine expected, IScenarioMachine actual, StringBuilder recording, List<RecordingDifference> differences)
    {
        // A command that has begun is finished on both: cancelling takes effect between commands.
        var right = await AnswerAsync(command, expected).ConfigureAwait(false);
        var other = await AnswerAsync(command, actual).ConfigureAwait(false);
        recording.Append(RecordingText.Command(command.Source)).Append('\n').Append(right).Append('\n');
        if (right != other)
        {
            differences.Add(new RecordingDifference(command.Source.Line, command.Source.Text, right, other));
        }
    }

    private static async ValueTask<string> AnswerAsync(ScenarioCommand command, IScenarioMachine machine)
    {
        var answer = await machine.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
        var deaths = machine.TakeDeaths();
        return RecordingText.Answer(answer, deaths, await machine.ReadCountersAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private static async ValueTask EndAsync(
        int line, IScenarioMachine expected, IScenarioMachine actual, StringBuilder recording, List<RecordingDifference> differences)
    {
        const string Emptied = "= pool emptied";
        var right = await expected.TearDownAsync(CancellationToken.None).ConfigureAwait(false);
        var other = await actual.TearDownAsync(CancellationToken.None).ConfigureAwait(false);
        recording.Append(RecordingText.End(right)).Append('\n');
        if (RecordingText.End(right) != RecordingText.End(other))
        {
            differences.Add(new RecordingDifference(line, "end", RecordingText.End(right), RecordingText.End(other)));
        }

        var (rest, otherRest) = (RecordingText.Remainder(right), RecordingText.Remainder(other));
        if (rest is not null)
        {
            recording.Append(rest).Append('\n');
        }

        if (rest != otherRest)
        {
            differences.Add(new RecordingDifference(line, "empty the pool", rest ?? Emptied, otherRest ?? Emptied));
        }
    }
}
