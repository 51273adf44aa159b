namespace Hugesim.Scenarios;

/// <summary>Where a command comes from.</summary>
/// <param name="File">The file's name as the user gave it, <c>-</c> for standard input.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The command as a recording echoes it: without indentation and trailing comment.</param>
public sealed record SourceLine(string File, int Line, string Text);

/// <summary>One command of a scenario. All lengths, offsets and positions are in bytes; page indexes count huge pages.</summary>
/// <param name="Source">Where it comes from.</param>
public abstract record ScenarioCommand(SourceLine Source)
{
    /// <summary>The size of a huge page.</summary>
    public const long PageSize = 2L << 20;
}

/// <summary>A command that a process executes.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
public abstract record ProcessCommand(SourceLine Source, string Process) : ScenarioCommand(Source);

/// <summary>A command on a mapping of a process; a process without a mapping of this name answers <see cref="RecorderAnswers.BadMapping"/>.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
/// <param name="Mapping">The mapping's name in this process.</param>
public abstract record MappingCommand(SourceLine Source, string Process, string Mapping) : ProcessCommand(Source, Process);

/// <summary>A command on a range of a mapping.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
/// <param name="Mapping">The mapping's name in this process.</param>
/// <param name="Offset">The start in bytes, relative to the mapping; may be negative or behind its end.</param>
/// <param name="Length">The length in bytes.</param>
public abstract record RangeCommand(SourceLine Source, string Process, string Mapping, long Offset, long Length)
    : MappingCommand(Source, Process, Mapping);

/// <summary>A command on an open file; a process without an open file of this name answers <see cref="RecorderAnswers.BadFile"/>.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
/// <param name="File">The name of the file descriptor in this process.</param>
public abstract record FileCommand(SourceLine Source, string Process, string File) : ProcessCommand(Source, Process);

/// <summary>
/// A malformed command that a recording holds, to which the recorder gives a fixed answer. A dead process answers that it
/// is dead; a live one with <paramref name="Answer"/>.
/// </summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Process">The process's name.</param>
/// <param name="Answer">The recorder's answer, such as <c>?unknown command frob</c>.</param>
public sealed record RefusedCommand(SourceLine Source, string Process, string Answer) : ProcessCommand(Source, Process);

/// <summary>A place in a mapping, written <c>NAME+N</c> or <c>NAME</c>.</summary>
/// <param name="Mapping">The mapping's name in the same process; if it has none, the address is -1, which no call accepts.</param>
/// <param name="Offset">The offset in bytes.</param>
public sealed record MappingPosition(string Mapping, long Offset);

/// <summary>A file on a mount, written <c>MOUNT/file</c>.</summary>
/// <param name="Mount">The mount's name.</param>
/// <param name="Name">The file's name on it.</param>
public sealed record ScenarioPath(string Mount, string Name);

/// <summary>Consecutive huge pages of a mapping, written <c>i</c> or <c>i..j</c>. Empty when <c>Last &lt; First</c>.</summary>
/// <param name="First">The first page's index.</param>
/// <param name="Last">The last page's index, inclusive.</param>
public readonly record struct PageRange(long First, long Last);
