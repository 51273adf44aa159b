namespace Hugesim.Scenarios;

/// <summary>A word of a line.</summary>
/// <param name="Text">The word.</param>
/// <param name="Column">Its first character's column, from 1.</param>
internal readonly record struct Token(string Text, int Column)
{
    /// <summary>What follows the first characters, at its own column.</summary>
    public Token From(int start) => new(Text[start..], Column + start);
}

/// <summary>How strictly a line is read.</summary>
internal enum ScenarioDialect
{
    /// <summary>A scenario by hand: everything doubtful is an error.</summary>
    Strict,

    /// <summary>The commands of a recording: whatever the recorder accepted is accepted, with the recorder's meaning.</summary>
    Recorder,
}

/// <summary>
/// Hands out the arguments of one command and collects what is wrong with them. After an error the methods return defaults,
/// so that one pass finds all errors of a line.
/// </summary>
internal sealed class ArgumentReader(
    SourceLine source, string process, IReadOnlyList<Token> arguments, ScenarioNames names, ScenarioDialect dialect)
{
    private int _next;

    /// <summary>Where the command comes from.</summary>
    public SourceLine Source => source;

    /// <summary>The process that executes the command; empty for commands of the machine.</summary>
    public string Process => process;

    /// <summary>Whether the line is part of a recording.</summary>
    public bool IsRecording => dialect == ScenarioDialect.Recorder;

    /// <summary>What is wrong so far.</summary>
    public List<ScenarioError> Errors { get; } = [];

    /// <summary>The recorder's fixed answer to a malformed command of a recording, or null.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Whether arguments are left.</summary>
    public bool HasMore => _next < arguments.Count;

    /// <summary>Takes the next argument.</summary>
    public Token Next() => arguments[_next++];

    /// <summary>Takes the next argument if there is one.</summary>
    public bool TryNext(out Token token)
    {
        token = HasMore ? Next() : default;
        return token.Text is not null;
    }

    /// <summary>Takes the next argument if it is this word.</summary>
    public bool TryWord(string word)
    {
        if (!HasMore || arguments[_next].Text != word)
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <summary>Takes the name of something that an earlier line must have tried to create.</summary>
    public string Use(NameKind kind) => Use(kind, Next());

    /// <summary>Takes the name of something that an earlier line must have tried to create.</summary>
    public string Use(NameKind kind, Token token)
    {
        if (!IsRecording && !names.Knows(kind, token.Text))
        {
            var word = ScenarioNames.Word(kind);
            var similar = Suggestion.For(token.Text, names.All(kind));
            var create = ScenarioNames.HowToCreate(kind, process.Length > 0 ? process : "P", token.Text);
            Fail(token, $"no {word} '{token.Text}': no line before this one creates it", similar is null
                ? $"create it first: {create}"
                : $"did you mean '{similar}' (line {names.LineOf(kind, similar)})? Otherwise create it first: {create}");
        }

        return token.Text;
    }

    /// <summary>Takes the name of something that this command tries to create.</summary>
    public string Create(NameKind kind)
    {
        var token = Next();
        var wrong = IsRecording ? null : ScenarioNames.CheckSpelling(kind, token.Text);
        if (wrong is not null)
        {
            Fail(token, wrong, "choose a short name of letters and digits");
        }
        else if (names.Create(kind, process, token.Text, source.Line) is { } limit)
        {
            Fail(token, limit, "split the scenario");
        }

        return token.Text;
    }

    /// <summary>Takes a cgroup's name; <c>.</c> is the recorder's own, named <c>""</c>.</summary>
    public string UseCgroup()
    {
        var token = Next();
        if (token.Text == ".")
        {
            return "";
        }

        return token.Text == "leaf" && names.All(NameKind.Cgroup).Any() ? token.Text : Use(NameKind.Cgroup, token);
    }

    /// <summary>Takes a path <c>MOUNT/file</c>.</summary>
    public ScenarioPath FilePath()
    {
        var token = Next();
        var slash = token.Text.IndexOf('/');
        if (!IsRecording && (slash <= 0 || slash == token.Text.Length - 1))
        {
            Fail(token, $"'{token.Text}' is not a file on a mount", "write MOUNT/file, for example A/x after 'mount A'");
        }

        if (slash < 0)
        {
            return new ScenarioPath(token.Text, "");
        }

        return new ScenarioPath(Use(NameKind.Mount, new Token(token.Text[..slash], token.Column)), token.Text[(slash + 1)..]);
    }

    /// <summary>Reads a position <c>NAME+N</c> in a mapping.</summary>
    public MappingPosition Position(Token token)
    {
        var plus = token.Text.IndexOf('+');
        var name = Use(NameKind.Mapping, plus < 0 ? token : new Token(token.Text[..plus], token.Column));
        return new MappingPosition(name, plus < 0 ? 0 : Bytes(token.From(plus + 1), "offset", signed: true));
    }

    /// <summary>Takes a length or an offset and returns it in bytes.</summary>
    public long Bytes(string what, bool signed = false) => Bytes(Next(), what, signed);

    /// <summary>Reads a length or an offset in bytes: plain numbers are huge pages, <c>k</c> is KiB, <c>b</c> is bytes.</summary>
    public long Bytes(Token token, string what, bool signed = false)
    {
        if (!Numbers.TryBytes(token.Text, IsRecording, out var bytes))
        {
            Fail(token, $"'{token.Text}' is not a number for the {what}", "write huge pages (3), KiB (512k) or bytes (4096b)");
            return 0;
        }

        var maximum = ScenarioLimits.Pages * ScenarioCommand.PageSize;
        var minimum = signed || IsRecording ? -maximum : 0;
        if (bytes >= minimum && bytes <= maximum)
        {
            return bytes;
        }

        Fail(token, $"the {what} {token.Text} is out of range", signed
            ? $"it must be between -{ScenarioLimits.Pages} and {ScenarioLimits.Pages} huge pages"
            : $"it must be between 0 and {ScenarioLimits.Pages} huge pages");
        return 0;
    }

    /// <summary>Takes a whole number within bounds.</summary>
    public long Whole(string what, long minimum, long maximum) => Whole(Next(), what, minimum, maximum);

    /// <summary>Reads a whole number within bounds.</summary>
    public long Whole(Token token, string what, long minimum, long maximum)
    {
        if (!Numbers.TryWhole(token.Text, IsRecording, out var value))
        {
            Fail(token, $"'{token.Text}' is not a number for the {what}", $"write a whole number between {minimum} and {maximum}");
            return minimum;
        }

        if (value < minimum || value > maximum)
        {
            Fail(token, $"the {what} {token.Text} is out of range", $"it must be between {minimum} and {maximum}");
            return minimum;
        }

        return value;
    }

    /// <summary>Takes the value to store into a page, if one is given.</summary>
    public int OptionalValue() => TryNext(out var token) ? (int)Whole(token, "value", int.MinValue, int.MaxValue) : 1;

    /// <summary>Takes a page index.</summary>
    public long Page() => Whole("page", -ScenarioLimits.Pages, ScenarioLimits.Pages);

    /// <summary>Takes pages <c>i</c> or <c>i..j</c>.</summary>
    public PageRange Pages()
    {
        var token = Next();
        var dots = token.Text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
        {
            var page = Whole(token, "page", -ScenarioLimits.Pages, ScenarioLimits.Pages);
            return new PageRange(page, page);
        }

        var first = Whole(new Token(token.Text[..dots], token.Column), "first page", -ScenarioLimits.Pages, ScenarioLimits.Pages);
        var last = Whole(token.From(dots + 2), "last page", -ScenarioLimits.Pages, ScenarioLimits.Pages);
        if (!IsRecording && last < first && Errors.Count == 0)
        {
            Fail(token, $"the page range {token.Text} is empty", "write the lower page first: 0..2");
        }

        return new PageRange(first, last);
    }

    /// <summary>Takes one of several words.</summary>
    /// <param name="what">What the word says, for messages.</param>
    /// <param name="words">The words and their meanings.</param>
    /// <param name="otherwise">What the recorder takes any other word for.</param>
    public T Word<T>(string what, IReadOnlyDictionary<string, T> words, T otherwise)
    {
        var token = Next();
        if (words.TryGetValue(token.Text, out var value))
        {
            return value;
        }

        if (!IsRecording)
        {
            var similar = Suggestion.For(token.Text, words.Keys);
            Fail(token, $"unknown {what} '{token.Text}'", Known(similar, words.Keys));
        }

        return otherwise;
    }

    /// <summary>Takes a set of nodes if one is given.</summary>
    public NodeSet OptionalNodes()
    {
        if (!TryNext(out var token))
        {
            return default;
        }

        if (!Numbers.TryNodes(token.Text, IsRecording, out var nodes))
        {
            Fail(token, $"'{token.Text}' is not a set of nodes",
                $"write nodes from 0 to {ScenarioLimits.PolicyNode} such as 0 or 0,2 or 0-1, before any flag");
        }

        return nodes;
    }

    /// <summary>Notes that an option is unknown; the recorder ignores most of those.</summary>
    public void UnknownOption(Token token, params IReadOnlyList<string> known)
    {
        if (!IsRecording)
        {
            var similar = Suggestion.For(token.Text.Split('=')[0], known.Select(option => option.TrimEnd('=')));
            Fail(token, $"unknown option '{token.Text}'", Known(similar, known));
        }
    }

    /// <summary>Gives the recorder's fixed answer to a malformed command of a recording.</summary>
    public void Refuse(string answer) => Refusal ??= answer;

    /// <summary>Notes an error.</summary>
    public void Fail(Token token, string message, string? hint) =>
        Errors.Add(new ScenarioError(source.File, source.Line, token.Column, message, hint));

    private static string Known(string? similar, IEnumerable<string> known) =>
        (similar is null ? "" : $"did you mean '{similar}'? ") + "Known: " + string.Join(", ", known);
}
