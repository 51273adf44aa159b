using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Machine;

/// <content>Commands of a process that name neither a mapping nor an open file.</content>
internal sealed partial class GrainMachine
{
    // A descriptor that is surely not open, for a name that stands for none.
    private const int NoFd = int.MaxValue;

    private async ValueTask<string> OfTask(UserProcess process, ProcessCommand command)
    {
        switch (command)
        {
            case ExitCommand exit:
                return await Die(process, $"exited {exit.Code}");
            case ForkCommand fork:
                return await Fork(process, fork.Child);
            case ExecCommand:
                await process.Grain.Exec();
                process.Exec();
                return "ok";
            case CatchCommand signals:
                process.Catching = signals.Enabled;
                await process.Grain.SetCatch(signals.Enabled);
                return "ok";
            case StatusCommand:
                return $"ok HugetlbPages={await process.Grain.MappedPages()}";
            case MmapCommand mmap:
                return await Mmap(process, mmap);
            case NameCommand name:
                process.Maps[name.NewName] = new NamedRange(Where(process, name.Start), name.Length);
                return "ok";
            case OpenCommand or MemfdCommand or UnlinkCommand:
                return await OpenOrUnlink(process, command);
            case ShmGetCommand or ShmAttachCommand or ShmRemoveCommand:
                return await SharedMemory(process, command);
            default:
                return await Placement(process, command);
        }
    }

    private async ValueTask<string> Fork(UserProcess process, string childName)
    {
        var (pid, child) = await Machine.NewProcess();
        await process.Grain.Fork(pid, child);
        _processes.Add(process.Fork(childName, pid, child));
        return "ok";
    }

    private async ValueTask<string> Mmap(UserProcess process, MmapCommand command)
    {
        var options = command.Options;
        var address = options.At is { } at ? Where(process, at) : command.Length > 0 ? process.NextHint(command.Length) : 0;
        var answer = await process.Grain.Mmap(new MmapCall(
            address, command.Length, options.At is not null,
            Read: options.Protection != PageProtection.None,
            Write: options.Protection == PageProtection.ReadWrite,
            command.Kind == MappingKind.Shared, options.NoReserve,
            options.File is { } file ? process.Files.GetValueOrDefault(file, NoFd) : -1,
            options.Offset, options.Populate || options.Locked));
        return Named(process, command.Mapping, answer, command.Length);
    }

    private async ValueTask<string> OpenOrUnlink(UserProcess process, ProcessCommand command)
    {
        if (command is UnlinkCommand unlink)
        {
            return Text(await process.Grain.Unlink(unlink.Path.Mount, unlink.Path.Name));
        }

        var (name, answer) = command is OpenCommand open
            ? (open.File, await process.Grain.Open(
                new OpenCall(open.Path.Mount, open.Path.Name, open.ReadOnly, !open.NoCreate, open.Exclusive, open.Truncate)))
            : (((MemfdCommand)command).File, await process.Grain.Memfd());
        if (answer.Error == Errno.None)
        {
            process.Files[name] = answer.Fd;
        }

        return Text(answer.Error);
    }

    private async ValueTask<string> SharedMemory(UserProcess process, ProcessCommand command)
    {
        switch (command)
        {
            case ShmGetCommand get:
                var segment = await Machine.ShmGet(await process.Grain.GetTask(), get.Length, get.NoReserve);
                if (segment.Error == Errno.None)
                {
                    _segments[get.Segment] = segment.Id;
                    _segmentIds.Add(segment.Id);
                }

                return Text(segment.Error);
            case ShmAttachCommand attach:
                var id = _segments.GetValueOrDefault(attach.Segment, -1);
                var hint = process.NextHint((await Machine.ShmLookup(id)).LengthBytes);
                var attached = await process.Grain.Shmat(id, hint, attach.ReadOnly);
                return Named(process, attach.Mapping, attached, attached.Length);
            default:
                return Text(await Machine.ShmRemove(_segments.GetValueOrDefault(((ShmRemoveCommand)command).Segment, -1)));
        }
    }

    private async ValueTask<string> Placement(UserProcess process, ProcessCommand command)
    {
        var task = await process.Grain.GetTask();
        switch (command)
        {
            case CgroupJoinCommand when !_profile.CgroupHugetlb:
                return Text(Errno.ENOENT);
            case CgroupJoinCommand join:
                return await JoinByName(process, GroupName(join.Cgroup));
            case CpuCommand cpu:
                if (cpu.Cpu >= _nodes)
                {
                    return Text(Errno.EINVAL);
                }

                await process.Grain.SetTask(task with { LocalNode = cpu.Cpu });
                return "ok";
            case MemoryPolicyCommand policy:
                if (!IsValidPolicy(policy.Mode, policy.Nodes))
                {
                    return Text(Errno.EINVAL);
                }

                await process.Grain.SetTask(task with { PolicyMode = ModeOf(policy.Mode, policy.Nodes), PolicyNodes = (long)policy.Nodes.Mask });
                return "ok";
            case ProcessPoolCommand when !_profile.NodePoolFiles:
                return Text(Errno.ENOENT);
            case ProcessPoolCommand pool:
                var allowed = new MemoryPolicy(task.PolicyMode, task.PolicyNodes).PoolNodes(task.LocalNode);
                return Text(await Hstate.SetMaxHugePages(new SetPoolRequest(pool.Pages, -1, allowed)));
            default:
                throw new NotSupportedException($"{command.Source.File}:{command.Source.Line}: no command '{command.Source.Text}'");
        }
    }

    private async ValueTask<string> JoinByName(UserProcess process, string cgroup)
    {
        if (!_cgroups.ContainsKey(cgroup))
        {
            return Text(Errno.ENOENT);
        }

        if (cgroup.Length == 0 && _cgroups.Count > 1)
        {
            return Text(Errno.EBUSY);
        }

        await Join(process, cgroup);
        return "ok";
    }

    private bool IsValidPolicy(MemoryPolicyMode mode, NodeSet nodes) => mode switch
    {
        MemoryPolicyMode.Unknown => false,
        MemoryPolicyMode.Local when !_profile.PolicyLocal => false,
        MemoryPolicyMode.PreferredMany when !_profile.PolicyPreferredMany => false,
        MemoryPolicyMode.Default or MemoryPolicyMode.Local => nodes.IsEmpty,
        MemoryPolicyMode.Preferred => true,
        _ => !nodes.IsEmpty,
    };

    // mpol_new: "preferred" without nodes is "local".
    private static PolicyMode ModeOf(MemoryPolicyMode mode, NodeSet nodes) =>
        mode == MemoryPolicyMode.Preferred && nodes.IsEmpty ? PolicyMode.Local : (PolicyMode)mode;

    private static string Named(UserProcess process, string name, MmapAnswer answer, long length)
    {
        if (answer.Error == Errno.None)
        {
            process.Maps[name] = new NamedRange(answer.Address, length);
        }

        return Text(answer.Error);
    }

    // "NAME+N" as an address; an unknown name gives one that no call accepts.
    private static long Where(UserProcess process, MappingPosition position) =>
        process.Maps.TryGetValue(position.Mapping, out var range) ? range.Address + position.Offset : -1;
}
