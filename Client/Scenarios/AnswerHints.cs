namespace Hugesim.Scenarios;

/// <summary>
/// Explains answers that follow from earlier lines: a range that was unmapped, a mapping that was never made, a dead process.
/// </summary>
public sealed class AnswerHints
{
    private readonly Dictionary<string, ProcessHistory> _processes = new(StringComparer.Ordinal);

    /// <summary>Takes note of a step and explains its answer where earlier lines do, else returns null.</summary>
    public string? Observe(ScenarioStepResult step)
    {
        if (step.Command is not ProcessCommand command)
        {
            return null;
        }

        var line = command.Source.Line;
        var history = Of(command.Process);
        var hint = Explain(command, step.Answer, history);
        if (step.Answer.StartsWith("killed by", StringComparison.Ordinal) || step.Answer.StartsWith("exited", StringComparison.Ordinal))
        {
            history.DiedAt = line;
        }

        foreach (var death in step.Deaths)
        {
            Of(death.Split(' ')[0]).DiedAt = line;
        }

        if (step.Answer == "ok")
        {
            NoteSuccess(command, history, line);
        }
        else if (Created(command) is { } name)
        {
            history.Failed[name] = (line, step.Answer);
        }

        return hint;
    }

    private static string? Explain(ProcessCommand command, string answer, ProcessHistory history)
    {
        if (answer.StartsWith('(') && history.DiedAt > 0)
        {
            return $"{command.Process} died at line {history.DiedAt}";
        }

        return (answer, command) switch
        {
            (RecorderAnswers.BadMapping, MappingCommand mapping) => ExplainMissing(command, "mapping", mapping.Mapping, history),
            (RecorderAnswers.BadFile, FileCommand file) => ExplainMissing(command, "file", file.File, history),
            (_, MappingCommand mapping) when IsAccessFailure(answer) => ExplainAccess(mapping, answer, history),
            _ => null,
        };
    }

    private static bool IsAccessFailure(string answer) =>
        answer.Contains("SIGSEGV", StringComparison.Ordinal) || answer is "EFAULT" or "ENOMEM" or "ENOENT" or "EINVAL";

    private static string ExplainMissing(ProcessCommand command, string what, string name, ProcessHistory history)
    {
        if (history.Failed.TryGetValue(name, out var failure))
        {
            return $"{command.Process} has no {what} {name}: line {failure.Line} answered {failure.Answer}";
        }

        return history.ExecutedAt > 0
            ? $"{command.Process} lost its names with exec at line {history.ExecutedAt}"
            : $"{command.Process} has no {what} {name}: names belong to the process that makes them; a child has its parent's of the fork";
    }

    private static string? ExplainAccess(MappingCommand command, string answer, ProcessHistory history)
    {
        if (!history.Unmapped.TryGetValue(command.Mapping, out var ranges))
        {
            return null;
        }

        var (start, end) = Touched(command, answer);
        var range = ranges.LastOrDefault(candidate => candidate.Start < end && start < candidate.End);
        if (range is null)
        {
            return null;
        }

        var part = range.Start == 0 && range.End == long.MaxValue ? "" : "this part of ";
        return $"{part}{command.Mapping} was unmapped at line {range.Line}";
    }

    private static (long Start, long End) Touched(MappingCommand command, string answer)
    {
        const string Mark = " at page ";
        var at = answer.LastIndexOf(Mark, StringComparison.Ordinal);
        if (at >= 0 && long.TryParse(answer.AsSpan(at + Mark.Length), out var page))
        {
            return (page * ScenarioCommand.PageSize, (page + 1) * ScenarioCommand.PageSize);
        }

        return command is RangeCommand range ? (range.Offset, range.Offset + range.Length) : (long.MinValue, long.MaxValue);
    }

    private void NoteSuccess(ProcessCommand command, ProcessHistory history, int line)
    {
        switch (command)
        {
            case ForkCommand fork:
                _processes[fork.Child] = history.Copy();
                break;
            case ExecCommand:
                _processes[command.Process] = new ProcessHistory { ExecutedAt = line };
                break;
            case MunmapCommand unmap:
                history.Unmap(unmap.Mapping, 0, long.MaxValue, line);
                break;
            case MunmapRangeCommand part:
                history.Unmap(part.Mapping, part.Offset, part.Offset + part.Length, line);
                break;
            case ShmDetachCommand detach:
                history.Unmap(detach.Mapping, 0, long.MaxValue, line);
                break;
        }

        if (Created(command) is { } name)
        {
            history.Unmapped.Remove(name);
            history.Failed.Remove(name);
        }
    }

    private static string? Created(ProcessCommand command) => command switch
    {
        MmapCommand mmap => mmap.Mapping,
        MremapCommand mremap => mremap.NewName,
        NameCommand name => name.NewName,
        ShmAttachCommand attach => attach.Mapping,
        OpenCommand open => open.File,
        MemfdCommand memfd => memfd.File,
        _ => null,
    };

    private ProcessHistory Of(string process)
    {
        if (!_processes.TryGetValue(process, out var history))
        {
            _processes[process] = history = new ProcessHistory();
        }

        return history;
    }

    private sealed record UnmappedRange(long Start, long End, int Line);

    private sealed class ProcessHistory
    {
        public int DiedAt { get; set; }

        public int ExecutedAt { get; init; }

        public Dictionary<string, (int Line, string Answer)> Failed { get; init; } = new(StringComparer.Ordinal);

        public Dictionary<string, List<UnmappedRange>> Unmapped { get; init; } = new(StringComparer.Ordinal);

        public void Unmap(string mapping, long start, long end, int line)
        {
            if (!Unmapped.TryGetValue(mapping, out var ranges))
            {
                Unmapped[mapping] = ranges = [];
            }

            ranges.Add(new UnmappedRange(start, end, line));
        }

        public ProcessHistory Copy() => new()
        {
            ExecutedAt = ExecutedAt,
            Failed = new(Failed),
            Unmapped = Unmapped.ToDictionary(pair => pair.Key, pair => pair.Value.ToList()),
        };
    }
}
