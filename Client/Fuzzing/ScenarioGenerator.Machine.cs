namespace Hugesim.Fuzzing;

/// <content>The machine, files, processes and placement.</content>
public sealed partial class ScenarioGenerator
{
    private static readonly string[] CgroupFiles =
        ["hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "hugetlb.2MB.current", "hugetlb.2MB.rsvd.current", "hugetlb.2MB.events", "hugetlb.2MB.events.local"];

    private void AddMachineRules()
    {
        _machineRules.Add((1, () => "counters"));
        _machineRules.Add((2, () => _world.Count("p") < MostProcesses ? NewProcess() : null));
        _changesPool = MachineFeature(45, (6, () => Text($"pool {_world.Pool = Number(0, 9)}")), (2, () => Text($"nodepool {SomeNode()} {_world.Pool = Number(0, 9)}")));
        _changesPool |= MachineFeature(45, (4, () => Text($"overcommit {Number(0, 4)}")));
        MachineFeature(60, (6, Mount), (2, Umount), (1, Remount));
        MachineFeature(25, (4, NewCgroup), (6, LimitCgroup), (3, ReadCgroup), (2, RemoveCgroup));
        MachineFeature(5, (1, () => Text($"sleep {Number(0, 1)}")));
        if (Chance(50))
        {
            _lines.Add(Mount()!);
        }
    }

    private void AddFileRules()
    {
        Feature(65,
            (4, Open),
            (7, process => OnFile(process, file => Mmap(process, Word("shared", "shared", "private"), file))),
            (4, process => OnFile(process, file => $"{process.Name} trunc {file} {FileLength()}")),
            (4, process => OnFile(process, file => $"{process.Name} punch {file} {Offset(5)} {FileLength()}")),
            (4, process => OnFile(process, file => $"{process.Name} falloc {file} {Offset(5)} {FileLength()}{Maybe(40, "keep")}")),
            (1, process => OnFile(process, file => $"{process.Name} close {file}")),
            (1, process => OnFile(process, file => $"{process.Name} fstat {file}")),
            (1, process => OnFile(process, file => $"{process.Name} pread {file} {Offset(5)}")),
            (1, process => _world.Mounts.Count > 0 ? $"{process.Name} unlink {Pick(_world.Mounts)}/{Word("x", "y")}" : null));
        Feature(15,
            (1, process => OnFile(process, file => $"{process.Name} pwrite {file} {Offset(5)}")),
            (1, process => OnFile(process, file => $"{process.Name} fadvise {file} {Offset(5)} {FileLength()} {Word("willneed", "dontneed")}")),
            (1, process => OnFile(process, file => $"{process.Name} readahead {file} {Offset(5)} {FileLength()}")));
        Feature(30, (3, Memfd));
        Feature(25,
            (3, ShmGet),
            (4, ShmAttach),
            (2, process => OnMapping(process, mapping => $"{process.Name} shmdt {mapping.Name}")),
            (1, process => _world.Segments.Count > 0 ? $"{process.Name} shmrm {Pick(_world.Segments)}" : null));
    }

    private void AddProcessRules()
    {
        Feature(65, (6, Fork), (2, process => End(process, Text($"{process.Name} exit{(Chance(20) ? " 3" : "")}"))));
        Feature(30, (1, process => End(process, Text($"{process.Name} kill{Maybe(50, Word("9", "15", "7", "11", "6", "2"))}"))));
        Feature(15, (1, Exec));
        Feature(50, (2, process => $"{process.Name} catch{Maybe(30, "off")}"));
    }

    private void AddPlacementRules()
    {
        Feature(_nodes > 1 ? 80 : 15,
            (2, process => $"{process.Name} mempolicy {Policy()}"),
            (2, process => OnMapping(process, mapping =>
                $"{process.Name} mbind {mapping.Name} {Part(mapping)} {Policy()}{Maybe(10, "move")}{Maybe(10, "strict")}")),
            (1, process => Text($"{process.Name} cpu {Node()}")),
            (_nodes > 1 ? 3 : 1, process => OnMapping(process, mapping => Text($"{process.Name} move {mapping.Name} {Page(mapping)} {Node()}"))),
            (1, process => Text($"{process.Name} pool {_world.Pool = Number(0, 9)}")));
        _processRules.Add((2, process => _world.Cgroups.Count > 0 ? $"{process.Name} cg {Pick(_world.Cgroups)}" : null));
    }

    private bool MachineFeature(int percent, params ReadOnlySpan<(int Weight, Func<string?> Make)> rules)
    {
        var isChosen = Chance(percent);
        if (isChosen)
        {
            _machineRules.AddRange(rules);
        }

        return isChosen;
    }

    private string Policy() => Chance(15)
        ? Word("pref", "bind", "default 0", "local", "local 0")
        : Word("default", $"pref {Node()}", $"bind {SomeNodes()}", $"inter {SomeNodes()}", $"prefmany {SomeNodes()}");

    /// <summary>A node, seldom one that the machine does not have.</summary>
    private int SomeNode() => Chance(4) ? _nodes : Node();

    private string SomeNodes()
    {
        var (first, last) = (Node(), SomeNode());
        return first < last ? Text($"{first}{Word("-", ",")}{last}") : Text($"{first}");
    }

    private string FileLength() => Chance(5) ? Word("4k", "1024k", "1b") : Text($"{Number(Chance(15) ? 0 : 1, 5)}");

    private string? Mount()
    {
        if (_world.Mounts.Count >= 3)
        {
            return null;
        }

        var name = _world.NewName("A");
        _world.Mounts.Add(name);
        var size = Chance(50) ? Text($" size={Number(0, 7)}") : Maybe(5, Word("size=50%", "size=5M", "size=100%"));
        var least = Chance(50) ? Text($" min_size={Number(0, 4)}") : Maybe(4, Word("min_size=50%", "min_size=3M"));
        return $"mount {name}{size}{least}{Maybe(6, Word("nr_inodes=2", "nr_inodes=3", "mode=0755", "uid=0", "pagesize=2M"))}";
    }

    private string? Umount()
    {
        if (_world.Mounts.Count == 0)
        {
            return null;
        }

        var name = Pick(_world.Mounts);
        if (Chance(25))
        {
            _world.Mounts.Remove(name);
            return $"umount {name} lazy";
        }

        return $"umount {name}";
    }

    private string? Remount() => _world.Mounts.Count == 0
        ? null
        : Text($"remount {Pick(_world.Mounts)}{Maybe(50, Text($"size={Number(1, 6)}"))}{Maybe(30, Text($"min_size={Number(1, 3)}"))}");

    private string? NewCgroup()
    {
        if (_world.Cgroups.Count >= 3)
        {
            return null;
        }

        var name = _world.NewName("L");
        _world.Cgroups.Add(name);
        return $"cgnew {name}";
    }

    private string? LimitCgroup() => _world.Cgroups.Count == 0
        ? null
        : $"cgset {(Chance(15) ? "." : Pick(_world.Cgroups))} {Word("hugetlb.2MB.max", "hugetlb.2MB.rsvd.max")} {(Chance(15) ? "max" : Text($"{Number(0, 5)}"))}";

    private string? ReadCgroup() => _world.Cgroups.Count == 0
        ? null
        : $"cgget {(Chance(15) ? "." : Pick(_world.Cgroups))} {Pick(CgroupFiles)}";

    private string? RemoveCgroup() => _world.Cgroups.Count == 0 ? null : $"cgrm {Pick(_world.Cgroups)}";

    private string? Open(GeneratedProcess process)
    {
        if (_world.Mounts.Count == 0)
        {
            return null;
        }

        var name = _world.NewName("f");
        process.Files.Add(name);
        return $"{process.Name} open {name} {Pick(_world.Mounts)}/{Word("x", "x", "y")}"
            + Maybe(8, "ro") + Maybe(4, "excl") + Maybe(4, "trunc") + Maybe(4, "nocreat");
    }

    private string Memfd(GeneratedProcess process)
    {
        var name = _world.NewName("f");
        process.Files.Add(name);
        return $"{process.Name} memfd {name}";
    }

    private string ShmGet(GeneratedProcess process)
    {
        var name = _world.NewName("S");
        _world.Segments.Add(name);
        return $"{process.Name} shmget {name} {Length(4)}{Maybe(25, "noreserve")}";
    }

    private string? ShmAttach(GeneratedProcess process)
    {
        if (_world.Segments.Count == 0)
        {
            return null;
        }

        var name = _world.NewName("m");
        process.Mappings.Add(new GeneratedMapping(name, Number(1, 4)) { MayBeCached = true });
        return $"{process.Name} shmat {name} {Pick(_world.Segments)}{Maybe(12, "ro")}";
    }

    private string? Fork(GeneratedProcess process)
    {
        if (_world.Count("p") >= MostProcesses)
        {
            return null;
        }

        var child = process.Fork(_world.NewName("p"));
        for (var i = 0; i < child.Mappings.Count; i++)
        {
            // A child's memory is not watched.
            child.Mappings[i] = child.Mappings[i] with { Watched = false };
        }

        _world.Processes.Add(child);
        return $"{process.Name} fork {child.Name}";
    }

    private string? End(GeneratedProcess process, string line)
    {
        if (_world.Processes.Count < 2 && Chance(80))
        {
            return null;
        }

        _world.Processes.Remove(process);
        return line;
    }

    private string Exec(GeneratedProcess process)
    {
        _world.Processes[_world.Processes.IndexOf(process)] = new GeneratedProcess(process.Name);
        return $"{process.Name} exec";
    }

    private string? OnFile(GeneratedProcess process, Func<string, string?> make) => process.Files.Count == 0
        ? null
        : make(Chance(50) ? process.Files[^1] : Pick(process.Files));
}
