namespace Hugesim.Scenarios;

/// <summary>The commands on mappings.</summary>
internal static class MappingGrammar
{
    private static readonly string[] MmapOptionNames =
        ["fd=", "off=", "noreserve", "ro", "none", "populate", "locked", "at="];

    private static readonly Dictionary<string, MappingKind> Kinds = new()
    {
        ["private"] = MappingKind.Private,
        ["shared"] = MappingKind.Shared,
    };

    private static readonly Dictionary<string, PageProtection> Protections = new()
    {
        ["r"] = PageProtection.ReadOnly,
        ["rw"] = PageProtection.ReadWrite,
        ["none"] = PageProtection.None,
    };

    private static readonly Dictionary<string, InjectedFailure> Failures =
        Enum.GetValues<InjectedFailure>().ToDictionary(failure => failure.ToString().ToLowerInvariant());

    private static readonly Dictionary<string, MemoryAdvice?> Advices =
        Enum.GetValues<MemoryAdvice>().ToDictionary(AdviceWord, advice => (MemoryAdvice?)advice);

    /// <summary>All commands.</summary>
    public static IReadOnlyList<CommandSpec> Commands { get; } =
    [
        new("mmap", "M LEN private|shared [fd=F] [off=N] [noreserve] [ro|none] [populate] [locked] [at=X+N]", ReadMmap),
        new("name", "NEW M+N LEN", a => new NameCommand(
            a.Source, a.Process, a.Create(NameKind.Mapping), a.Position(a.Next()), a.Bytes("length"))),
        Spec("munmap", "M [first count]", ReadMunmap),
        Spec("mprotect", "M first count r|rw|none", a => new MprotectCommand(
            a.Source, a.Process, Mapping(a), First(a), Count(a), a.Word("protection", Protections, PageProtection.None))),
        Spec("mremap", "M first old new NEW [maymove] [dontunmap] [at=X+N]", ReadMremap),
        Spec("r", "M i[..j]", a => new ReadCommand(a.Source, a.Process, Mapping(a), a.Pages())),
        Spec("w", "M i[..j] [value]", a => new WriteCommand(a.Source, a.Process, Mapping(a), a.Pages(), a.OptionalValue())),
        Spec("kread", "M i", a => new KernelReadCommand(a.Source, a.Process, Mapping(a), a.Page())),
        Spec("kwrite", "M i [value]", a => new KernelWriteCommand(a.Source, a.Process, Mapping(a), a.Page(), a.OptionalValue())),
        Spec("madvise", "M first count ADVICE", ReadMadvise),
        Spec("mlock", "M first count", a => new MlockCommand(a.Source, a.Process, Mapping(a), First(a), Count(a))),
        Spec("munlock", "M first count", a => new MunlockCommand(a.Source, a.Process, Mapping(a), First(a), Count(a))),
        Spec("msync", "M", a => new MsyncCommand(a.Source, a.Process, Mapping(a))),
        Spec("mbind", "M first count MODE [NODES] [move] [strict]", ReadMbind),
        Spec("move", "M page node", a => new MovePageCommand(a.Source, a.Process, Mapping(a), a.Page(), MachineGrammar.Node(a))),
        Spec("uffd", "M first count [missing]", ReadUffd),
        Spec("uffdcopy", "M page [value]", a => new UffdCopyCommand(a.Source, a.Process, Mapping(a), First(a), a.OptionalValue())),
        Spec("uffdzero", "M page", a => new UffdZeroCommand(a.Source, a.Process, Mapping(a), First(a))),
        Spec("inject", "M failslab|usercopy|off", a => new InjectCommand(
            a.Source, a.Process, Mapping(a), a.Word("failure", Failures, InjectedFailure.Off))),
        Spec("shmdt", "M", a => new ShmDetachCommand(a.Source, a.Process, Mapping(a))),
        Spec("pages", "M", a => new PagesCommand(a.Source, a.Process, Mapping(a))),
        Spec("vmas", "M", a => new VmasCommand(a.Source, a.Process, Mapping(a))),
        Spec("smaps", "M", a => new SmapsCommand(a.Source, a.Process, Mapping(a))),
        Spec("mincore", "M", a => new MincoreCommand(a.Source, a.Process, Mapping(a))),
    ];

    private static CommandSpec Spec(string name, string usage, Func<ArgumentReader, ScenarioCommand> read) =>
        new(name, usage, read) { AnswerToMissing = RecorderAnswers.BadMapping };

    private static string Mapping(ArgumentReader a) => a.Use(NameKind.Mapping);

    private static long First(ArgumentReader a) => a.Bytes("start", signed: true);

    private static long Count(ArgumentReader a) => a.Bytes("length");

    private static string AdviceWord(MemoryAdvice advice) => advice switch
    {
        MemoryAdvice.PopulateRead => "populate_read",
        MemoryAdvice.PopulateWrite => "populate_write",
        MemoryAdvice.DontNeedLocked => "dontneed_locked",
        _ => advice.ToString().ToLowerInvariant(),
    };

    private static MmapCommand ReadMmap(ArgumentReader a)
    {
        var name = a.Create(NameKind.Mapping);
        var length = a.Bytes("length");
        var kind = a.Word("kind of mapping", Kinds, MappingKind.Private);
        var options = new MmapOptions();
        while (a.TryNext(out var token))
        {
            var equals = token.Text.IndexOf('=');
            options = (equals < 0 ? token.Text : token.Text[..(equals + 1)]) switch
            {
                "fd=" => options with { File = a.Use(NameKind.File, token.From(3)) },
                "off=" => options with { Offset = a.Bytes(token.From(4), "offset", signed: true) },
                "at=" => options with { At = a.Position(token.From(3)) },
                "noreserve" => options with { NoReserve = true },
                "ro" => options with { Protection = PageProtection.ReadOnly },
                "none" => options with { Protection = PageProtection.None },
                "populate" => options with { Populate = true },
                "locked" => options with { Locked = true },
                _ => UnknownMmapOption(a, token, options),
            };
        }

        return new MmapCommand(a.Source, a.Process, name, length, kind, options);
    }

    private static MmapOptions UnknownMmapOption(ArgumentReader a, Token token, MmapOptions options)
    {
        a.UnknownOption(token, MmapOptionNames);
        a.Refuse($"?badopt {token.Text}");
        return options;
    }

    private static ScenarioCommand ReadMunmap(ArgumentReader a)
    {
        var mapping = Mapping(a);
        if (!a.HasMore)
        {
            return new MunmapCommand(a.Source, a.Process, mapping);
        }

        var token = a.Next();
        if (!a.HasMore)
        {
            if (!a.IsRecording)
            {
                a.Fail(token, "the count is missing",
                    $"write 'munmap {mapping} {token.Text} COUNT' for a part, or 'munmap {mapping}' for all");
            }

            return new MunmapCommand(a.Source, a.Process, mapping);
        }

        return new MunmapRangeCommand(a.Source, a.Process, mapping, a.Bytes(token, "start", signed: true), Count(a));
    }

    private static MremapCommand ReadMremap(ArgumentReader a)
    {
        var command = new MremapCommand(
            a.Source, a.Process, Mapping(a), First(a), Count(a), a.Bytes("new length"), a.Create(NameKind.Mapping), false, false, null);
        while (a.TryNext(out var token))
        {
            if (token.Text == "maymove")
            {
                command = command with { MayMove = true };
            }
            else if (token.Text == "dontunmap")
            {
                command = command with { DontUnmap = true, MayMove = true };
            }
            else if (token.Text.StartsWith("at=", StringComparison.Ordinal))
            {
                command = command with { At = a.Position(token.From(3)), MayMove = true };
            }
            else
            {
                a.UnknownOption(token, "maymove", "dontunmap", "at=");
            }
        }

        return command;
    }

    private static MadviseCommand ReadMadvise(ArgumentReader a)
    {
        var (mapping, first, count) = (Mapping(a), First(a), Count(a));
        var advice = a.Word("advice", Advices, null);
        if (advice is null)
        {
            a.Refuse("?badadvice");
        }

        return new MadviseCommand(a.Source, a.Process, mapping, first, count, advice ?? MemoryAdvice.WillNeed);
    }

    private static MbindCommand ReadMbind(ArgumentReader a)
    {
        var command = new MbindCommand(
            a.Source, a.Process, Mapping(a), First(a), Count(a), a.Word("policy", ProcessGrammar.PolicyModes, MemoryPolicyMode.Unknown),
            a.OptionalNodes(), false, false);
        while (a.TryNext(out var token))
        {
            switch (token.Text)
            {
                case "move":
                    command = command with { Move = true };
                    break;
                case "strict":
                    command = command with { Strict = true };
                    break;
                default:
                    a.UnknownOption(token, "move", "strict");
                    break;
            }
        }

        return command;
    }

    private static UffdCommand ReadUffd(ArgumentReader a)
    {
        var command = new UffdCommand(a.Source, a.Process, Mapping(a), First(a), Count(a));
        ProcessGrammar.Flag(a, "missing");
        return command;
    }
}
