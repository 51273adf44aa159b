using System.Globalization;
using Hugesim.Load;
using Hugesim.Scenarios;

namespace Hugesim.Plan;

/// <summary>
/// The worst case of a workload as a scenario: all processes live at once, every random length is the longest and every random page all pages; children by
/// fork live until the end, after their parents have written again everything that they ever write, and short-lived mappings exist at the same moment,
/// those of the largest lines first.
/// </summary>
internal sealed class WorstCase
{
    private readonly WorkloadProfile _profile;
    private readonly long[] _population;
    private readonly List<string> _lines = [];
    private readonly List<Actor> _actors = [];

    private WorstCase(WorkloadProfile profile, long[] population) => (_profile, _population) = (profile, population);

    /// <summary>Writes the scenario.</summary>
    /// <param name="profile">The workload.</param>
    /// <param name="population">Processes of each kind.</param>
    public static string[] Lines(WorkloadProfile profile, long[] population)
    {
        var worst = new WorstCase(profile, population);
        worst.Write();
        return [.. worst._lines];
    }

    private void Write()
    {
        var processes = string.Join(", ", _profile.Kinds.Where(kind => _population[kind.Index] > 0).Select(kind => Text($"{_population[kind.Index]} {kind.Name}")));
        Add($"# The worst case of {_profile.Name} with {processes}.");
        if (_profile.Nodes == 1)
        {
            Add("pool 0");
        }

        for (var node = 0; node < _profile.Nodes && _profile.Nodes > 1; node++)
        {
            Add(Text($"nodepool {node} 0"));
        }

        foreach (var mount in _profile.Mounts)
        {
            var size = mount.Size is { } max ? Text($" size={max.For(_population)}") : "";
            var min = mount.MinSize is { } least ? Text($" min_size={least.For(_population)}") : "";
            Add($"mount {mount.Name}{size}{min}");
        }

        StartPopulation();
        Each(actor => Lines(actor, LineShape.Acquiring));
        Each(actor => Lines(actor, LineShape.Touching));
        Comment("Every child by fork lives, and both sides go on writing.");
        var children = ForkChildren();
        Each(actor => Lines(actor, LineShape.Touching), skip: children);
        foreach (var child in children)
        {
            child.Run(child.Kind.Start, this);
            Lines(child, LineShape.Touching);
        }

        ShortLived();
        foreach (var child in children)
        {
            Add($"{child.Name} exit");
            _actors.Remove(child);
        }

        Comment("Everything is given back.");
        Each(actor => Lines(actor, LineShape.Releasing));
        Each(actor => Add($"{actor.Name} exit"));
    }

    private void StartPopulation()
    {
        foreach (var kind in _profile.Kinds)
        {
            var parents = _actors.Where(actor => actor.Kind == kind.From).ToArray();
            for (var i = 0L; i < _population[kind.Index]; i++)
            {
                var parent = parents.Length > 0 ? parents[i % parents.Length] : null;
                Begin(kind, i, parent);
            }

            // Only now, so that every one of them has forked before any of them writes.
            foreach (var actor in _actors.Where(actor => actor.Kind == kind).ToArray())
            {
                actor.Run(kind.Start.Where(step => step is not ForkStep), this);
            }
        }
    }

    private List<Actor> ForkChildren()
    {
        var children = new List<Actor>();
        foreach (var actor in _actors.ToArray())
        {
            var kinds = actor.Kind.Start.Concat(actor.Kind.Repeat.SelectMany(line => line.Steps)).OfType<ForkStep>().Select(step => step.Kind).Distinct();
            children.AddRange(kinds.Select(kind => Begin(kind, actor.Number, actor)));
        }

        return children;
    }

    private Actor Begin(ProcessKind kind, long number, Actor? parent)
    {
        var stem = kind.Name.Length > 14 ? kind.Name[..14] : kind.Name;
        var actor = new Actor(Text($"{stem}{number}"), kind, number, parent);
        Add(parent is null ? $"proc {actor.Name}" : $"{parent.Name} fork {actor.Name}");
        _actors.Add(actor);
        return actor;
    }

    private void Lines(Actor actor, LineShape shape)
    {
        foreach (var line in actor.Kind.Repeat.Where(line => ShapeOf(line) == shape))
        {
            actor.Run(line.Steps.Where(step => step is not ForkStep), this);
        }
    }

    // Lines that take and give back: in each round every process is in a line of its own kind, and all have what they take before any gives back.
    private void ShortLived()
    {
        var rounds = _profile.Kinds.Max(kind => kind.Repeat.Count(line => ShapeOf(line) == LineShape.ShortLived));
        for (var round = 0; round < rounds; round++)
        {
            Comment("Short-lived mappings, all at the same moment.");
            var parts = _actors.ToDictionary(actor => actor, actor => Parts(actor.Kind, round));
            for (var part = 0; parts.Values.Any(list => part < list.Count); part++)
            {
                foreach (var (actor, list) in parts.Where(pair => part < pair.Value.Count))
                {
                    actor.Run(list[part], this);
                }
            }
        }
    }

    // The steps of the kind's line that is the round's, cut before each step that gives back.
    private static List<List<WorkloadStep>> Parts(ProcessKind kind, int round)
    {
        var line = kind.Repeat.Where(l => ShapeOf(l) == LineShape.ShortLived).OrderByDescending(Footprint).ElementAtOrDefault(round);
        var parts = new List<List<WorkloadStep>>();
        foreach (var step in line?.Steps ?? [])
        {
            if (parts.Count == 0 || (GivesBack(step) && !GivesBack(parts[^1][^1])))
            {
                parts.Add([]);
            }

            parts[^1].Add(step);
        }

        return parts;
    }

    private void Each(Action<Actor> act, IReadOnlyList<Actor>? skip = null)
    {
        foreach (var actor in _actors.Where(actor => skip?.Contains(actor) != true).ToArray())
        {
            act(actor);
        }
    }

    private static long Footprint(WeightedLine line) => line.Steps.Sum(step => step switch
    {
        MmapStep mmap => mmap.Length.Max,
        ShmGetStep get => get.Length.Max,
        _ => 0,
    });

    private static LineShape ShapeOf(WeightedLine line)
    {
        var (takes, gives) = (line.Steps.Any(Takes), line.Steps.Any(GivesBack));
        return takes ? (gives ? LineShape.ShortLived : LineShape.Acquiring) : gives ? LineShape.Releasing : LineShape.Touching;
    }

    private static bool Takes(WorkloadStep step) => step is MmapStep or ShmGetStep or ShmAttachStep or OpenStep;

    private static bool GivesBack(WorkloadStep step) => step is MunmapStep or ShmDetachStep or ShmRemoveStep or CloseStep or UnlinkStep or ExitStep
        or TruncateStep { Length.Max: 0 } or FallocateStep { Punch: true } or AdviseStep { Advice: MemoryAdvice.DontNeed or MemoryAdvice.Remove };

    private void Comment(string text) => Add("# " + text);

    private void Add(string line) => _lines.Add(line);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private enum LineShape
    {
        Acquiring,
        Touching,
        ShortLived,
        Releasing,
    }

    /// <summary>A process of the scenario, and what it has.</summary>
    private sealed class Actor
    {
        private readonly Dictionary<int, long> _mappings;
        private readonly HashSet<int> _files;
        private readonly Dictionary<int, (string Name, long Length)> _segments;

        public Actor(string name, ProcessKind kind, long number, Actor? parent)
        {
            (Name, Kind, Number) = (name, kind, number);
            _mappings = new(parent?._mappings ?? []);
            _files = new(parent?._files ?? []);
            _segments = new(parent?._segments ?? []);
        }

        public string Name { get; }

        public ProcessKind Kind { get; }

        public long Number { get; }

        public void Run(IEnumerable<WorkloadStep> steps, WorstCase scenario)
        {
            foreach (var step in steps)
            {
                if (Line(step, scenario._profile) is { } line)
                {
                    scenario.Add($"{Name} {line}");
                }
            }
        }

        private string? Line(WorkloadStep step, WorkloadProfile profile) => step switch
        {
            MmapStep mmap => Mmap(mmap),
            OnMappingStep on when !_mappings.ContainsKey(on.Mapping) => null,
            OnFileStep on when !_files.Contains(on.File) => null,
            MunmapStep munmap => Unmap(munmap.Mapping, "munmap"),
            ShmDetachStep detach => Unmap(detach.Mapping, "shmdt"),
            TouchStep touch => Text($"{(touch.Write ? "w" : "r")} {Mapping(touch.Mapping)} {Pages(touch.Pages, _mappings[touch.Mapping])}"),
            AdviseStep advise => Advise(advise),
            OpenStep open => _files.Add(open.File) ? $"open {Kind.Files[open.File]} {open.Mount}/{WorkloadText.FileName(open.Name, Number)}" : null,
            CloseStep close => _files.Remove(close.File) ? $"close {Kind.Files[close.File]}" : null,
            TruncateStep truncate => Text($"trunc {Kind.Files[truncate.File]} {truncate.Length.Max}"),
            FallocateStep allocate => Text($"{(allocate.Punch ? "punch" : "falloc")} {Kind.Files[allocate.File]} {allocate.First} {allocate.Count}"),
            UnlinkStep unlink => $"unlink {unlink.Mount}/{WorkloadText.FileName(unlink.Name, Number)}",
            ShmGetStep get => ShmGet(get),
            ShmAttachStep attach => Attach(attach),
            ShmRemoveStep remove => _segments.Remove(remove.Segment, out var segment) ? $"shmrm {segment.Name}" : null,
            PolicyStep policy => $"mempolicy {policy.Word}{(policy.Nodes.IsEmpty ? "" : " " + NodesText(policy.Nodes))}",
            CpuStep cpu => Text($"cpu {(cpu.Node < 0 ? Number % profile.Nodes : cpu.Node)}"),
            _ => null,
        };

        private string Mapping(int mapping) => Kind.Mappings[mapping];

        // Segments are the machine's, so the name tells whose it is.
        private string? ShmGet(ShmGetStep step)
        {
            var stem = Kind.Segments[step.Segment];
            var name = Text($"{(stem.Length > 12 ? stem[..12] : stem)}-{Kind.Index}-{Number}");
            return _segments.TryAdd(step.Segment, (name, step.Length.Max)) ? Text($"shmget {name} {step.Length.Max}") : null;
        }

        private string? Mmap(MmapStep step)
        {
            if ((step.File >= 0 && !_files.Contains(step.File)) || !_mappings.TryAdd(step.Mapping, step.Length.Max))
            {
                return null;
            }

            var options = (step.File >= 0 ? $" fd={Kind.Files[step.File]}" : "") + (step.OffsetPages > 0 ? Text($" off={step.OffsetPages}") : "")
                + (step.NoReserve ? " noreserve" : "") + (step.ReadOnly ? " ro" : "") + (step.Populate ? " populate" : "");
            return Text($"mmap {Mapping(step.Mapping)} {step.Length.Max} {(step.Shared ? "shared" : "private")}{options}");
        }

        private string Unmap(int mapping, string word)
        {
            _mappings.Remove(mapping);
            return $"{word} {Mapping(mapping)}";
        }

        private string? Attach(ShmAttachStep step) =>
            _segments.TryGetValue(step.Segment, out var segment) && _mappings.TryAdd(step.Mapping, segment.Length)
                ? $"shmat {Mapping(step.Mapping)} {segment.Name}"
                : null;

        private string Advise(AdviseStep step)
        {
            var length = _mappings[step.Mapping];
            var (first, count) = step.Pages.Kind == PageChoiceKind.Range ? (step.Pages.First, step.Pages.Count) : (0, length);
            return Text($"madvise {Mapping(step.Mapping)} {first} {count} {step.Word}");
        }

        // Sooner or later a random page has been every page.
        private static string Pages(PageChoice pages, long length)
        {
            var (first, last) = pages.Kind == PageChoiceKind.Range ? (pages.First, pages.First + pages.Count - 1) : (0, length - 1);
            return first == last ? Text($"{first}") : Text($"{first}..{last}");
        }

        private static string NodesText(NodeSet nodes) => string.Join(',', Enumerable.Range(0, 64).Where(nodes.Contains));
    }
}
