using System.Globalization;
using System.Text;
using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Machine;

/// <content>Commands on a named mapping, and on an open file.</content>
internal sealed partial class GrainMachine
{
    // MSG of the recorder.
    private const int MessageLength = 4000;

    private async ValueTask<string> OfMapping(UserProcess process, MappingCommand command, NamedRange range)
    {
        var grain = process.Grain;
        return command switch
        {
            ReadCommand read => await Touch(process, range, read.Pages, write: false, 0),
            WriteCommand write => await Touch(process, range, write.Pages, write: true, write.Value),
            KernelReadCommand read => Text(await grain.KernelTouch(range.Address + read.Page * Units.PageBytes, write: false, 0)),
            KernelWriteCommand write => Text(await grain.KernelTouch(range.Address + write.Page * Units.PageBytes, write: true, write.Value)),
            MunmapCommand => Text(await grain.Munmap(range.Address, range.Length)),
            MunmapRangeCommand munmap => Text(await grain.Munmap(range.Address + munmap.Offset, munmap.Length)),
            MprotectCommand protect => Text(await grain.Mprotect(
                range.Address + protect.Offset, protect.Length,
                protect.Protection != PageProtection.None, protect.Protection == PageProtection.ReadWrite)),
            MremapCommand mremap => await Mremap(process, mremap, range),
            MadviseCommand madvise => Text(await grain.Madvise(range.Address + madvise.Offset, madvise.Length, (int)madvise.Advice)),
            MlockCommand mlock => Text(await grain.Mlock(range.Address + mlock.Offset, mlock.Length)),
            MunlockCommand munlock => Text(await grain.CheckMapped(range.Address + munlock.Offset, munlock.Length)),
            MsyncCommand => Text(await CheckAligned(process, range)),
            ShmDetachCommand => Text(await grain.Shmdt(range.Address)),
            MbindCommand mbind => await Mbind(process, mbind, range),
            MovePageCommand move => await MovePage(process, move, range),
            UffdCommand or UffdCopyCommand or UffdZeroCommand => await Uffd(process, command, range),
            InjectCommand inject => Text(await grain.InjectFailures(range.Address, FailuresOf(inject.Failure))),
            _ => await Look(process, command, range),
        };
    }

    private static InjectedFailures FailuresOf(InjectedFailure failure) => failure switch
    {
        InjectedFailure.Failslab => InjectedFailures.Failslab,
        InjectedFailure.Usercopy => InjectedFailures.FailUsercopy,
        _ => InjectedFailures.None,
    };

    private static async ValueTask<string> Touch(UserProcess process, NamedRange range, PageRange pages, bool write, int value)
    {
        var address = range.Address + pages.First * Units.PageBytes;
        var answer = await process.Grain.Touch(address, Math.Max(0, pages.Last - pages.First + 1), write, value);
        var at = pages.First + answer.FailedPage;
        if (answer.Stuck)
        {
            // The recorder waits for the process, gives up and kills it.
            await process.Grain.Exit();
            process.Death = "killed by SIGKILL";
            return "TIMEOUT";
        }

        if (answer.Killed)
        {
            process.Death = $"killed by {SignalName(answer.Signal)}";
            return $"{process.Death} at page {at}";
        }

        if (answer.Signal != 0)
        {
            return $"{SignalName(answer.Signal)}(code={answer.Code}) at page {at}";
        }

        return write ? "ok" : $"ok val={Joined(',', answer.Values.Select(v => v.ToString(CultureInfo.InvariantCulture)), MessageLength - 40)}";
    }

    private static async ValueTask<string> Mremap(UserProcess process, MremapCommand command, NamedRange range)
    {
        var answer = await process.Grain.Mremap(new MremapCall(
            range.Address + command.Offset, command.Length, command.NewLength, command.MayMove, command.DontUnmap,
            command.At is not null, command.At is { } at ? Where(process, at) : 0));
        return Named(process, command.NewName, answer, command.NewLength);
    }

    private async ValueTask<string> Mbind(UserProcess process, MbindCommand command, NamedRange range) =>
        IsValidPolicy(command.Mode, command.Nodes) || (command.Length == 0 && command.Mode != MemoryPolicyMode.Unknown)
            ? Text(await process.Grain.Mbind(new MbindCall(
                range.Address + command.Offset, command.Length, ModeOf(command.Mode, command.Nodes), (long)command.Nodes.Mask,
                command.Move, command.Strict)))
            : Text(Errno.EINVAL);

    private async ValueTask<string> MovePage(UserProcess process, MovePageCommand command, NamedRange range)
    {
        if (command.Node < 0 || command.Node >= _nodes)
        {
            return Text(Errno.ENODEV);
        }

        var status = await process.Grain.MovePage(range.Address + command.Page * Units.PageBytes, command.Node);

        // A page that could not be moved for lack of memory also counts in the call's own result.
        var failed = status == -(int)Errno.ENOMEM ? 1 : 0;
        return status < 0 ? $"ok r={failed} status={status} {(Errno)(-status)}" : $"ok r={failed} status={status}";
    }

    private async ValueTask<string> Uffd(UserProcess process, MappingCommand command, NamedRange range)
    {
        if (command is UffdCommand register)
        {
            process.HasUffd = _profile.UffdHugetlb != Errno.ENOSYS;
            return Text(await process.Grain.UffdRegister(range.Address + register.Offset, register.Length));
        }

        if (!process.HasUffd)
        {
            return Text(Errno.EBADF);
        }

        return Text(command is UffdCopyCommand copy
            ? await process.Grain.UffdCopy(range.Address + copy.Offset, copy.Value)
            : await process.Grain.UffdZero(range.Address + ((UffdZeroCommand)command).Offset));
    }

    // What /proc shows of a range.
    private async ValueTask<string> Look(UserProcess process, MappingCommand command, NamedRange range)
    {
        var view = await process.Grain.Describe(range.Address, range.Length);
        var first = range.Address / Units.PageBytes;
        var pages = view.Pages.ToDictionary(p => p.Page);
        return command switch
        {
            PagesCommand => $"ok [{Joined(' ', PageNames(pages, first, range.Length / Units.PageBytes), MessageLength - 40)}]",
            VmasCommand => $"ok {Joined(' ', view.Areas.Select(a => AreaName(a, first)), MessageLength - 60)}",
            SmapsCommand => await Smaps(process, view),
            MincoreCommand => await Mincore(process, range, pages, first),
            _ => throw new NotSupportedException($"{command.Source.File}:{command.Source.Line}: no command '{command.Source.Text}'"),
        };
    }

    private IEnumerable<string> PageNames(Dictionary<long, PageView> pages, long first, long count)
    {
        for (var i = 0L; i < count; i++)
        {
            yield return PageName(pages, first + i);
        }
    }

    // The recorder's answers have a fixed size: it stops to print when a limit is reached.
    private static string Joined(char separator, IEnumerable<string> parts, int limit)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (text.Length >= limit)
            {
                break;
            }

            text.Append(text.Length == 0 ? "" : separator.ToString()).Append(part);
        }

        return text.ToString();
    }

    // Pages are named in the order in which they are first seen: sharing is what counts.
    private string PageName(Dictionary<long, PageView> pages, long page)
    {
        if (!pages.TryGetValue(page, out var view))
        {
            return ".";
        }

        if (!_pageNames.TryGetValue(view.Pfn, out var number))
        {
            _pageNames[view.Pfn] = number = _pageNames.Count;
        }

        return _nodes > 1 ? $"p{number}@{Pfn.Node(view.Pfn)}" : $"p{number}";
    }

    private static string AreaName(AreaImage area, long origin) => string.Create(
        CultureInfo.InvariantCulture,
        $"[{area.Start - origin},{area.End - origin}){(area.Read ? 'r' : '-')}{(area.Write ? 'w' : '-')}-{(area.Shared ? 's' : 'p')}");

    // smaps counts whole areas, also where only a part of one was named.
    private static async ValueTask<string> Smaps(UserProcess process, RangeView view)
    {
        if (view.Areas.Length == 0)
        {
            return "ok private=0 shared=0";
        }

        var (start, end) = (view.Areas[0].Start, view.Areas[^1].End);
        var whole = await process.Grain.Describe(start * Units.PageBytes, (end - start) * Units.PageBytes);
        return $"ok private={whole.Pages.Count(p => p.MapCount == 1)} shared={whole.Pages.Count(p => p.MapCount > 1)}";
    }

    private static async ValueTask<Errno> CheckAligned(UserProcess process, NamedRange range) =>
        range.Address % Units.BasePageBytes != 0 ? Errno.EINVAL : await process.Grain.CheckMapped(range.Address, range.Length);

    private static async ValueTask<string> Mincore(UserProcess process, NamedRange range, Dictionary<long, PageView> pages, long first)
    {
        var error = await CheckAligned(process, range);
        var shown = (int)Math.Min(range.Length / Units.PageBytes, MessageLength - 4);
        return error == Errno.None
            ? $"ok {string.Concat(Enumerable.Range(0, shown).Select(i => pages.ContainsKey(first + i) ? '1' : '0'))}"
            : Text(error);
    }

    private static async ValueTask<string> OfFile(UserProcess process, FileCommand command, int fd)
    {
        var grain = process.Grain;
        switch (command)
        {
            case CloseCommand close:
                // The number may come back as another file; the name stands for none from now on.
                process.Files[close.File] = NoFd;
                return Text(await grain.Close(fd));
            case TruncateCommand truncate:
                return Text(await grain.Truncate(fd, truncate.Length));
            case FallocateCommand fallocate:
                return Text(await grain.Fallocate(fd, fallocate.Offset, fallocate.Length, fallocate.KeepSize, punch: false));
            case PunchHoleCommand punch:
                return Text(await grain.Fallocate(fd, punch.Offset, punch.Length, keepSize: true, punch: true));
            case FstatCommand:
                var stat = await grain.Fstat(fd);
                return stat.Error != Errno.None
                    ? Text(stat.Error)
                    : $"ok size={stat.Stat.SizeBytes / Units.PageBytes} blocks={stat.Stat.CachedPages} nlink={stat.Stat.Links}";
            case PreadCommand pread:
                var read = await grain.Pread(fd, pread.Offset);
                return read.Error != Errno.None ? Text(read.Error) : $"ok n={read.Bytes} val={read.Value}";
            case PwriteCommand:
                // hugetlbfs has no write_iter.
                var open = await grain.CheckFd(fd, write: true);
                return Text(open == Errno.None ? Errno.EINVAL : open);
            default:
                // fadvise and readahead: accepted, and without effect on reservations.
                return Text(await grain.CheckFd(fd, write: false));
        }
    }
}
