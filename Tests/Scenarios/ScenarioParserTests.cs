using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>Every command of the language, and what its words mean.</summary>
public sealed class ScenarioParserTests
{
    private const long Page = ScenarioCommand.PageSize;

    private static readonly string[] Preamble =
        ["mount A", "proc p", "p mmap m 8 private", "p open f A/x", "p shmget S 2", "cgnew L"];

    [Theory]
    [InlineData("pool 4", "PoolCommand { Pages = 4 }")]
    [InlineData("overcommit 0", "OvercommitCommand { Pages = 0 }")]
    [InlineData("nodepool 1 3", "NodePoolCommand { Node = 1, Pages = 3 }")]
    [InlineData("counters", "CountersCommand { }")]
    [InlineData("sleep 20", "SleepCommand { Milliseconds = 20 }")]
    [InlineData("umount A", "UmountCommand { Name = A, Lazy = False }")]
    [InlineData("umount A lazy", "UmountCommand { Name = A, Lazy = True }")]
    [InlineData("proc q", "ProcCommand { Name = q }")]
    [InlineData("cgnew L/M", "CgroupNewCommand { Cgroup = L/M }")]
    [InlineData("cgset L hugetlb.2MB.max 3", "CgroupSetCommand { Cgroup = L, File = hugetlb.2MB.max, Value = CgroupValue { Text = 3, Pages = 3, IsMax = False } }")]
    [InlineData("cgset . hugetlb.2MB.max max", "CgroupSetCommand { Cgroup = , File = hugetlb.2MB.max, Value = CgroupValue { Text = max, Pages = , IsMax = True } }")]
    [InlineData("cgset leaf cpuset.mems 0-1", "CgroupSetCommand { Cgroup = leaf, File = cpuset.mems, Value = CgroupValue { Text = 0-1, Pages = , IsMax = False } }")]
    [InlineData("cgget . hugetlb.2MB.events", "CgroupGetCommand { Cgroup = , File = hugetlb.2MB.events }")]
    [InlineData("cgrm L", "CgroupRemoveCommand { Cgroup = L }")]
    [InlineData("p fork c", "ForkCommand { Process = p, Child = c }")]
    [InlineData("p exit", "ExitCommand { Process = p, Code = 0 }")]
    [InlineData("p exit 3", "ExitCommand { Process = p, Code = 3 }")]
    [InlineData("p exec", "ExecCommand { Process = p }")]
    [InlineData("p kill", "KillCommand { Process = p, Signal = 9 }")]
    [InlineData("p kill 15", "KillCommand { Process = p, Signal = 15 }")]
    [InlineData("p cg L", "CgroupJoinCommand { Process = p, Cgroup = L }")]
    [InlineData("p catch", "CatchCommand { Process = p, Enabled = True }")]
    [InlineData("p catch off", "CatchCommand { Process = p, Enabled = False }")]
    [InlineData("p cpu 1", "CpuCommand { Process = p, Cpu = 1 }")]
    [InlineData("p pool 7", "ProcessPoolCommand { Process = p, Pages = 7 }")]
    [InlineData("p status", "StatusCommand { Process = p }")]
    [InlineData("p shmget T 3 noreserve", "ShmGetCommand { Process = p, Segment = T, Length = 6291456, NoReserve = True }")]
    [InlineData("p shmat s S ro", "ShmAttachCommand { Process = p, Mapping = s, Segment = S, ReadOnly = True }")]
    [InlineData("p shmdt m", "ShmDetachCommand { Process = p, Mapping = m }")]
    [InlineData("p shmrm S", "ShmRemoveCommand { Process = p, Segment = S }")]
    [InlineData("p munmap m", "MunmapCommand { Process = p, Mapping = m }")]
    [InlineData("p munmap m 512k 1", "MunmapRangeCommand { Process = p, Mapping = m, Offset = 524288, Length = 2097152 }")]
    [InlineData("p mprotect m 0 1 none", "MprotectCommand { Process = p, Mapping = m, Offset = 0, Length = 2097152, Protection = None }")]
    [InlineData("p r m 2", "ReadCommand { Process = p, Mapping = m, Pages = PageRange { First = 2, Last = 2 } }")]
    [InlineData("p r m 0..3", "ReadCommand { Process = p, Mapping = m, Pages = PageRange { First = 0, Last = 3 } }")]
    [InlineData("p w m 0..1", "WriteCommand { Process = p, Mapping = m, Pages = PageRange { First = 0, Last = 1 }, Value = 1 }")]
    [InlineData("p w m 1 -7", "WriteCommand { Process = p, Mapping = m, Pages = PageRange { First = 1, Last = 1 }, Value = -7 }")]
    [InlineData("p kread m 1", "KernelReadCommand { Process = p, Mapping = m, Page = 1 }")]
    [InlineData("p kwrite m 1 5", "KernelWriteCommand { Process = p, Mapping = m, Page = 1, Value = 5 }")]
    [InlineData("p madvise m 0 2 populate_write", "MadviseCommand { Process = p, Mapping = m, Offset = 0, Length = 4194304, Advice = PopulateWrite }")]
    [InlineData("p madvise m 0 4096b dontneed_locked", "MadviseCommand { Process = p, Mapping = m, Offset = 0, Length = 4096, Advice = DontNeedLocked }")]
    [InlineData("p mlock m 0 1", "MlockCommand { Process = p, Mapping = m, Offset = 0, Length = 2097152 }")]
    [InlineData("p munlock m 0 1", "MunlockCommand { Process = p, Mapping = m, Offset = 0, Length = 2097152 }")]
    [InlineData("p msync m", "MsyncCommand { Process = p, Mapping = m }")]
    [InlineData("p name n m+2 1", "NameCommand { Process = p, NewName = n, Start = MappingPosition { Mapping = m, Offset = 4194304 }, Length = 2097152 }")]
    [InlineData("p open g A/y ro excl trunc nocreat", "OpenCommand { Process = p, File = g, Path = ScenarioPath { Mount = A, Name = y }, ReadOnly = True, Exclusive = True, Truncate = True, NoCreate = True }")]
    [InlineData("p memfd g", "MemfdCommand { Process = p, File = g }")]
    [InlineData("p close f", "CloseCommand { Process = p, File = f }")]
    [InlineData("p unlink A/x", "UnlinkCommand { Process = p, Path = ScenarioPath { Mount = A, Name = x } }")]
    [InlineData("p trunc f 3", "TruncateCommand { Process = p, File = f, Length = 6291456 }")]
    [InlineData("p falloc f 1 2 keep", "FallocateCommand { Process = p, File = f, Offset = 2097152, Length = 4194304, KeepSize = True }")]
    [InlineData("p punch f 1 1", "PunchHoleCommand { Process = p, File = f, Offset = 2097152, Length = 2097152 }")]
    [InlineData("p fadvise f 0 1 dontneed", "FileAdviseCommand { Process = p, File = f, Offset = 0, Length = 2097152, Advice = DontNeed }")]
    [InlineData("p readahead f 0 1", "ReadaheadCommand { Process = p, File = f, Offset = 0, Length = 2097152 }")]
    [InlineData("p fstat f", "FstatCommand { Process = p, File = f }")]
    [InlineData("p pread f 4b", "PreadCommand { Process = p, File = f, Offset = 4 }")]
    [InlineData("p pwrite f -1", "PwriteCommand { Process = p, File = f, Offset = -2097152 }")]
    [InlineData("p pages m", "PagesCommand { Process = p, Mapping = m }")]
    [InlineData("p vmas m", "VmasCommand { Process = p, Mapping = m }")]
    [InlineData("p smaps m", "SmapsCommand { Process = p, Mapping = m }")]
    [InlineData("p mincore m", "MincoreCommand { Process = p, Mapping = m }")]
    [InlineData("p mbind m 0 3 bind 0,2-3 move strict", "MbindCommand { Process = p, Mapping = m, Offset = 0, Length = 6291456, Mode = Bind, Nodes = NodeSet { Mask = 13, IsEmpty = False }, Move = True, Strict = True }")]
    [InlineData("p mempolicy default", "MemoryPolicyCommand { Process = p, Mode = Default, Nodes = NodeSet { Mask = 0, IsEmpty = True } }")]
    [InlineData("p mempolicy prefmany 0-1", "MemoryPolicyCommand { Process = p, Mode = PreferredMany, Nodes = NodeSet { Mask = 3, IsEmpty = False } }")]
    [InlineData("p move m 1 0", "MovePageCommand { Process = p, Mapping = m, Page = 1, Node = 0 }")]
    [InlineData("p uffd m 0 3", "UffdCommand { Process = p, Mapping = m, Offset = 0, Length = 6291456 }")]
    [InlineData("p uffdcopy m 1 6", "UffdCopyCommand { Process = p, Mapping = m, Offset = 2097152, Value = 6 }")]
    [InlineData("p uffdzero m 4096b", "UffdZeroCommand { Process = p, Mapping = m, Offset = 4096 }")]
    public void ParseLine_EachCommand_HasItsArguments(string line, string expected)
    {
        var command = Parse(line);

        var source = command.Source.ToString();
        command.ToString().Replace($"Source = {source}, ", "", StringComparison.Ordinal)
            .Replace($"Source = {source}", "", StringComparison.Ordinal).Replace("{  }", "{ }", StringComparison.Ordinal)
            .ShouldBe(expected);
        command.Source.Text.ShouldBe(line);
    }

    [Fact]
    public void ParseLine_MmapWithAllOptions_HasThemAll()
    {
        var command = Parse("p mmap s 5 shared fd=f off=1 noreserve ro populate locked at=m+512k").ShouldBeOfType<MmapCommand>();

        command.Kind.ShouldBe(MappingKind.Shared);
        command.Length.ShouldBe(5 * Page);
        command.Options.ShouldBe(new MmapOptions(
            "f", Page, true, PageProtection.ReadOnly, true, true, new MappingPosition("m", 512 << 10)));
        Parse("p mmap a 1 private").ShouldBeOfType<MmapCommand>().Options.ShouldBe(new MmapOptions());
    }

    [Fact]
    public void ParseLine_MremapWithTarget_ImpliesMayMove()
    {
        var command = Parse("p mremap m 0 2 4 n dontunmap at=m").ShouldBeOfType<MremapCommand>();

        (command.Length, command.NewLength, command.NewName).ShouldBe((2 * Page, 4 * Page, "n"));
        (command.MayMove, command.DontUnmap, command.At).ShouldBe((true, true, new MappingPosition("m", 0)));
    }

    [Theory]
    [InlineData("mount B", null, null)]
    [InlineData("mount B size=4 min_size=2", 4 * Page, 2 * Page)]
    [InlineData("mount B size=6M min_size=2048k", 6L << 20, 2L << 20)]
    [InlineData("mount B size=1G", 1L << 30, null)]
    public void ParseLine_MountSizes_AreInBytes(string line, long? size, long? minSize)
    {
        var options = Parse(line).ShouldBeOfType<MountCommand>().Options;

        options.Size?.Bytes.ShouldBe(size ?? -1);
        options.Size.HasValue.ShouldBe(size.HasValue);
        options.MinSize?.Bytes.ShouldBe(minSize ?? -1);
        options.MinSize.HasValue.ShouldBe(minSize.HasValue);
    }

    [Fact]
    public void ParseLine_MountWithOtherOptions_KeepsThem()
    {
        var options = Parse("remount A size=50% nr_inodes=3 uid=0 pagesize=2M").ShouldBeOfType<RemountCommand>().Options;

        options.Size.ShouldBe(new MountSize(0, 50));
        options.Inodes.ShouldBe(3);
        options.Others.ShouldBe(["uid=0", "pagesize=2M"]);
    }

    [Theory]
    [InlineData("  pool 4", "pool 4")]
    [InlineData("\tpool\t 4  ", "pool\t 4  ")]
    [InlineData("pool 4 # four", "pool 4")]
    [InlineData("pool 4   #four # five", "pool 4")]
    public void ParseLine_CommentsAndSpaces_AreEchoedAsTheRecorderDoes(string line, string text) =>
        Parse(line).Source.Text.ShouldBe(text);

    [Fact]
    public void ParseLine_CommentAndBlankLines_AreKeptAndSkipped()
    {
        var parser = new ScenarioParser("a.txt");

        parser.ParseLine(1, "  # pool 4 ").ShouldBe(new ScenarioComment(new SourceLine("a.txt", 1, "# pool 4 ")));
        parser.ParseLine(2, " \t ").ShouldBeNull();
    }

    [Fact]
    public async Task ReadAsync_WindowsLineEndsAndByteOrderMark_AreNoPartOfTheLines()
    {
        var items = await ScenarioParser.ReadAsync(RecordingFiles.ToStream("\uFEFFpool 1\r\n\r\npool 2"), "a", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        items.Cast<ScenarioStep>().Select(step => (step.Command.Source.Line, step.Command.Source.Text))
            .ShouldBe([(1, "pool 1"), (3, "pool 2")]);
    }

    [Theory]
    [InlineData("zz mmap", "?bad")]
    [InlineData("p munmap", "?bad mapping or arguments")]
    [InlineData("p trunc f", "?bad fd or arguments")]
    [InlineData("p frob", "?unknown command frob")]
    [InlineData("p madvise m 0 1 nonsense", "?badadvice")]
    [InlineData("p mmap m 1 private bogus", "?badopt bogus")]
    [InlineData("p", "?no such process or command")]
    public async Task RecordingReader_MalformedCommand_IsRefusedWithTheRecordersAnswer(string line, string answer)
    {
        var text = $"> {line}\n< {answer}\n= end (all processes killed, shm removed, unmounted) | nr=0 free=0 resv=0 surp=0 oc=0\n";
        var entries = await RecordingReader.ReadAsync(RecordingFiles.ToStream(text), "a", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        if (answer == "?bad")
        {
            entries[0].ShouldBeOfType<RecordingFault>();
        }
        else
        {
            entries[0].ShouldBeOfType<RecordingStep>().Command.ShouldBeOfType<RefusedCommand>().Answer.ShouldBe(answer);
        }
    }

    [Fact]
    public async Task RecordingReader_NamesThatNothingCreates_AreAccepted()
    {
        const string Text = "> q w x 0\n< ?no such process or command\n"
            + "= end (all processes killed, shm removed, unmounted) | nr=0 free=0 resv=0 surp=0 oc=0\n= pool could not be emptied: nr=2\n";
        var entries = await RecordingReader.ReadAsync(RecordingFiles.ToStream(Text), "a", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        entries[0].ShouldBeOfType<RecordingStep>().Command.ShouldBeOfType<WriteCommand>().Process.ShouldBe("q");
        entries[1].ShouldBeOfType<RecordingEnd>().Remainder.ShouldBe("= pool could not be emptied: nr=2");
    }

    private static ScenarioCommand Parse(string line)
    {
        var parser = new ScenarioParser("a.txt");
        for (var i = 0; i < Preamble.Length; i++)
        {
            parser.ParseLine(i + 1, Preamble[i]).ShouldBeOfType<ScenarioStep>();
        }

        return parser.ParseLine(Preamble.Length + 1, line).ShouldBeOfType<ScenarioStep>().Command;
    }
}
