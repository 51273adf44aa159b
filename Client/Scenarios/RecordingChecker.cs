using System.Globalization;

namespace Hugesim.Scenarios;

/// <summary>One value of a line, as it was recorded and as the machine has it.</summary>
/// <param name="Name"><c>answer</c>, <c>deaths</c> or a counter's name.</param>
/// <param name="Expected">The recorded value, or null where there is none.</param>
/// <param name="Actual">The machine's value, or null where there is none.</param>
public sealed record ComparedField(string Name, string? Expected, string? Actual)
{
    /// <summary>Whether the two differ.</summary>
    public bool Differs => Expected != Actual;
}

/// <summary>A line of a recording that the machine does not reproduce.</summary>
/// <param name="Line">The line of the command, or of the end.</param>
/// <param name="Command">The command, or <c>end</c>.</param>
/// <param name="Expected">The recorded line.</param>
/// <param name="Actual">The machine's line.</param>
public sealed record RecordingDifference(int Line, string Command, string Expected, string Actual)
{
    /// <summary>The line's values side by side.</summary>
    public IReadOnlyList<ComparedField> Fields()
    {
        var expected = Values(Expected);
        var actual = Values(Actual);
        var names = expected.Select(pair => pair.Key).Concat(actual.Select(pair => pair.Key)).Distinct();
        return [.. names.Select(name => new ComparedField(name, Find(expected, name), Find(actual, name)))
            .Where(field => field.Expected is not null || field.Actual is not null)];
    }

    private static List<KeyValuePair<string, string?>> Values(string line)
    {
        var answer = RecordedAnswer.Parse(line[Math.Min(2, line.Length)..]);
        var values = new List<KeyValuePair<string, string?>>
        {
            new("answer", answer.Answer),
            new("deaths", answer.Deaths.Count > 0 ? string.Join(", ", answer.Deaths) : null),
        };
        if (answer.Counters is not null)
        {
            values.AddRange(CounterChanges.Flatten(answer.Counters)
                .Select(counter => KeyValuePair.Create(counter.Name, (string?)counter.Value.ToString(CultureInfo.InvariantCulture))));
        }

        return values;
    }

    private static string? Find(List<KeyValuePair<string, string?>> values, string name) =>
        values.Where(pair => pair.Key == name).Select(pair => pair.Value).FirstOrDefault();
}

/// <summary>How a recording compares with a machine.</summary>
/// <param name="Steps">Commands executed.</param>
/// <param name="Differences">The lines that differ; only the first unless all were asked for.</param>
/// <param name="Errors">Why the recording cannot be read; empty if it can.</param>
public sealed record RecordingVerdict(int Steps, IReadOnlyList<RecordingDifference> Differences, IReadOnlyList<ScenarioError> Errors)
{
    /// <summary>The exception that ended the replay, or null.</summary>
    public Exception? Failure { get; init; }

    /// <summary>Whether the machine reproduces the recording to the byte.</summary>
    public bool Agrees => Differences.Count == 0 && Errors.Count == 0 && Failure is null;
}

/// <summary>Replays recordings and compares every line.</summary>
public static class RecordingChecker
{
    /// <summary>Replays a recording on a fresh machine.</summary>
    /// <param name="stream">The recording.</param>
    /// <param name="file">Its name for messages.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="allDifferences">Whether to go on after the first difference.</param>
    /// <param name="cancellationToken">Ends the replay between two commands.</param>
    public static async Task<RecordingVerdict> CheckAsync(
        Stream stream, string file, IScenarioMachine machine, bool allDifferences, CancellationToken cancellationToken)
    {
        var differences = new List<RecordingDifference>();
        var steps = 0;
        await foreach (var entry in RecordingReader.ReadAsync(stream, file, cancellationToken).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (entry)
            {
                case RecordingFault fault:
                    return new RecordingVerdict(steps, differences, fault.Errors);
                case RecordingStep step:
                    steps++;
                    await CheckStepAsync(step, machine, differences, cancellationToken).ConfigureAwait(false);
                    break;
                case RecordingEnd end:
                    await CheckEndAsync(end, machine, differences, cancellationToken).ConfigureAwait(false);
                    break;
            }

            if (differences.Count > 0 && !allDifferences)
            {
                break;
            }
        }

        return new RecordingVerdict(steps, differences, []);
    }

    private static async ValueTask CheckStepAsync(
        RecordingStep step, IScenarioMachine machine, List<RecordingDifference> differences, CancellationToken cancellationToken)
    {
        var answer = await machine.ExecuteAsync(step.Command, cancellationToken).ConfigureAwait(false);
        var actual = RecorderAnswers.IsPrintedWithoutCounters(answer)
            ? RecordingText.AnswerMark + answer
            : RecordingText.Answer(answer, machine.TakeDeaths(), await machine.ReadCountersAsync(cancellationToken).ConfigureAwait(false));
        if (actual != step.Expected)
        {
            differences.Add(new RecordingDifference(step.Line, step.Command.Source.Text, step.Expected, actual));
        }
    }

    private static async ValueTask CheckEndAsync(
        RecordingEnd end, IScenarioMachine machine, List<RecordingDifference> differences, CancellationToken cancellationToken)
    {
        var teardown = await machine.TearDownAsync(cancellationToken).ConfigureAwait(false);
        var actual = RecordingText.End(teardown);
        if (actual != end.Expected)
        {
            differences.Add(new RecordingDifference(end.Line, "end", end.Expected, actual));
        }

        var remainder = RecordingText.Remainder(teardown);
        if (remainder != end.Remainder)
        {
            const string Emptied = "= pool emptied";
            differences.Add(new RecordingDifference(end.Line + 1, "empty the pool", end.Remainder ?? Emptied, remainder ?? Emptied));
        }
    }
}
