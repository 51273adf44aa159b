using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <summary>Reads a workload profile. The format is documented in Client/Load/Profiles/README.md.</summary>
internal sealed partial class WorkloadParser
{
    private const int MaximumErrors = 20;
    private const int MostWeight = 1_000_000;
    private const long MostProcesses = 100_000_000;
    private const string ProcessUsage = "process NAME N|N%|rest [from NAME]";
    private const string MountUsage = "mount NAME [size=N] [min_size=N]";
    private const string PoolUsage = "pool N[+N*KIND] [node K]";
    private static readonly string[] TopWords = ["about", "nodes", "pool", "overcommit", "mount", "process"];
    private static readonly string[] ProcessWords = ["life", "start", "repeat"];

    private readonly string _file;
    private readonly List<ScenarioError> _errors = [];
    private readonly List<ProcessKind> _kinds = [];
    private readonly List<(List<(long Factor, int Kind)> Terms, int At, Token Name, SourceLine Source)> _openSums = [];
    private readonly List<WorkloadPool> _pools = [];
    private readonly List<WorkloadMount> _mounts = [];
    private PageSum _overcommit = PageSum.Zero;
    private string _about = "";
    private int _nodes = 1;
    private Section _section;

    private WorkloadParser(string file) => _file = file;

    private enum Section
    {
        Machine,
        Process,
        Start,
        Repeat,
    }

    private ProcessKind Kind => _kinds[^1];

    /// <summary>Reads a profile from a stream of UTF-8 text.</summary>
    /// <param name="stream">The text.</param>
    /// <param name="file">Its name for messages.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The profile, or null and all errors found.</returns>
    public static async Task<(WorkloadProfile? Profile, IReadOnlyList<ScenarioError> Errors)> ReadAsync(
        Stream stream, string file, CancellationToken cancellationToken)
    {
        var parser = new WorkloadParser(file);
        var reader = new InputLineReader(stream, file, ScenarioLimits.LineLength);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line && parser._errors.Count < MaximumErrors)
        {
            if (line.Error is { } error)
            {
                parser._errors.Add(error);
                continue;
            }

            parser.ReadLine(line.Number, line.Text);
        }

        return parser.Finish();
    }

    private (WorkloadProfile? Profile, IReadOnlyList<ScenarioError> Errors) Finish()
    {
        foreach (var (terms, at, name, source) in _openSums)
        {
            if (_kinds.Find(kind => kind.Name == name.Text) is { } kind)
            {
                terms[at] = (terms[at].Factor, kind.Index);
            }
            else
            {
                Fail(source, WorkloadLine.Unknown(name, "kind of process", [.. _kinds.Select(kind => kind.Name)]));
            }
        }

        ResolveForks();
        if (_errors.Count == 0 && _kinds.Count == 0)
        {
            _errors.Add(new ScenarioError(_file, 0, 0, "the profile has no processes", $"add a kind of process: {ProcessUsage}"));
        }

        return _errors.Count > 0 ? (null, _errors) : (new WorkloadProfile(_file, _about, _nodes, _pools, _overcommit, _mounts, _kinds), _errors);
    }

    private void ReadLine(int number, string text)
    {
        var comment = text.StartsWith('#') ? 0 : text.IndexOf(" #", StringComparison.Ordinal);
        text = comment < 0 ? text : text[..comment];
        var start = text.Length - text.TrimStart(' ', '\t').Length;
        var source = new SourceLine(_file, number, text.Trim(' ', '\t'));
        if (source.Text.Length == 0 || source.Text[0] == '#')
        {
            return;
        }

        try
        {
            Read(source, Tokens(source.Text, start));
        }
        catch (WorkloadSyntaxException wrong)
        {
            Fail(source, wrong);
        }
    }

    private void Fail(SourceLine source, WorkloadSyntaxException wrong) =>
        _errors.Add(new ScenarioError(_file, source.Line, wrong.At.Column, wrong.Message, wrong.Hint));

    private void Read(SourceLine source, List<Token> words)
    {
        var line = new WorkloadLine(source, words);
        var first = words[0];
        if (TopWords.Contains(first.Text))
        {
            line.Next("", "");
            ReadTop(line, first);
        }
        else if (ProcessWords.Contains(first.Text))
        {
            if (_section == Section.Machine)
            {
                throw new WorkloadSyntaxException(first, $"'{first.Text}' belongs to a process", $"begin one first: {ProcessUsage}");
            }

            line.Next("", "");
            ReadProcessWord(line, first);
        }
        else if (_section >= Section.Start)
        {
            ReadSteps(source, words);
        }
        else
        {
            var known = _section == Section.Machine ? TopWords : [.. TopWords, .. ProcessWords];
            throw WorkloadLine.Unknown(first, "word", known);
        }
    }

    private void ReadTop(WorkloadLine line, Token word)
    {
        switch (word.Text)
        {
            case "about":
                _about = line.Source.Text["about".Length..].Trim();
                return;
            case "nodes":
                _nodes = (int)WorkloadLine.Whole(line.Next("the number of nodes", "nodes N"), "number of nodes", 1, ScenarioLimits.Nodes);
                line.End("nodes N");
                return;
            case "pool":
                ReadPool(line);
                return;
            case "overcommit":
                _overcommit = ReadSum(line.Source, line.Next("the number of pages", "overcommit N"), "overcommit N[+N*KIND]");
                line.End("overcommit N[+N*KIND]");
                return;
            case "mount":
                ReadMount(line);
                return;
            default:
                ReadProcess(line);
                return;
        }
    }

    private void ReadPool(WorkloadLine line)
    {
        var pages = ReadSum(line.Source, line.Next("the number of pages", PoolUsage), PoolUsage);
        var node = -1;
        if (line.HasMore)
        {
            var word = line.Next("", PoolUsage);
            if (word.Text != "node")
            {
                throw new WorkloadSyntaxException(word, $"unexpected '{word.Text}'", $"usage: {PoolUsage}");
            }

            node = (int)WorkloadLine.Whole(line.Next("the node", PoolUsage), "node", 0, _nodes - 1);
        }

        line.End(PoolUsage);
        _pools.Add(new WorkloadPool(pages, node));
    }

    private void ReadMount(WorkloadLine line)
    {
        var name = line.Next("the name", MountUsage);
        CheckName(NameKind.Mount, name, _mounts.Select(mount => mount.Name));
        var mount = new WorkloadMount(name.Text, null, null);
        while (line.HasMore)
        {
            var option = line.Next("", MountUsage);
            mount = option.Text switch
            {
                _ when option.Text.StartsWith("size=", StringComparison.Ordinal) => mount with { Size = ReadSum(line.Source, option.From(5), MountUsage) },
                _ when option.Text.StartsWith("min_size=", StringComparison.Ordinal) =>
                    mount with { MinSize = ReadSum(line.Source, option.From(9), MountUsage) },
                _ => throw WorkloadLine.Unknown(option, "option", ["size=", "min_size="]),
            };
        }

        _mounts.Add(mount);
    }

    private void ReadProcess(WorkloadLine line)
    {
        var name = line.Next("the name", ProcessUsage);
        CheckName(NameKind.Process, name, _kinds.Select(kind => kind.Name));
        var share = line.Next("the share", ProcessUsage);
        var (unit, number) = share.Text switch
        {
            "rest" => (ShareUnit.Rest, 0L),
            _ when share.Text.EndsWith('%') => (ShareUnit.Percent, WorkloadLine.Whole(new Token(share.Text[..^1], share.Column), "percentage", 0, 100)),
            _ => (ShareUnit.Fixed, WorkloadLine.Whole(share, "number of processes", 0, MostProcesses)),
        };
        if (unit == ShareUnit.Rest && _kinds.Exists(kind => kind.Unit == ShareUnit.Rest))
        {
            throw new WorkloadSyntaxException(share, "only one kind of process can have the rest", "give the others a number or a percentage");
        }

        ProcessKind? from = null;
        if (line.HasMore)
        {
            var word = line.Next("", ProcessUsage);
            if (word.Text != "from")
            {
                throw new WorkloadSyntaxException(word, $"unexpected '{word.Text}'", $"usage: {ProcessUsage}");
            }

            var parent = line.Next("the parent", ProcessUsage);
            from = _kinds.Find(kind => kind.Name == parent.Text)
                ?? throw WorkloadLine.Unknown(parent, "kind of process (a parent comes first)", [.. _kinds.Select(kind => kind.Name)]);
        }

        line.End(ProcessUsage);
        var made = new ProcessKind { Name = name.Text, Index = _kinds.Count, Unit = unit, Share = number, From = from };
        made.Mappings.AddRange(from?.Mappings ?? []);
        made.Files.AddRange(from?.Files ?? []);
        made.Segments.AddRange(from?.Segments ?? []);
        _kinds.Add(made);
        _section = Section.Process;
    }

    private void ReadProcessWord(WorkloadLine line, Token word)
    {
        switch (word.Text)
        {
            case "life":
                Kind.Life = WorkloadLine.Range(line.Next("the number of lines", "life N[..M]"), "life", 1, int.MaxValue);
                break;
            case "start":
                _section = Section.Start;
                break;
            default:
                _section = Section.Repeat;
                break;
        }

        line.End(word.Text == "life" ? "life N[..M]" : word.Text);
    }

    private static void CheckName(NameKind kind, Token name, IEnumerable<string> taken)
    {
        if (ScenarioNames.CheckSpelling(kind, name.Text) is { } wrong)
        {
            throw new WorkloadSyntaxException(name, wrong, "choose a short name of letters and digits");
        }

        if (taken.Contains(name.Text))
        {
            throw new WorkloadSyntaxException(name, $"{ScenarioNames.Word(kind)} '{name.Text}' exists already", "choose another name");
        }
    }

    // 71+2*backend: the names are looked up when all kinds are known.
    private PageSum ReadSum(SourceLine source, Token token, string usage)
    {
        var terms = new List<(long Factor, int Kind)>();
        var at = 0;
        foreach (var part in token.Text.Split('+'))
        {
            var word = new Token(part, token.Column + at);
            at += part.Length + 1;
            var star = part.IndexOf('*');
            var factor = star < 0 && part.Length > 0 && !char.IsAsciiDigit(part[0])
                ? 1
                : WorkloadLine.Whole(star < 0 ? word : new Token(part[..star], word.Column), "number of pages", 0, ScenarioLimits.PoolPages);
            terms.Add((factor, -1));
            if (star >= 0 || (part.Length > 0 && !char.IsAsciiDigit(part[0])))
            {
                var name = star < 0 ? word : word.From(star + 1);
                if (name.Text.Length == 0)
                {
                    throw new WorkloadSyntaxException(name, "the kind of process is missing", $"usage: {usage}");
                }

                _openSums.Add((terms, terms.Count - 1, name, source));
            }
        }

        return new PageSum(terms);
    }

    private static List<Token> Tokens(string text, int start)
    {
        var tokens = new List<Token>();
        for (var position = 0; position < text.Length;)
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
}
