namespace Hugesim.Scenarios;

/// <summary>The commands on files.</summary>
internal static class FileGrammar
{
    private static readonly Dictionary<string, FileAdvice> Advices = new()
    {
        ["willneed"] = FileAdvice.WillNeed,
        ["dontneed"] = FileAdvice.DontNeed,
    };

    /// <summary>All commands.</summary>
    public static IReadOnlyList<CommandSpec> Commands { get; } =
    [
        new("open", "F MOUNT/file [ro] [excl] [trunc] [nocreat]", ReadOpen),
        new("memfd", "F", a => new MemfdCommand(a.Source, a.Process, a.Create(NameKind.File))),
        new("unlink", "MOUNT/file", a => new UnlinkCommand(a.Source, a.Process, a.FilePath())),
        Spec("close", "F", a => new CloseCommand(a.Source, a.Process, File(a))),
        Spec("trunc", "F len", a => new TruncateCommand(a.Source, a.Process, File(a), Length(a))),
        Spec("falloc", "F off len [keep]", a => new FallocateCommand(
            a.Source, a.Process, File(a), Offset(a), Length(a), Keep(a))),
        Spec("punch", "F off len", a => new PunchHoleCommand(a.Source, a.Process, File(a), Offset(a), Length(a))),
        Spec("fadvise", "F off len willneed|dontneed", a => new FileAdviseCommand(
            a.Source, a.Process, File(a), Offset(a), Length(a), a.Word("advice", Advices, FileAdvice.WillNeed))),
        Spec("readahead", "F off len", a => new ReadaheadCommand(a.Source, a.Process, File(a), Offset(a), Length(a))),
        Spec("fstat", "F", a => new FstatCommand(a.Source, a.Process, File(a))),
        Spec("pread", "F off", a => new PreadCommand(a.Source, a.Process, File(a), Offset(a))),
        Spec("pwrite", "F off", a => new PwriteCommand(a.Source, a.Process, File(a), Offset(a))),
    ];

    private static CommandSpec Spec(string name, string usage, Func<ArgumentReader, ScenarioCommand> read) =>
        new(name, usage, read) { AnswerToMissing = RecorderAnswers.BadFile };

    private static string File(ArgumentReader a) => a.Use(NameKind.File);

    private static long Offset(ArgumentReader a) => a.Bytes("offset", signed: true);

    private static long Length(ArgumentReader a) => a.Bytes("length", signed: true);

    private static bool Keep(ArgumentReader a) => a.IsRecording ? a.TryNext(out _) : ProcessGrammar.Flag(a, "keep");

    private static OpenCommand ReadOpen(ArgumentReader a)
    {
        var command = new OpenCommand(a.Source, a.Process, a.Create(NameKind.File), a.FilePath(), false, false, false, false);
        while (a.TryNext(out var token))
        {
            switch (token.Text)
            {
                case "ro":
                    command = command with { ReadOnly = true };
                    break;
                case "excl":
                    command = command with { Exclusive = true };
                    break;
                case "trunc":
                    command = command with { Truncate = true };
                    break;
                case "nocreat":
                    command = command with { NoCreate = true };
                    break;
                default:
                    a.UnknownOption(token, "ro", "excl", "trunc", "nocreat");
                    break;
            }
        }

        return command;
    }
}
