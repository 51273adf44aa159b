using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.History;
using Hugesim.Machine;
using Hugesim.Model;

namespace Hugesim.WebConsole;

/// <summary>Turns the states of a machine's grains into what the page draws.</summary>
internal sealed class MachineViews
{
    // The page draws each frame and each page of a mapping; of more than these it shows the first.
    private const int MostFrames = 4096;
    private const int MostPages = 1024;

    private readonly IReadOnlyList<NamedProcess> _names;
    private readonly MachineSnapshot _snapshot;
    private readonly MachineLabels _labels;
    private readonly ILookup<long, string> _users;

    private MachineViews(MachineSnapshot snapshot, IReadOnlyList<NamedProcess> names)
    {
        (_snapshot, _names) = (snapshot, names);
        _labels = new MachineLabels(snapshot, names);
        _users = _snapshot.Inodes.SelectMany(inode => inode.Value.Cache.Select(page => (page.Pfn, User: _labels.Of(inode.Key))))
            .Concat(_snapshot.Vmas.SelectMany(vma => vma.Value.Ptes.Select(pte => (pte.Pfn, User: _labels.Of(vma.Key)))))
            .Distinct()
            .ToLookup(use => use.Pfn, use => use.User);
    }

    private HstateAudit Hstate => _snapshot.Hstate ?? throw new InvalidOperationException($"the hstate of machine {_snapshot.Machine} is lost");

    /// <summary>The machine after a step that was looked into.</summary>
    public static MachineView Of(RecordedStep step) => new MachineViews(step.Snapshot!, step.Names).Build();

    /// <summary>A machine of a cluster, whose processes have numbers and no names.</summary>
    public static MachineView Of(MachineSnapshot snapshot) => new MachineViews(snapshot, [.. snapshot.Processes.Select(Unnamed)]).Build();

    /// <summary>Only the counters, of a machine that is too large to be drawn.</summary>
    public static MachineView Of(HstateCounters counters) => new(
        Pool(counters), [.. counters.Nodes.Select((node, number) => new NodeView(number, node.Nr, node.Free, node.Surplus, []))], [], Cgroups(counters), [], []);

    private static NamedProcess Unnamed(KeyValuePair<string, ProcessAudit> process)
    {
        var ranges = process.Value.Ranges.Select(range => new NamedMapping(
            range.Vma[(range.Vma.LastIndexOf('/') + 1)..], range.Start * Units.PageBytes, (range.End - range.Start) * Units.PageBytes));
        var parent = process.Value.Parent == 0 ? null : process.Value.Parent.ToString(CultureInfo.InvariantCulture);
        return new NamedProcess(process.Key[(process.Key.LastIndexOf('/') + 1)..], process.Key, parent, null, [.. ranges.DistinctBy(range => range.Name)]);
    }

    private static PoolView Pool(HstateCounters counters) => new(counters.Nr, counters.Free, counters.Resv, counters.Surplus, counters.Overcommit);

    private static CgroupView[] Cgroups(HstateCounters counters) =>
        [.. counters.Cgroups.Select(group => new CgroupView(group.Name.Length == 0 ? "(root)" : group.Name, group.Usage, group.Rsvd))];

    private MachineView Build()
    {
        var counters = Hstate.Counters;
        return new MachineView(
            Pool(counters),
            [.. counters.Nodes.Select(Node)],
            [.. _snapshot.Subpools.Where(subpool => !subpool.Value.Released).Select(subpool => new SubpoolView(
                _labels.Of(subpool.Key), subpool.Value.Max, subpool.Value.Min, subpool.Value.Used, subpool.Value.Rsv))],
            Cgroups(counters),
            [.. _names.Select(Process)],
            [.. _snapshot.Inodes.Where(inode => inode.Value.Cache.Length > 0 || inode.Value.ReserveMap.Regions.Length > 0).Select(inode => File(inode.Key, inode.Value))]);
    }

    private NodeView Node(NodeCount counts, int node)
    {
        var free = Hstate.FreeFrames[node].Select(pfn => new FrameView(Number(pfn), false, "free", []));
        var used = (_snapshot.Frames[node] ?? []).Select(frame => new FrameView(Number(frame.Pfn), true, frame.Anon ? "anonymous" : "file", [.. _users[frame.Pfn]]));
        return new NodeView(node, counts.Nr, counts.Free, counts.Surplus, [.. free.Concat(used).OrderBy(frame => frame.Frame).Take(MostFrames)]);
    }

    private ProcessView Process(NamedProcess process)
    {
        var ranges = _snapshot.Processes.TryGetValue(process.Key, out var space) ? space.Ranges : [];
        var mappings = ranges.Select(range => range.Vma).Distinct().Where(_snapshot.Vmas.ContainsKey).Select(key => Mapping(key, _snapshot.Vmas[key]));
        return new ProcessView(process.Name, process.Parent, process.Death, [.. mappings]);
    }

    private MappingView Mapping(string key, VmaAudit vma)
    {
        var ptes = vma.Ptes.ToDictionary(pte => pte.Page);
        var inode = _snapshot.Inodes.GetValueOrDefault(vma.Inode);
        var pages = new List<PageView>();
        foreach (var area in vma.Areas)
        {
            for (var page = area.Start; page < area.End && pages.Count < MostPages; page++)
            {
                var index = page - area.Start + area.PgOff;
                long? pfn = ptes.TryGetValue(page, out var pte) ? pte.Pfn : null;
                pages.Add(new PageView(index, Reserve(area, vma, inode, index), pfn is null ? null : Number(pfn.Value), Others(pfn, key)));
            }
        }

        var shared = Array.Exists(vma.Areas, area => area.Shared);
        string[] marks =
        [
            .. Mark(vma.Areas, area => Outstanding.IsOwning(area), "OWNER"),
            .. Mark(vma.Areas, area => area.Unmapped, "UNMAPPED"),
            .. Mark(vma.Areas, area => area.NoReserve, "NORESERVE"),
            .. Mark(vma.Areas, area => !area.Write, "read-only"),
        ];
        return new MappingView(_labels.Of(key), shared ? "shared" : "private", marks, pages);
    }

    private static IEnumerable<string> Mark(AreaAudit[] areas, Func<AreaAudit, bool> has, string mark) =>
        Array.Exists(areas, area => has(area)) ? [mark] : [];

    // Entries of a private map are pages that had their reservation; entries of a shared one are pages that have it, or had (row R7).
    private static string Reserve(AreaAudit area, VmaAudit vma, InodeAudit? inode, long index)
    {
        if (area.Shared)
        {
            return inode is null ? "missing" : Reserve(inode, index);
        }

        return !Outstanding.IsOwning(area) || vma.ReserveMap is not { } map ? "missing" : Outstanding.Has(map, index) ? "consumed" : "reserved";
    }

    private static string Reserve(InodeAudit inode, long index) =>
        !Outstanding.Has(inode.ReserveMap, index) ? "missing" : Array.Exists(inode.Cache, page => page.Index == index) ? "consumed" : "reserved";

    private FileView File(string key, InodeAudit inode)
    {
        var cache = inode.Cache.ToDictionary(page => page.Index, page => page.Pfn);
        var indexes = cache.Keys.Concat(inode.ReserveMap.Regions.SelectMany(region => Range(region.From, region.To))).Distinct().Order().Take(MostPages);
        return new FileView(
            _labels.Of(key),
            [.. inode.Mappings.Select(_labels.Of)],
            [.. indexes.Select(index => cache.TryGetValue(index, out var pfn)
                ? new PageView(index, Reserve(inode, index), Number(pfn), Others(pfn, key))
                : new PageView(index, Reserve(inode, index), null, []))]);
    }

    private string[] Others(long? pfn, string key) => pfn is null ? [] : [.. _users[pfn.Value].Where(user => user != _labels.Of(key))];

    private static IEnumerable<long> Range(long from, long to)
    {
        for (var index = from; index < to && index - from < MostPages; index++)
        {
            yield return index;
        }
    }

    // Frames are numbered on their node.
    private static long Number(long pfn) => pfn - Pfn.Make(Pfn.Node(pfn), 0);
}
