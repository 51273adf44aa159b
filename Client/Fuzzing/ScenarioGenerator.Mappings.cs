namespace Hugesim.Fuzzing;

/// <content>Making, changing and ending mappings, and touching them.</content>
public sealed partial class ScenarioGenerator
{
    private void AddMappingRules()
    {
        var (privates, shareds) = (Chance(75), Chance(45));
        _processRules.Add((privates ? 9 : 1, process => Mmap(process, "private", null)));
        _processRules.Add((shareds ? 5 : 1, process => Mmap(process, "shared", null)));
        _processRules.Add((9, process => OnMapping(process, mapping => Munmap(process, mapping))));
        Feature(45, (4, process => OnMapping(process, mapping =>
            $"{process.Name} mprotect {mapping.Name} {Part(mapping)} {Word("r", "rw", "rw", "none")}")));
        Feature(35, (4, process => OnMapping(process, mapping => Mremap(process, mapping))));
        Feature(40, (5, process => OnMapping(process, mapping =>
            $"{process.Name} madvise {mapping.Name} {Part(mapping)} {Advice(mapping)}")));
        Feature(20, (2, process => OnMapping(process, mapping => Alias(process, mapping))));
        Feature(25,
            (2, process => OnUnwatched(process, mapping => $"{process.Name} mlock {mapping.Name} {Part(mapping)}")),
            (1, process => OnMapping(process, mapping => $"{process.Name} munlock {mapping.Name} {Part(mapping)}")));
    }

    private void AddAccessRules()
    {
        _processRules.Add((26, process => OnUnwatched(process, mapping =>
            Text($"{process.Name} w {mapping.Name} {Pages(mapping)} {Number(1, 99)}"))));
        _processRules.Add((14, process => OnUnwatched(process, mapping => $"{process.Name} r {mapping.Name} {Pages(mapping)}")));
        Feature(30,
            (3, process => OnUnwatched(process, mapping => Text($"{process.Name} kwrite {mapping.Name} {Page(mapping)} {Number(1, 99)}"))),
            (3, process => OnUnwatched(process, mapping => Text($"{process.Name} kread {mapping.Name} {Page(mapping)}"))));
        Feature(25,
            (3, Watch),
            (5, process => OnWatched(process, mapping => Text($"{process.Name} uffdcopy {mapping.Name} {Page(mapping)} {Number(1, 99)}"))),
            (1, process => OnWatched(process, mapping => Text($"{process.Name} uffdzero {mapping.Name} {Page(mapping)}"))));
        Feature(80,
            (2, process => OnMapping(process, mapping => Identities(process, mapping))),
            (1, process => OnMapping(process, mapping => $"{process.Name} vmas {mapping.Name}")),
            (1, process => OnMapping(process, mapping => $"{process.Name} smaps {mapping.Name}")),
            (1, process => OnMapping(process, mapping => mapping.MayBeCached ? null : $"{process.Name} mincore {mapping.Name}")),
            (1, process => OnMapping(process, mapping => $"{process.Name} msync {mapping.Name}")),
            (1, process => $"{process.Name} status"));
    }

    private string Mmap(GeneratedProcess process, string kind, string? file)
    {
        var name = _world.NewName("m");
        var length = Length(file is null ? 4 : 5);
        var options = file is null ? "" : $" fd={file}{(Chance(45) ? " off=" + Offset(5) : "")}";
        options += Maybe(18, "noreserve") + Maybe(6, Word("ro", "ro", "none")) + Maybe(7, "populate") + Maybe(3, "locked");
        if (Chance(7) && AnyMapping(process) is { } other)
        {
            // Over another mapping, next to it, or partly both.
            options += Text($" at={other.Name}+{Number(0, other.Length + 1)}");
            if (other.Watched)
            {
                process.Mappings.Remove(other);
            }
        }

        process.Mappings.Add(new GeneratedMapping(name, int.TryParse(length, out var pages) ? pages : 2) { MayBeCached = file is not null || kind == "shared" });
        return $"{process.Name} mmap {name} {length} {kind}{options}";
    }

    private string Munmap(GeneratedProcess process, GeneratedMapping mapping)
    {
        if (Chance(45))
        {
            return $"{process.Name} munmap {mapping.Name} {Part(mapping)}";
        }

        if (Chance(75))
        {
            process.Mappings.Remove(mapping);
        }

        return $"{process.Name} munmap {mapping.Name}";
    }

    private string Mremap(GeneratedProcess process, GeneratedMapping mapping)
    {
        var first = Number(0, Math.Max(0, mapping.Length - 1));
        var old = Chance(50) ? mapping.Length - first : Number(0, mapping.Length);
        var size = Chance(70) ? old : Number(0, mapping.Length + 1);
        var name = _world.NewName("m");
        var options = Maybe(55, "maymove") + Maybe(8, "dontunmap");
        if (Chance(50) && AnyMapping(process) is { } other)
        {
            options += Text($" at={other.Name}+{Number(0, other.Length + 4)}");
        }

        process.Mappings.Add(mapping with { Name = name, Length = size });
        return Text($"{process.Name} mremap {mapping.Name} {first} {old} {size} {name}{options}");
    }

    private string Alias(GeneratedProcess process, GeneratedMapping mapping)
    {
        var (name, first, length) = (_world.NewName("m"), Number(0, mapping.Length), Number(1, 4));
        process.Mappings.Add(mapping with { Name = name, Length = length });
        return Text($"{process.Name} name {name} {mapping.Name}+{first} {length}");
    }

    private string? Watch(GeneratedProcess process)
    {
        if (process.InheritedWatch || AnyMapping(process) is not { } mapping)
        {
            return null;
        }

        // Every name of this memory is watched from now on, whatever the mapping's aliases are.
        process.HasWatch = true;
        for (var i = 0; i < process.Mappings.Count; i++)
        {
            process.Mappings[i] = process.Mappings[i] with
            {
                Watched = process.Mappings[i].Watched || process.Mappings[i] == mapping,
            };
        }

        return $"{process.Name} uffd {mapping.Name} {Part(mapping)}";
    }

    private string Advice(GeneratedMapping mapping) => mapping.Watched
        ? Word("dontneed", "remove", "dontfork", "dofork", "dontneed_locked")
        : Word(
            "dontneed", "dontneed", "dontneed", "dontneed", "remove", "remove", "remove", "dontfork", "dofork", "populate_read",
            "populate_write", "populate_read", "populate_write", "free", "wipeonfork", "dontneed_locked", "willneed", "hugepage",
            "nohugepage", "mergeable", "cold", "pageout");

    /// <summary>A part of a mapping: first page and count, seldom beyond its end or not of whole pages.</summary>
    private string Part(GeneratedMapping mapping)
    {
        if (Chance(30))
        {
            return Text($"0 {mapping.Length}");
        }

        var first = Number(0, Math.Max(0, mapping.Length - 1));
        return _random.Next(40) switch
        {
            0 => Text($"{first} {mapping.Length + 1}"),
            1 => Text($"{Word("4k", "1024k")} {mapping.Length}"),
            2 => Text($"{first} {Word("4k", "1024k", "1b")}"),
            3 => Text($"{first} 0"),
            _ => Text($"{first} {Number(1, Math.Max(1, mapping.Length - first))}"),
        };
    }

    private int Page(GeneratedMapping mapping) => Chance(4) ? mapping.Length : Number(0, Math.Max(0, mapping.Length - 1));

    private string Pages(GeneratedMapping mapping)
    {
        var first = Page(mapping);
        var last = Chance(50) ? first : Number(first, Math.Max(first, mapping.Length - 1));
        return last == first ? Text($"{first}") : Text($"{first}..{last}");
    }

    // Which frames come back once the pool has given some away is the buddy allocator's affair.
    private string? Identities(GeneratedProcess process, GeneratedMapping mapping) => _changesPool ? null : $"{process.Name} pages {mapping.Name}";

    private string? OnMapping(GeneratedProcess process, Func<GeneratedMapping, string?> make) =>
        AnyMapping(process) is { } mapping ? make(mapping) : null;

    private string? OnUnwatched(GeneratedProcess process, Func<GeneratedMapping, string?> make) =>
        AnyMapping(process) is { Watched: false } mapping ? make(mapping) : null;

    private string? OnWatched(GeneratedProcess process, Func<GeneratedMapping, string?> make) =>
        process.Mappings.LastOrDefault(mapping => mapping.Watched) is { } mapping ? make(mapping) : null;
}
