using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>
/// The guarantee of commit a1e78772: who maps successfully faults successfully, until fork. It is checked where a scenario gives nobody the right to break it: on reserved
/// anonymous mappings that were not cut, moved or bound to nodes, without cgroup limits, and on reserved shared mappings of files that nobody shortens or punches afterwards. What a process wrote into private memory it must also read again.
/// </summary>
/// <param name="program">The scenario.</param>
/// <param name="profile">The kernel.</param>
/// <param name="failing">What fails in the blocks and after them; pages of files cannot be had without descriptors.</param>
public sealed class ReservePromises(ScenarioProgram program, KernelProfile profile, InjectedFailures failing = InjectedFailures.None)
{
    private readonly Dictionary<(string Process, string Name), Promise> _promises = [];

    // Limits and node masks may refuse a page that is reserved: the guarantee is given for the pool alone.
    private readonly bool _isChecked = !program.Commands.Any(command =>
        command is CgroupSetCommand or MbindCommand or MemoryPolicyCommand or MovePageCommand or CpuCommand or ProcessPoolCommand);

    // A file that is shortened while it is mapped takes back what mmap has promised, and in a block nobody can say which came first.
    private readonly bool _followsFiles = failing == InjectedFailures.None && !program.Parts.SelectMany(part => part.Block?.Commands ?? []).Any(TakesFromFiles);

    // Surplus pages are not kept for a reservation that an unmap restores.
    private readonly bool _restores = profile.UnmapRestore != UnmapRestoreRule.Never && !program.Commands.Any(command => command is OvercommitCommand { Pages: > 0 });

    /// <summary>Forgets everything: a new machine.</summary>
    public void Clear() => _promises.Clear();

    /// <summary>A command is about to be executed.</summary>
    public void OnCommand(ScenarioCommand command)
    {
        if (_isChecked && command is ForkCommand fork)
        {
            Fork(fork.Process, fork.Child);
        }

        if (TakesFromFiles(command))
        {
            RemoveWhere(promise => promise.Value.IsOfFile);
        }
    }

    private static bool TakesFromFiles(ScenarioCommand command) =>
        command is TruncateCommand or PunchHoleCommand or OpenCommand { Truncate: true } or MadviseCommand { Advice: MemoryAdvice.Remove } or InjectCommand { Failure: not InjectedFailure.Off };

    /// <summary>Checks an answer against what was promised before, and notes what it promises.</summary>
    /// <returns>What is wrong, or null.</returns>
    public ScheduleFailure? OnAnswer(ScenarioCommand command, string answer)
    {
        if (!_isChecked)
        {
            return null;
        }

        switch (command)
        {
            case MmapCommand mmap:
                Map(mmap, answer);
                return null;
            case MappingCommand onMapping when _promises.TryGetValue((onMapping.Process, onMapping.Mapping), out var promise):
                return promise.OnAnswer(onMapping, answer, _restores) ?? Keep(onMapping, promise);
            case NameCommand:
                // A second name for a range: what is done to it under that name is not followed.
                _promises.Clear();
                return null;
            case ExecCommand or ExitCommand or KillCommand:
                Drop(((ProcessCommand)command).Process);
                return null;
            default:
                return null;
        }
    }

    private ScheduleFailure? Keep(MappingCommand command, Promise promise)
    {
        if (promise.IsVoid)
        {
            _promises.Remove((command.Process, command.Mapping));
            if (promise.IsShared && command is MadviseCommand)
            {
                // MADV_REMOVE takes pages and reservations away from all who share them.
                RemoveWhere(p => p.Value.IsShared);
            }
        }

        return null;
    }

    private void Map(MmapCommand mmap, string answer)
    {
        var options = mmap.Options;
        if (answer != "ok")
        {
            return;
        }

        if (options.At is not null)
        {
            // It may lie over anything.
            Drop(mmap.Process);
            return;
        }

        _promises.Remove((mmap.Process, mmap.Mapping));
        var isFollowed = options.File is null || (_followsFiles && mmap.Kind == MappingKind.Shared);
        if (isFollowed && options is { NoReserve: false, Protection: PageProtection.ReadWrite })
        {
            _promises[(mmap.Process, mmap.Mapping)] = new Promise(mmap.Kind == MappingKind.Shared, options.File is not null, (mmap.Length + ScenarioCommand.PageSize - 1) / ScenarioCommand.PageSize);
        }
    }

    // Pages of a private mapping that are shared with a child may have to be copied, and nobody has reserved the copies. The memory itself stays.
    private void Fork(string parent, string child)
    {
        foreach (var (key, promise) in _promises.Where(p => p.Key.Process == parent).ToArray())
        {
            promise.IsReserved &= promise.IsShared;
            _promises[(child, key.Name)] = promise.Copy();
        }
    }

    private void Drop(string process) => RemoveWhere(p => p.Key.Process == process);

    private void RemoveWhere(Func<KeyValuePair<(string Process, string Name), Promise>, bool> condition)
    {
        foreach (var (key, _) in _promises.Where(condition).ToArray())
        {
            _promises.Remove(key);
        }
    }

    /// <summary>What a process may rely on in one mapping.</summary>
    private sealed class Promise(bool isShared, bool isOfFile, long pages)
    {
        private Dictionary<long, string> _written = [];

        public bool IsShared { get; } = isShared;

        public bool IsOfFile { get; } = isOfFile;

        public bool IsReserved { get; set; } = true;

        public bool IsVoid { get; private set; }

        public Promise Copy() => new(IsShared, IsOfFile, pages) { IsReserved = IsReserved, _written = new(_written) };

        public ScheduleFailure? OnAnswer(MappingCommand command, string answer, bool restores)
        {
            switch (command)
            {
                case ReadCommand read:
                    return Within(read.Pages) ? Fault(command, answer) ?? Compare(read, answer) : Void();
                case WriteCommand write:
                    return Within(write.Pages) ? Fault(command, answer) ?? Note(write, answer) : Void();
                case KernelReadCommand or KernelWriteCommand:
                    return Void();
                case MadviseCommand { Advice: MemoryAdvice.DontNeed }:
                    IsReserved &= restores || IsShared;
                    _written.Clear();
                    return null;
                case PagesCommand or VmasCommand or SmapsCommand or MincoreCommand or MsyncCommand or MlockCommand or MunlockCommand:
                    return null;
                default:
                    return Void();
            }
        }

        private bool Within(PageRange range) => range.First >= 0 && range.Last < pages;

        private ScheduleFailure? Void()
        {
            IsVoid = true;
            return null;
        }

        private ScheduleFailure? Fault(MappingCommand command, string answer)
        {
            if (!answer.Contains("SIGBUS", StringComparison.Ordinal))
            {
                return null;
            }

            IsVoid = true;
            return IsReserved
                ? new ScheduleFailure(
                    FailureKind.Promise, "SIGBUS", $"'{command.Source.Text}' was answered '{answer}', but mmap had reserved the page", command.Source.Line)
                : null;
        }

        private ScheduleFailure? Note(WriteCommand write, string answer)
        {
            if (answer == "ok" && !IsShared)
            {
                for (var page = write.Pages.First; page <= write.Pages.Last; page++)
                {
                    _written[page] = write.Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
                }
            }

            return null;
        }

        private ScheduleFailure? Compare(ReadCommand read, string answer)
        {
            const string Values = "ok val=";
            if (IsShared || !answer.StartsWith(Values, StringComparison.Ordinal))
            {
                return null;
            }

            var values = answer[Values.Length..].Split(',');
            for (var i = 0; i < values.Length; i++)
            {
                if (_written.TryGetValue(read.Pages.First + i, out var written) && written != values[i])
                {
                    return new ScheduleFailure(
                        FailureKind.Memory, "value",
                        $"'{read.Source.Text}' was answered '{answer}', but the process had written {written} to page {read.Pages.First + i}", read.Source.Line);
                }
            }

            return null;
        }
    }
}
