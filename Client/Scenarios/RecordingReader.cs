using System.Runtime.CompilerServices;

namespace Hugesim.Scenarios;

/// <summary>A part of a recording.</summary>
/// <param name="Line">The line of its first text, from 1.</param>
public abstract record RecordingEntry(int Line);

/// <summary>A comment.</summary>
public sealed record RecordingComment(int Line, string Text) : RecordingEntry(Line);

/// <summary>A command and the line that answered it.</summary>
/// <param name="Line">The line of the command.</param>
/// <param name="Command">The command.</param>
/// <param name="Expected">The whole line that answered it.</param>
public sealed record RecordingStep(int Line, ScenarioCommand Command, string Expected) : RecordingEntry(Line);

/// <summary>The end: everything killed, removed and unmounted.</summary>
/// <param name="Line">The line.</param>
/// <param name="Expected">The whole line.</param>
/// <param name="Remainder">The line after it that says that the pool could not be emptied, or null.</param>
public sealed record RecordingEnd(int Line, string Expected, string? Remainder) : RecordingEntry(Line);

/// <summary>Something that is no part of a recording; nothing is read after it.</summary>
public sealed record RecordingFault(IReadOnlyList<ScenarioError> Errors) : RecordingEntry(Errors[0].Line);

/// <summary>Reads recordings. Their commands are taken as the recorder took them, with names that nothing creates.</summary>
public sealed class RecordingReader
{
    private readonly string _file;
    private readonly InputLineReader _lines;
    private readonly ScenarioParser _parser;

    private RecordingReader(Stream stream, string file)
    {
        _file = file;
        _lines = new InputLineReader(stream, file, ScenarioLimits.RecordingLineLength);
        _parser = new ScenarioParser(file, ScenarioDialect.Recorder);
    }

    /// <summary>Reads a recording from a stream of UTF-8 text; the last entry is its end or a fault.</summary>
    public static async IAsyncEnumerable<RecordingEntry> ReadAsync(
        Stream stream, string file, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new RecordingReader(stream, file);
        while (true)
        {
            var entry = await reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false);
            yield return entry;
            if (entry is RecordingFault or RecordingEnd)
            {
                break;
            }
        }
    }

    private async ValueTask<RecordingEntry> ReadEntryAsync(CancellationToken cancellationToken)
    {
        var line = await NextAsync(cancellationToken).ConfigureAwait(false);
        while (line is { Error: null, Text: "" })
        {
            line = await NextAsync(cancellationToken).ConfigureAwait(false);
        }

        if (line is null)
        {
            return Fault(0, "the recording ends without a line '= end'", "record it again; a recording that was cut off proves nothing");
        }

        if (line.Error is not null)
        {
            return new RecordingFault([line.Error]);
        }

        if (line.Text[0] == '#')
        {
            return new RecordingComment(line.Number, line.Text);
        }

        if (line.Text.StartsWith(RecordingText.CommandMark, StringComparison.Ordinal))
        {
            return await ReadStepAsync(line, cancellationToken).ConfigureAwait(false);
        }

        return RecordingText.IsEnd(line.Text)
            ? await ReadEndAsync(line, cancellationToken).ConfigureAwait(false)
            : Fault(line.Number, "this line is not part of a recording",
                "a recording has lines '# comment', '> command', '< answer | counters' and '= end'; a scenario is executed with 'hugesim run'");
    }

    private async ValueTask<RecordingEntry> ReadStepAsync(InputLine line, CancellationToken cancellationToken)
    {
        var item = _parser.ParseLine(line.Number, line.Text[RecordingText.CommandMark.Length..]);
        if (item is ScenarioFault fault)
        {
            var shift = RecordingText.CommandMark.Length;
            return new RecordingFault([.. fault.Errors.Select(error => error with { Column = error.Column + shift })]);
        }

        var answer = await NextAsync(cancellationToken).ConfigureAwait(false);
        if (answer?.Error is { } error)
        {
            return new RecordingFault([error]);
        }

        if (item is not ScenarioStep step || answer is null || !answer.Text.StartsWith(RecordingText.AnswerMark, StringComparison.Ordinal))
        {
            return Fault(line.Number, "the command has no answer", "a line '< answer | counters' must follow it");
        }

        return new RecordingStep(line.Number, step.Command, answer.Text);
    }

    private async ValueTask<RecordingEntry> ReadEndAsync(InputLine line, CancellationToken cancellationToken)
    {
        string? remainder = null;
        while (await NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
        {
            if (next.Error is not null)
            {
                return new RecordingFault([next.Error]);
            }

            if (next.Text.Length == 0)
            {
                continue;
            }

            if (remainder is not null || !RecordingText.IsRemainder(next.Text))
            {
                return Fault(next.Number, "there is text after the end of the recording", "keep one recording in a file");
            }

            remainder = next.Text;
        }

        return new RecordingEnd(line.Number, line.Text, remainder);
    }

    private ValueTask<InputLine?> NextAsync(CancellationToken cancellationToken) => _lines.ReadAsync(cancellationToken);

    private RecordingFault Fault(int line, string message, string hint) => new([new ScenarioError(_file, line, 0, message, hint)]);
}
