using System.Runtime.InteropServices;
using System.Text;
using Hugesim.Scenarios;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Scenarios;

/// <summary>Bad input: what is wrong, where, and what to do.</summary>
public sealed class ScenarioErrorTests
{
    private const string Preamble = "mount A\nproc p\np mmap m 8 private\np open f A/x\np shmget S 2\ncgnew L\n";
    private const int Line = 7;

    [Theory]
    [InlineData("poool 4", 1, "unknown command 'poool'", "did you mean 'pool'?")]
    [InlineData("pool", 5, "pool: N is missing", "usage: pool N")]
    [InlineData("pool 4 5", 8, "pool: unexpected argument '5'", "usage: pool N")]
    [InlineData("pool four", 6, "'four' is not a number", "whole number")]
    [InlineData("pool -1", 6, "-1 is out of range", "between 0 and 16777216")]
    [InlineData("pool 99999999999999999999", 6, "out of range", "between 0 and 16777216")]
    [InlineData("  p wv m 0", 5, "unknown command 'wv'", "did you mean 'w'?")]
    [InlineData("q mmap n 1 private", 1, "no process 'q'", "proc q")]
    [InlineData("mmap n 1 private", 1, "'mmap' is a command of a process", "P mmap")]
    [InlineData("p pool2 4", 3, "unknown command 'pool2'", "did you mean 'pool'?")]
    [InlineData("p mount B", 3, "'mount' is a command of the machine", "leave 'p' out")]
    [InlineData("p", 2, "process p has nothing to do", "p status")]
    [InlineData("p w mm 0", 5, "no mapping 'mm'", "did you mean 'm' (line 3)?")]
    [InlineData("p w heap 0", 5, "no mapping 'heap'", "p mmap heap LEN private|shared")]
    [InlineData("p w m", 6, "w: i[..j] is missing", "usage: p w M i[..j] [value]")]
    [InlineData("p w m 0..x", 10, "'x' is not a number for the last page", "whole number")]
    [InlineData("p w m 3..1", 7, "the page range 3..1 is empty", "0..2")]
    [InlineData("p w m 0 1 2", 11, "w: unexpected argument '2'", "usage")]
    [InlineData("p mmap n 3x private", 10, "'3x' is not a number for the length", "4096b")]
    [InlineData("p mmap n -1 private", 10, "the length -1 is out of range", "between 0 and")]
    [InlineData("p mmap n 9999999999999999 private", 10, "out of range", "huge pages")]
    [InlineData("p mmap n 3 privat", 12, "unknown kind of mapping 'privat'", "did you mean 'private'?")]
    [InlineData("p mmap n 3 shared fd=g", 22, "no file 'g'", "did you mean 'f' (line 4)?")]
    [InlineData("p mmap n 3 private noreserv", 20, "unknown option 'noreserv'", "did you mean 'noreserve'?")]
    [InlineData("p mmap n 3 private at=z+1", 23, "no mapping 'z'", "did you mean 'm'")]
    [InlineData("p mmap a+b 3 private", 8, "must not contain '+'", "letters and digits")]
    [InlineData("p mmap abcdefghijklmnopqrstuvwx 3 private", 8, "longer than 23 bytes", "short name")]
    [InlineData("p munmap m 0", 12, "the count is missing", "munmap m 0 COUNT")]
    [InlineData("p madvise m 0 1 dontnead", 17, "unknown advice 'dontnead'", "did you mean 'dontneed'?")]
    [InlineData("p mbind m 0 2 bind move", 20, "'move' is not a set of nodes", "before any flag")]
    [InlineData("p mempolicy bind 64", 18, "'64' is not a set of nodes", "0 to 63")]
    [InlineData("p open g B/x", 10, "no mount 'B'", "did you mean 'A' (line 1)?")]
    [InlineData("p open g x", 10, "'x' is not a file on a mount", "MOUNT/file")]
    [InlineData("p close g", 9, "no file 'g'", "did you mean 'f'")]
    [InlineData("p shmat s T", 11, "no shared memory segment 'T'", "did you mean 'S'")]
    [InlineData("p cg K", 6, "no cgroup 'K'", "did you mean 'L'")]
    [InlineData("p kill 19", 8, "signal 19 does not end a process", "SIGKILL")]
    [InlineData("p exit 256", 8, "the exit code 256 is out of range", "between 0 and 255")]
    [InlineData("p fork pool", 8, "'pool' is a command", "choose another name")]
    [InlineData("proc p", 6, "process p exists already (line 2)", "another name")]
    [InlineData("mount B sise=4", 9, "unknown option 'sise=4'", "did you mean 'size'?")]
    [InlineData("mount B size=four", 14, "'four' is not a size", "50%")]
    [InlineData("mount B pagesize=1G", 18, "huge pages of '1G' are not simulated", "2 MiB")]
    [InlineData("mount a/b", 7, "must not contain '/'", "letters and digits")]
    [InlineData("mount ..", 7, "'..' cannot name a mount", "letters and digits")]
    [InlineData("cgset L hugetlb.2MB.max many", 25, "'many' is not a number for the limit", "whole number")]
    [InlineData("cgget L ../x", 9, "'../x' is not a file of a cgroup", "hugetlb.2MB.max")]
    [InlineData("pool 4\t#x", 8, "unexpected argument '#x'", "' #'")]
    [InlineData("pool \u001b4", 6, "control character U+001B", "remove it")]
    [InlineData("> pool 4", 1, "this is a recording", "hugesim check")]
    public async Task ReadAsync_BadLine_SaysWhatIsWrongWhereAndWhatToDo(string line, int column, string message, string hint)
    {
        var items = await Read(Preamble + line + "\ncounters\n");

        items.Count.ShouldBe(8, "reading goes on after a bad line");
        var error = items[6].ShouldBeOfType<ScenarioFault>().Errors[0];
        (error.File, error.Line, error.Column).ShouldBe(("a.txt", Line, column));
        error.Message.ShouldContain(message);
        error.Hint.ShouldNotBeNull().ShouldContain(hint);
        error.ToString().ShouldBe($"a.txt:{Line}:{column}: {error.Message}");
    }

    [Fact]
    public async Task ReadAsync_SeveralMistakesInALine_AreAllReportedInOrder()
    {
        var items = await Read("proc p\np mremap m x 1 y n may\n");

        items[1].ShouldBeOfType<ScenarioFault>().Errors.Select(error => error.Column).ShouldBe([10, 12, 16, 20]);
    }

    [Fact]
    public async Task ReadAsync_NameOfABadLine_IsKnownAfterwards()
    {
        var items = await Read("proc p\np mmap m three private\np w m 0\n");

        items.OfType<ScenarioFault>().Count().ShouldBe(1);
    }

    [Fact]
    public async Task ReadAsync_LineOf10Megabytes_IsAnErrorAndNotKept()
    {
        await using var stream = new LongLineStream(10 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var items = await ScenarioParser.ReadAsync(stream, "a.txt", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(5 << 20);
        items[0].ShouldBeOfType<ScenarioStep>();
        items[1].ShouldBeOfType<ScenarioFault>().Errors[0].ToString().ShouldBe("a.txt:2:4001: the line is longer than 4000 characters");
        items[2].ShouldBeOfType<ScenarioStep>().Command.Source.Line.ShouldBe(3);
    }

    [Theory]
    [InlineData(4000, false)]
    [InlineData(4001, true)]
    public async Task ReadAsync_LineAtTheLimit_IsStillRead(int length, bool isFault)
    {
        var items = await Read("# " + new string('é', length - 2) + "\n");

        (items[0] is ScenarioFault).ShouldBe(isFault);
    }

    [Fact]
    public async Task ReadAsync_BinaryFile_EndsWithAnErrorAtItsFirstBadLine()
    {
        var nul = await Read("pool 1\n\0ELF\u0001\npool 2\n");
        nul.Count.ShouldBe(2);
        nul[1].ShouldBeOfType<ScenarioFault>().Errors[0].ToString().ShouldBe("a.txt:2: the input contains a NUL byte, so it is not text");

        await using var latin = new MemoryStream([.. "# caf"u8, 0xe9, (byte)'\n']);
        var items = await ScenarioParser.ReadAsync(latin, "a.txt", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        items.ShouldHaveSingleItem().ShouldBeOfType<ScenarioFault>().Errors[0].ToString().ShouldBe("a.txt:1: the line is not UTF-8 text");
    }

    [Fact]
    public async Task ReadAsync_InputThatCannotBeRead_IsAnErrorAtTheLine()
    {
        await using var stream = new BrokenStream();
        var items = await ScenarioParser.ReadAsync(stream, "a.txt", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        items[0].ShouldBeOfType<ScenarioStep>();
        items[1].ShouldBeOfType<ScenarioFault>().Errors[0].ToString().ShouldBe("a.txt:2: the input cannot be read: the disk is gone");
    }

    [Fact]
    public async Task ReadAsync_TooManyProcesses_IsAnErrorAtTheFirstTooMany()
    {
        var text = new StringBuilder();
        for (var i = 0; i <= ScenarioLimits.Processes; i++)
        {
            text.Append("proc p").Append(i).Append('\n');
        }

        var errors = (await Read(text.ToString())).OfType<ScenarioFault>().SelectMany(fault => fault.Errors).ToArray();

        errors.ShouldHaveSingleItem().ToString().ShouldBe("a.txt:4097:6: too many process names: at most 4096");
    }

    [Theory]
    [InlineData("pool 4\n", "a.out:1: this line is not part of a recording")]
    [InlineData("> pool 4\n", "a.out:1: the command has no answer")]
    [InlineData("> pool 4\n> pool 5\n", "a.out:1: the command has no answer")]
    [InlineData("> pool\n< EINVAL | nr=0\n", "a.out:1:7: pool: N is missing")]
    [InlineData("# only a comment\n", "a.out: the recording ends without a line '= end'")]
    [InlineData("", "a.out: the recording ends without a line '= end'")]
    public async Task RecordingReader_NoRecording_EndsWithAnError(string text, string expected)
    {
        var entries = await RecordingReader.ReadAsync(RecordingFiles.ToStream(text), "a.out", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        entries[^1].ShouldBeOfType<RecordingFault>().Errors[0].ToString().ShouldBe(expected);
    }

    private static async Task<List<ScenarioItem>> Read(string text) =>
        await ScenarioParser.ReadAsync(RecordingFiles.ToStream(text), "a.txt", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

    /// <summary>A command, then an error.</summary>
    private sealed class BrokenStream() : MemoryStream("pool 1\n"u8.ToArray())
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw new IOException("the disk is gone");
    }

    /// <summary>A command, a long line, a command.</summary>
    private sealed class LongLineStream(int length) : Stream
    {
        private static readonly byte[] Command = "pool 1\n"u8.ToArray();

        private readonly long _total = length + 1 + 2 * Command.Length;
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => _total;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _total - _position);
            for (var i = 0; i < read; i++, _position++)
            {
                var fromEnd = _total - _position;
                buffer[offset + i] = _position < Command.Length ? Command[_position]
                    : fromEnd <= Command.Length ? Command[Command.Length - fromEnd]
                    : fromEnd == Command.Length + 1 ? (byte)'\n'
                    : (byte)'a';
            }

            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            MemoryMarshal.TryGetArray<byte>(buffer, out var array).ShouldBeTrue();
            return ValueTask.FromResult(Read(array.Array!, array.Offset, array.Count));
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
