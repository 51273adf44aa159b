using System.Runtime.CompilerServices;

namespace Hugesim.Scenarios;

/// <summary>
/// Reads scenarios, line by line: a scenario of any length is executed while it is read, with only its names in memory.
/// </summary>
public sealed class ScenarioParser
{
    /// <summary>The line that begins a parallel block.</summary>
    internal const string BlockBegin = "parallel";

    private const string BlockEnd = "end";

    private readonly string _file;
    private readonly ScenarioDialect _dialect;
    private readonly ScenarioNames _names = new();
    private readonly HashSet<string> _started = new(StringComparer.Ordinal);
    private SourceLine? _block;

    /// <summary>Starts a scenario.</summary>
    /// <param name="file">The file's name for messages.</param>
    public ScenarioParser(string file) : this(file, ScenarioDialect.Strict)
    {
    }

    internal ScenarioParser(string file, ScenarioDialect dialect)
    {
        _file = file;
        _dialect = dialect;
    }

    private bool IsRecording => _dialect == ScenarioDialect.Recorder;

    /// <summary>
    /// Reads a scenario from a stream of UTF-8 text. Faults are among the items, and reading goes on after them where it can.
    /// </summary>
    public static async IAsyncEnumerable<ScenarioItem> ReadAsync(
        Stream stream, string file, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var parser = new ScenarioParser(file);
        var reader = new InputLineReader(stream, file, ScenarioLimits.LineLength);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            var item = line.Error is null ? parser.ParseLine(line.Number, line.Text) : new ScenarioFault([line.Error]);
            if (item is not null)
            {
                yield return item;
            }
        }

        if (parser.Finish() is { } unfinished)
        {
            yield return unfinished;
        }
    }

    /// <summary>Says what is missing after the last line, or null.</summary>
    public ScenarioFault? Finish() =>
        _block is { } open ? Fault(open, 1, "the parallel block is not closed", "write 'end' on a line of its own behind its last command") : null;

    /// <summary>Reads the next line of the scenario, or null for a blank one.</summary>
    /// <param name="number">The line from 1.</param>
    /// <param name="line">The line without its end.</param>
    public ScenarioItem? ParseLine(int number, string line)
    {
        var start = line.Length - line.TrimStart(' ', '\t').Length;
        var text = line[start..];
        if (text.Length == 0)
        {
            return null;
        }

        if (text[0] == '#')
        {
            return new ScenarioComment(new SourceLine(_file, number, text));
        }

        text = WithoutTrailingComment(text);
        var source = new SourceLine(_file, number, text);
        for (var i = 0; i < text.Length && !IsRecording; i++)
        {
            if (char.IsControl(text[i]) && text[i] != '\t')
            {
                return Fault(source, start + i + 1, $"the line contains the control character U+{(int)text[i]:X4}", "remove it");
            }
        }

        return ParseCommand(source, Tokenize(text, start));
    }

    private static string WithoutTrailingComment(string text)
    {
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? text : text[..comment].TrimEnd(' ');
    }

    private static List<Token> Tokenize(string text, int start)
    {
        var tokens = new List<Token>();
        var position = 0;
        while (position < text.Length)
        {
            var length = text.AsSpan(position).IndexOfAny(' ', '\t');
            length = length < 0 ? text.Length - position : length;
            if (length > 0)
            {
                tokens.Add(new Token(text.Substring(position, length), start + position + 1));
            }

            position += length + 1;
        }

        return tokens;
    }

    private ScenarioItem ParseCommand(SourceLine source, List<Token> tokens)
    {
        var first = tokens[0];
        if (!IsRecording && first.Text is (BlockBegin or BlockEnd))
        {
            return ParseBlockLine(source, tokens);
        }

        if (MachineGrammar.Commands.TryGetValue(first.Text, out var machine))
        {
            return Read(source, machine, "", tokens, 1);
        }

        if (!IsRecording && !_names.Knows(NameKind.Process, first.Text))
        {
            return UnknownFirstWord(source, tokens);
        }

        if (tokens.Count == 1)
        {
            return IsRecording
                ? new ScenarioStep(new RefusedCommand(source, first.Text, RecorderAnswers.NoSuchProcess))
                : Fault(source, EndColumn(first), $"process {first.Text} has nothing to do",
                    $"write a command after it, for example '{first.Text} status'");
        }

        var word = tokens[1];
        if (ProcessGrammar.Commands.TryGetValue(word.Text, out var command))
        {
            return Read(source, command, first.Text, tokens, 2);
        }

        if (IsRecording)
        {
            return new ScenarioStep(new RefusedCommand(source, first.Text, $"?unknown command {word.Text}"));
        }

        return MachineGrammar.Commands.ContainsKey(word.Text)
            ? Fault(source, word.Column, $"'{word.Text}' is a command of the machine, not of a process", $"leave '{first.Text}' out")
            : Fault(source, word.Column, $"unknown command '{word.Text}'", DidYouMean(word.Text, ProcessGrammar.Commands.Keys)
                ?? "the commands of a process: " + string.Join(", ", ProcessGrammar.Commands.Keys));
    }

    private ScenarioItem ParseBlockLine(SourceLine source, List<Token> tokens)
    {
        var word = tokens[0];
        if (tokens.Count > 1)
        {
            return Fault(source, tokens[1].Column, $"{word.Text}: unexpected argument '{tokens[1].Text}'", $"'{word.Text}' stands on a line of its own");
        }

        if (word.Text == BlockBegin)
        {
            var outer = _block;
            _block ??= source;
            return outer is null
                ? new ScenarioBlockBegin(source)
                : Fault(source, word.Column, $"the parallel block of line {outer.Line} is still open", "close it first with 'end': blocks are not nested");
        }

        var open = _block;
        _block = null;
        return open is null
            ? Fault(source, word.Column, "no parallel block is open here", "a block begins with the line 'parallel'")
            : new ScenarioBlockEnd(source);
    }

    private ScenarioFault UnknownFirstWord(SourceLine source, List<Token> tokens)
    {
        var first = tokens[0];
        if (first.Text is ">" or "<" or "=")
        {
            return Fault(source, first.Column, "this is a recording, not a scenario", "replay it with 'hugesim check'");
        }

        if (tokens.Count > 1 && ProcessGrammar.Commands.ContainsKey(tokens[1].Text))
        {
            var similar = Suggestion.For(first.Text, _names.All(NameKind.Process));
            var guess = similar is null ? "" : $"did you mean '{similar}' (line {_names.LineOf(NameKind.Process, similar)})? Otherwise ";
            return Fault(source, first.Column, $"no process '{first.Text}': no line before this one creates it",
                $"{guess}create it first: proc {first.Text}");
        }

        if (ProcessGrammar.Commands.ContainsKey(first.Text))
        {
            return Fault(source, first.Column, $"'{first.Text}' is a command of a process, but the line begins with no process",
                $"write the process first: P {first.Text} ...");
        }

        return Fault(source, first.Column, $"unknown command '{first.Text}'",
            DidYouMean(first.Text, [.. MachineGrammar.Commands.Keys, BlockBegin, BlockEnd, .. _names.All(NameKind.Process)])
            ?? $"a line begins with a process that an earlier line creates, or with one of {string.Join(", ", MachineGrammar.Commands.Keys)}");
    }

    private ScenarioItem Read(SourceLine source, CommandSpec spec, string process, List<Token> tokens, int skip)
    {
        var usage = $"usage: {(process.Length > 0 ? process + " " : "")}{spec.Name} {spec.Usage}".TrimEnd();
        var given = tokens.Count - skip;
        if (given < spec.Required.Count)
        {
            return IsRecording && spec.AnswerToMissing is { } answer
                ? new ScenarioStep(new RefusedCommand(source, process, answer))
                : Fault(source, EndColumn(tokens[^1]), $"{spec.Name}: {spec.Required[given]} is missing", usage);
        }

        var arguments = new ArgumentReader(source, process, tokens[skip..], _names, _dialect);
        var command = spec.Read(arguments);
        CheckProcessName(arguments, spec, tokens);
        if (!IsRecording && arguments.TryNext(out var extra))
        {
            arguments.Fail(extra, $"{spec.Name}: unexpected argument '{extra.Text}'", extra.Text[0] == '#'
                ? "a comment after a command begins with a space: ' #'"
                : usage);
        }

        if (arguments.Errors.Count > 0)
        {
            return new ScenarioFault(arguments.Errors.OrderBy(error => error.Column).ToArray());
        }

        return new ScenarioStep(IsRecording && arguments.Refusal is { } refusal ? new RefusedCommand(source, process, refusal) : command);
    }

    private void CheckProcessName(ArgumentReader arguments, CommandSpec spec, List<Token> tokens)
    {
        if (IsRecording || spec.Name is not ("proc" or "fork"))
        {
            return;
        }

        var name = tokens[spec.Name == "proc" ? 1 : 2];
        if (MachineGrammar.Commands.ContainsKey(name.Text) || name.Text is BlockBegin or BlockEnd)
        {
            arguments.Fail(name, $"'{name.Text}' is a command and cannot name a process", "choose another name");
        }
        else if (spec.Name == "proc" && !_started.Add(name.Text))
        {
            var line = _names.LineOf(NameKind.Process, name.Text);
            arguments.Fail(name, $"process {name.Text} exists already (line {line})", "choose another name; dead processes keep theirs");
        }
    }

    private static int EndColumn(Token token) => token.Column + token.Text.Length;

    private static string? DidYouMean(string word, IEnumerable<string> candidates) =>
        Suggestion.For(word, candidates) is { } similar ? $"did you mean '{similar}'?" : null;

    private static ScenarioFault Fault(SourceLine source, int column, string message, string hint) =>
        new([new ScenarioError(source.File, source.Line, column, message, hint)]);
}
