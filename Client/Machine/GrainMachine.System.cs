using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Machine;

/// <content>Commands of the machine: pool, mounts, new processes, control groups.</content>
internal sealed partial class GrainMachine
{
    private const string Leaf = "leaf";
    private const string LimitFile = "hugetlb.2MB.max";
    private const string RsvdLimitFile = "hugetlb.2MB.rsvd.max";

    // Groups by name to the number that the hstate gave them; "" is the recorder's own.
    private readonly Dictionary<string, int> _cgroups = new() { [""] = HugetlbCgroups.Root };
    private readonly Dictionary<string, long> _cpusetMems = [];

    private async ValueTask<string> OfMachine(ScenarioCommand command) => command switch
    {
        PoolCommand pool => Text(await Hstate.SetMaxHugePages(new SetPoolRequest(pool.Pages, -1, ~0L))),
        NodePoolCommand when !_profile.NodePoolFiles => Text(Errno.ENOENT),
        NodePoolCommand pool => Text(await Hstate.SetMaxHugePages(new SetPoolRequest(pool.Pages, pool.Node, ~0L))),
        OvercommitCommand overcommit => await SetOvercommit(overcommit.Pages),
        MountCommand mount => await Mount(mount),
        RemountCommand remount => await Remount(remount),
        UmountCommand umount => await Umount(umount),
        ProcCommand proc => await Spawn(proc.Name),
        CgroupNewCommand or CgroupSetCommand or CgroupGetCommand or CgroupRemoveCommand when !_profile.CgroupHugetlb => WithoutCgroups(command),
        CgroupNewCommand create => await CreateCgroup(create.Cgroup),
        CgroupSetCommand set => await SetCgroup(set),
        CgroupGetCommand get => await GetCgroup(get),
        CgroupRemoveCommand remove => await RemoveCgroup(remove.Cgroup),
        CountersCommand or SleepCommand => "ok",
        _ => throw new NotSupportedException($"{command.Source.File}:{command.Source.Line}: no machine command '{command.Source.Text}'"),
    };

    private async ValueTask<string> SetOvercommit(long pages)
    {
        await Hstate.SetOvercommit(pages);
        return "ok";
    }

    private async ValueTask<string> Mount(MountCommand command)
    {
        var error = await ParseSizes(command.Options) is not { } sizes
            ? Errno.EINVAL
            : await Machine.Mount(TaskContext.Default, command.Name, sizes.Max, sizes.Min, command.Options.Inodes ?? -1);
        return Text(error);
    }

    // hugetlbfs has nothing that a remount could change; its options are read all the same, but not checked against each other.
    private async ValueTask<string> Remount(RemountCommand command)
    {
        if (await Machine.ResolveMount(command.Name) is null)
        {
            return Text(Errno.EINVAL);
        }

        return Text(!_profile.RemountReadsOptions || command.Options.Others.All(IsKnownOption) ? Errno.None : Errno.EINVAL);
    }

    private async ValueTask<string> Umount(UmountCommand command) =>
        await Machine.ResolveMount(command.Name) is null ? Text(Errno.ENOENT) : Text(await Machine.Umount(command.Name, command.Lazy));

    // hugetlbfs_parse_param: sizes in whole huge pages, -1 for none; the minimum must not be over the maximum.
    private async ValueTask<(long Max, long Min)?> ParseSizes(MountOptions options)
    {
        if (options.Others.Any(o => !IsKnownOption(o)) || (options.MinSize is not null && !_profile.MountMinSize))
        {
            return null;
        }

        var pool = (await Hstate.ReadCounters()) is var counters ? counters.Nr - counters.Surplus : 0;
        var max = InPages(options.Size, pool);
        var min = InPages(options.MinSize, pool);
        return max >= 0 && min > max ? null : (max, min);
    }

    private static bool IsKnownOption(string option) =>
        option.Split('=')[0] is "mode" or "uid" or "gid" || option is "pagesize=2M" or "pagesize=2048k" or "pagesize=2048K";

    private static long InPages(MountSize? size, long pool) => size switch
    {
        null => -1,
        { Percent: { } percent } => percent * pool / 100,
        { Bytes: var bytes } => bytes / Units.PageBytes,
    };

    private async ValueTask<string> Spawn(string name)
    {
        var (pid, grain) = await Machine.NewProcess();
        var cgroup = _cgroups.Count > 1 ? Leaf : "";
        await grain.Spawn(_machine, TaskContext.Default with { Cgroup = _cgroups[cgroup] });
        _processes.Add(new UserProcess(name, pid, grain) { Cgroup = cgroup });
        return "ok";
    }

    // What the recorder answers where no cgroup2 file system has a hugetlb controller.
    private static string WithoutCgroups(ScenarioCommand command) => command switch
    {
        CgroupNewCommand => "?nocgroup",
        CgroupGetCommand => "?",
        _ => Text(Errno.ENOENT),
    };

    private async ValueTask<string> CreateCgroup(string name)
    {
        if (_cgroups.Count == 1)
        {
            // A group with controllers for its children may hold no processes itself: all move to a leaf first.
            await AddCgroup(Leaf);
            foreach (var process in _processes.Where(p => p.Death is null))
            {
                await Join(process, Leaf);
            }
        }

        if (_cgroups.ContainsKey(name))
        {
            return Text(Errno.EEXIST);
        }

        await AddCgroup(name);
        return "ok";
    }

    private async ValueTask AddCgroup(string name) => _cgroups.Add(name, await Hstate.CreateCgroup(name, HugetlbCgroups.Root));

    private async ValueTask<string> RemoveCgroup(string name)
    {
        if (name == "." || !_cgroups.TryGetValue(name, out var cgroup))
        {
            return Text(name == "." ? Errno.EINVAL : Errno.ENOENT);
        }

        if (_processes.Exists(p => p.Death is null && p.Cgroup == name))
        {
            return Text(Errno.EBUSY);
        }

        await Hstate.RemoveCgroup(cgroup);
        _cgroups.Remove(name);
        _cpusetMems.Remove(name);
        return "ok";
    }

    private async ValueTask<string> SetCgroup(CgroupSetCommand command)
    {
        if (!_cgroups.TryGetValue(GroupName(command.Cgroup), out var cgroup))
        {
            return Text(Errno.ENOENT);
        }

        if (command.File is LimitFile or RsvdLimitFile)
        {
            return Text(await Hstate.SetCgroupLimit(
                cgroup, command.File == RsvdLimitFile, command.Value.IsMax ? long.MaxValue : command.Value.Pages ?? 0));
        }

        return command.File == "cpuset.mems" ? await SetCpusetMems(GroupName(command.Cgroup), command.Value.Text) : Text(Errno.ENOENT);
    }

    private async ValueTask<string> SetCpusetMems(string name, string value)
    {
        var mask = 0L;
        foreach (var part in value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], CultureInfo.InvariantCulture, out var first) || !int.TryParse(ends[^1], CultureInfo.InvariantCulture, out var last)
                || first < 0 || last >= _nodes)
            {
                return Text(Errno.EINVAL);
            }

            for (var node = first; node <= last; node++)
            {
                mask |= 1L << node;
            }
        }

        _cpusetMems[name] = mask == 0 ? ~0L : mask;
        foreach (var process in _processes.Where(p => p.Death is null && p.Cgroup == name))
        {
            await Join(process, name);
        }

        return "ok";
    }

    private async ValueTask<string> GetCgroup(CgroupGetCommand command)
    {
        if (!_cgroups.TryGetValue(GroupName(command.Cgroup), out var number))
        {
            return "?";
        }

        var group = (await Hstate.ReadCounters()).Cgroups.First(c => c.Cgroup == number);
        var text = command.File switch
        {
            LimitFile => Bytes(group.Max),
            RsvdLimitFile => Bytes(group.RsvdMax),
            "hugetlb.2MB.current" => Bytes(group.Usage),
            "hugetlb.2MB.rsvd.current" => Bytes(group.Rsvd),
            "hugetlb.2MB.events" => $"max {group.MaxEvents}",
            "hugetlb.2MB.events.local" => $"max {group.MaxEventsLocal}",
            _ => null,
        };

        // The file ends with a line feed, which the recorder prints as a space.
        return text is null ? "?" : $"ok {text} ";
    }

    private string Bytes(long pages) => pages switch
    {
        long.MaxValue => "max",
        HugetlbCgroup.NeverSet when _profile.NewCgroupReadsMax => "max",
        HugetlbCgroup.NeverSet => (long.MaxValue / Units.BasePageBytes * Units.BasePageBytes).ToString(CultureInfo.InvariantCulture),
        _ => (pages * Units.PageBytes).ToString(CultureInfo.InvariantCulture),
    };

    private static string GroupName(string cgroup) => cgroup == "." ? "" : cgroup;

    private async ValueTask Join(UserProcess process, string cgroup)
    {
        var task = await process.Grain.GetTask();
        process.Cgroup = cgroup;
        await process.Grain.SetTask(task with { Cgroup = _cgroups[cgroup], MemsAllowed = _cpusetMems.GetValueOrDefault(cgroup, ~0L) });
    }
}
