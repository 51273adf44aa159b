using Hugesim.Scenarios;

namespace Hugesim.Load;

/// <content>The steps of a process.</content>
internal sealed partial class WorkloadParser
{
    private const string MmapUsage = "mmap M LEN private|shared [fd=F] [off=N] [noreserve] [ro] [populate]";

    // The step, the name and where it stands: a kind may be forked before it is described.
    private readonly List<(List<WorkloadStep>? Start, WorkloadStep[]? Line, int At, Token Name, SourceLine Source, ProcessKind By)> _openForks = [];

    private static readonly Dictionary<string, MemoryAdvice> Advices = new()
    {
        ["dontneed"] = MemoryAdvice.DontNeed,
        ["remove"] = MemoryAdvice.Remove,
        ["populate_read"] = MemoryAdvice.PopulateRead,
        ["populate_write"] = MemoryAdvice.PopulateWrite,
        ["dontfork"] = MemoryAdvice.DontFork,
        ["dofork"] = MemoryAdvice.DoFork,
    };

    private static readonly Dictionary<string, Func<WorkloadParser, WorkloadLine, WorkloadStep>> Steps = new()
    {
        ["mmap"] = (parser, line) => parser.ReadMmap(line),
        ["munmap"] = (parser, line) => new MunmapStep(line.Source, parser.Mapping(line, "munmap M")),
        ["r"] = (parser, line) => new TouchStep(line.Source, parser.Mapping(line, "r M PAGES"), Pages(line, "r M PAGES"), Write: false),
        ["w"] = (parser, line) => new TouchStep(line.Source, parser.Mapping(line, "w M PAGES"), Pages(line, "w M PAGES"), Write: true),
        ["madvise"] = (parser, line) => parser.ReadAdvise(line),
        ["open"] = (parser, line) => parser.ReadOpen(line),
        ["close"] = (parser, line) => new CloseStep(line.Source, parser.File(line, "close F")),
        ["trunc"] = (parser, line) => new TruncateStep(line.Source, parser.File(line, "trunc F LEN"), Length(line, "trunc F LEN", 0)),
        ["falloc"] = (parser, line) => parser.ReadFallocate(line, punch: false),
        ["punch"] = (parser, line) => parser.ReadFallocate(line, punch: true),
        ["unlink"] = (parser, line) => parser.ReadUnlink(line),
        ["shmget"] = (parser, line) => new ShmGetStep(
            line.Source, New(line, NameKind.Segment, parser.Kind.Segments, "shmget S LEN"), Length(line, "shmget S LEN", 1)),
        ["shmat"] = (parser, line) => new ShmAttachStep(
            line.Source, New(line, NameKind.Mapping, parser.Kind.Mappings, "shmat M S"), Known(line, NameKind.Segment, parser.Kind.Segments, "shmat M S")),
        ["shmdt"] = (parser, line) => new ShmDetachStep(line.Source, parser.Mapping(line, "shmdt M")),
        ["shmrm"] = (parser, line) => new ShmRemoveStep(line.Source, Known(line, NameKind.Segment, parser.Kind.Segments, "shmrm S")),
        ["mempolicy"] = (_, line) => ReadPolicy(line),
        ["cpu"] = (parser, line) => parser.ReadCpu(line),
        ["fork"] = (_, line) => new ExitStep(line.Source),
        ["exit"] = (_, line) => new ExitStep(line.Source),
    };

    private void ReadSteps(SourceLine source, List<Token> words)
    {
        var weight = 1;
        if (_section == Section.Repeat && char.IsAsciiDigit(words[0].Text[0]))
        {
            weight = (int)WorkloadLine.Whole(words[0], "weight", 1, MostWeight);
            words = words[1..];
        }

        var steps = new List<WorkloadStep>();
        var forks = new List<(int At, Token Name)>();
        var last = words.Count > 0 ? words[^1] : new Token("", source.Text.Length);
        while (true)
        {
            var end = words.FindIndex(word => word.Text == ";");
            var part = end < 0 ? words : words[..end];
            if (part.Count == 0)
            {
                throw new WorkloadSyntaxException(words.Count > 0 ? words[0] : last, "a step is missing", "write a step such as 'w heap any'");
            }

            steps.Add(ReadStep(source, part, out var child));
            if (child is { } name)
            {
                forks.Add((steps.Count - 1, name));
            }

            if (end < 0)
            {
                break;
            }

            words = words[(end + 1)..];
        }

        AddSteps(source, weight, steps, forks);
    }

    private void AddSteps(SourceLine source, int weight, List<WorkloadStep> steps, List<(int At, Token Name)> forks)
    {
        if (_section == Section.Start)
        {
            var at = Kind.Start.Count;
            Kind.Start.AddRange(steps);
            _openForks.AddRange(forks.Select(fork => (Kind.Start, (WorkloadStep[]?)null, at + fork.At, fork.Name, source, Kind))!);
            return;
        }

        var line = steps.ToArray();
        Kind.Repeat.Add(new WeightedLine(weight, line));
        Kind.TotalWeight += weight;
        _openForks.AddRange(forks.Select(fork => ((List<WorkloadStep>?)null, (WorkloadStep[]?)line, fork.At, fork.Name, source, Kind)));
    }

    private WorkloadStep ReadStep(SourceLine source, List<Token> words, out Token? child)
    {
        child = null;
        var line = new WorkloadLine(source, words);
        var word = line.Next("", "");
        if (!Steps.TryGetValue(word.Text, out var read))
        {
            throw WorkloadLine.Unknown(word, "step", Steps.Keys);
        }

        if (word.Text == "fork")
        {
            child = line.Next("the kind of the child", "fork KIND");
        }

        var step = read(this, line);
        line.End("one step, or several with ' ; ' between them");
        return step;
    }

    private void ResolveForks()
    {
        foreach (var (start, line, at, name, source, by) in _openForks)
        {
            if (_kinds.Find(kind => kind.Name == name.Text) is not { } kind)
            {
                Fail(source, WorkloadLine.Unknown(name, "kind of process", [.. _kinds.Select(k => k.Name)]));
                continue;
            }

            if (kind.From != by)
            {
                Fail(source, new WorkloadSyntaxException(name, $"'{kind.Name}' is not forked from '{by.Name}'", $"describe it as 'process {kind.Name} 0 from {by.Name}'"));
                continue;
            }

            var step = new ForkStep(source, kind);
            if (start is not null)
            {
                start[at] = step;
            }
            else
            {
                line![at] = step;
            }
        }
    }

    private MmapStep ReadMmap(WorkloadLine line)
    {
        var mapping = New(line, NameKind.Mapping, Kind.Mappings, MmapUsage);
        var length = Length(line, MmapUsage, 1);
        var kind = line.Next("private or shared", MmapUsage);
        if (kind.Text is not ("private" or "shared"))
        {
            throw WorkloadLine.Unknown(kind, "kind of mapping", ["private", "shared"]);
        }

        var step = new MmapStep(line.Source, mapping, length, kind.Text == "shared", false, false, false, -1, 0);
        while (line.HasMore)
        {
            var option = line.Next("", MmapUsage);
            step = option.Text switch
            {
                "noreserve" => step with { NoReserve = true },
                "ro" => step with { ReadOnly = true },
                "populate" => step with { Populate = true },
                _ when option.Text.StartsWith("fd=", StringComparison.Ordinal) => step with { File = Known(option.From(3), NameKind.File, Kind.Files) },
                _ when option.Text.StartsWith("off=", StringComparison.Ordinal) =>
                    step with { OffsetPages = WorkloadLine.Whole(option.From(4), "offset", 0, ScenarioLimits.PoolPages) },
                _ => throw WorkloadLine.Unknown(option, "option", ["fd=", "off=", "noreserve", "ro", "populate"]),
            };
        }

        return step;
    }

    private AdviseStep ReadAdvise(WorkloadLine line)
    {
        const string Usage = "madvise M PAGES ADVICE";
        var (mapping, pages, word) = (Mapping(line, Usage), Pages(line, Usage), line.Next("the advice", Usage));
        return Advices.TryGetValue(word.Text, out var advice)
            ? new AdviseStep(line.Source, mapping, pages, word.Text, advice)
            : throw WorkloadLine.Unknown(word, "advice", Advices.Keys);
    }

    private OpenStep ReadOpen(WorkloadLine line)
    {
        const string Usage = "open F MOUNT/NAME";
        var file = New(line, NameKind.File, Kind.Files, Usage);
        var (mount, name) = Path(line.Next("the file", Usage));
        return new OpenStep(line.Source, file, mount, name);
    }

    private UnlinkStep ReadUnlink(WorkloadLine line)
    {
        var (mount, name) = Path(line.Next("the file", "unlink MOUNT/NAME"));
        return new UnlinkStep(line.Source, mount, name);
    }

    private FallocateStep ReadFallocate(WorkloadLine line, bool punch)
    {
        var usage = punch ? "punch F FIRST COUNT" : "falloc F FIRST COUNT";
        var file = File(line, usage);
        var first = WorkloadLine.Whole(line.Next("the first page", usage), "first page", 0, ScenarioLimits.PoolPages);
        return new FallocateStep(line.Source, file, first, WorkloadLine.Whole(line.Next("the count", usage), "count", 1, ScenarioLimits.PoolPages), punch);
    }

    private static PolicyStep ReadPolicy(WorkloadLine line)
    {
        const string Usage = "mempolicy MODE [NODES]";
        var word = line.Next("the mode", Usage);
        if (!ProcessGrammar.PolicyModes.TryGetValue(word.Text, out var mode))
        {
            throw WorkloadLine.Unknown(word, "mode", [.. ProcessGrammar.PolicyModes.Keys]);
        }

        var nodes = default(NodeSet);
        if (line.HasMore)
        {
            var token = line.Next("", Usage);
            if (!Numbers.TryNodes(token.Text, false, out nodes))
            {
                throw new WorkloadSyntaxException(token, $"'{token.Text}' is not a set of nodes", "write nodes such as 0 or 0,2 or 0-1");
            }
        }

        return new PolicyStep(line.Source, word.Text, mode, nodes);
    }

    private CpuStep ReadCpu(WorkloadLine line)
    {
        var word = line.Next("the node", "cpu N|any");
        return new CpuStep(line.Source, word.Text == "any" ? -1 : (int)WorkloadLine.Whole(word, "node", 0, _nodes - 1));
    }

    private (string Mount, string Name) Path(Token token)
    {
        var slash = token.Text.IndexOf('/');
        if (slash <= 0 || slash == token.Text.Length - 1)
        {
            throw new WorkloadSyntaxException(token, $"'{token.Text}' is not a file on a mount", "write MOUNT/NAME, for example A/x after 'mount A'");
        }

        var mount = new Token(token.Text[..slash], token.Column);
        return _mounts.Exists(m => m.Name == mount.Text)
            ? (mount.Text, token.Text[(slash + 1)..])
            : throw WorkloadLine.Unknown(mount, "mount", [.. _mounts.Select(m => m.Name)]);
    }

    private int Mapping(WorkloadLine line, string usage) => Known(line, NameKind.Mapping, Kind.Mappings, usage);

    private int File(WorkloadLine line, string usage) => Known(line, NameKind.File, Kind.Files, usage);

    private static PageCount Length(WorkloadLine line, string usage, long least) =>
        WorkloadLine.Range(line.Next("the length", usage), "length", least, ScenarioLimits.PoolPages);

    // A name that the step makes; it may stand in several steps.
    private static int New(WorkloadLine line, NameKind kind, List<string> names, string usage)
    {
        var token = line.Next("the name", usage);
        if (ScenarioNames.CheckSpelling(kind, token.Text) is { } wrong)
        {
            throw new WorkloadSyntaxException(token, wrong, "choose a short name of letters and digits");
        }

        if (!names.Contains(token.Text))
        {
            names.Add(token.Text);
        }

        return names.IndexOf(token.Text);
    }

    private static int Known(WorkloadLine line, NameKind kind, List<string> names, string usage) => Known(line.Next("the name", usage), kind, names);

    private static int Known(Token token, NameKind kind, List<string> names)
    {
        var at = names.IndexOf(token.Text);
        if (at >= 0)
        {
            return at;
        }

        var similar = Suggestion.For(token.Text, names);
        throw new WorkloadSyntaxException(token, $"no {ScenarioNames.Word(kind)} '{token.Text}': no step before this one makes it",
            similar is null ? $"make it first: {ScenarioNames.HowToCreate(kind, "", token.Text).TrimStart()}" : $"did you mean '{similar}'?");
    }

    private static PageChoice Pages(WorkloadLine line, string usage)
    {
        var token = line.Next("the pages", usage);
        var star = token.Text.IndexOf('*');
        var word = star < 0 ? token.Text : token.Text[..star];
        if (word is "any" or "next")
        {
            var count = star < 0 ? 1 : WorkloadLine.Whole(token.From(star + 1), "number of pages", 1, ScenarioLimits.PoolPages);
            return new PageChoice(word == "any" ? PageChoiceKind.Any : PageChoiceKind.Next, 0, count);
        }

        if (word == "all" && star < 0)
        {
            return new PageChoice(PageChoiceKind.All, 0, 0);
        }

        if (token.Text.Length == 0 || !char.IsAsciiDigit(token.Text[0]))
        {
            throw new WorkloadSyntaxException(token, $"'{token.Text}' does not name pages",
                "write 0, 0..3, all, any, any*4, next or next*4");
        }

        var range = WorkloadLine.Range(token, "page", 0, ScenarioLimits.PoolPages);
        return new PageChoice(PageChoiceKind.Range, range.Min, range.Max - range.Min + 1);
    }
}
