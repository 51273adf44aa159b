using System.Runtime.InteropServices;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Audit;

/// <content>Frames, page tables, inodes, reserve maps.</content>
public sealed partial class MachineInvariants
{
    private void CheckFrames()
    {
        // How many page tables and caches name each frame; who they are is looked up only for a frame about which something is wrong.
        var named = new Dictionary<long, (int Ptes, int Caches)>();
        foreach (var pte in _snapshot.Vmas.Values.SelectMany(vma => vma.Ptes))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(named, pte.Pfn, out _).Ptes++;
        }

        foreach (var page in _snapshot.Inodes.Values.SelectMany(inode => inode.Cache))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(named, page.Pfn, out _).Caches++;
        }

        for (var node = 0; node < _snapshot.Frames.Length; node++)
        {
            foreach (var frame in _snapshot.Frames[node] ?? [])
            {
                named.Remove(frame.Pfn, out var count);
                CheckFrame(Keys.Frames(_snapshot.Machine, node), frame, count.Ptes, count.Caches);
            }
        }

        foreach (var pfn in named.Keys.Where(pfn => !IsLost(pfn)))
        {
            Array.ForEach(UsersOf(pfn), user => Report(AuditRules.References, $"frame {pfn} is named and not in use", user));
        }
    }

    private void CheckFrame(string grain, FrameAudit frame, int ptes, int caches)
    {
        if ((frame.RefCount, frame.MapCount) != (ptes + caches, ptes) || ptes + caches == 0)
        {
            Report(
                AuditRules.References,
                $"frame {frame.Pfn} has {frame.RefCount} references, {frame.MapCount} of them mappings; {ptes} page tables and {caches} caches name it",
                [grain, .. UsersOf(frame.Pfn)]);
        }

        if (caches != (frame.Anon ? 0 : 1))
        {
            Report(
                AuditRules.References, $"frame {frame.Pfn} is {(frame.Anon ? "anonymous" : "a page of a file")}, and {caches} caches have it",
                [grain, .. UsersOf(frame.Pfn)]);
        }
    }

    // One entry for each page table entry, then one for each page of a cache.
    private string[] UsersOf(long pfn) =>
    [
        .. _snapshot.Vmas.SelectMany(vma => vma.Value.Ptes.Where(pte => pte.Pfn == pfn).Select(_ => vma.Key)),
        .. _snapshot.Inodes.SelectMany(inode => inode.Value.Cache.Where(page => page.Pfn == pfn).Select(_ => inode.Key)),
    ];

    private bool IsLost(long pfn) => Pfn.Node(pfn) < _snapshot.Frames.Length && _snapshot.Frames[Pfn.Node(pfn)] is null;

    private void CheckAddressSpaces()
    {
        foreach (var (key, process) in _snapshot.Processes)
        {
            foreach (var ranges in process.Ranges.GroupBy(r => r.Vma))
            {
                if (!_snapshot.Vmas.TryGetValue(ranges.Key, out var vma))
                {
                    Report(AuditRules.PageTable, "the process names a mapping that does not exist", key, ranges.Key);
                    continue;
                }

                var (expected, actual) = (Merge(ranges.Select(r => (r.Start, r.End))), Merge(vma.Areas.Select(a => (a.Start, a.End))));
                Expect(
                    expected.SequenceEqual(actual), AuditRules.PageTable, $"the process has {Text(expected)}, the mapping {Text(actual)}", key, ranges.Key);
                CheckPageTable(ranges.Key, vma);
            }
        }
    }

    private void CheckPageTable(string key, VmaAudit vma)
    {
        foreach (var pte in vma.Ptes)
        {
            var area = Array.Find(vma.Areas, a => a.Start <= pte.Page && pte.Page < a.End);
            if (area is null)
            {
                Report(AuditRules.PageTable, $"page {pte.Page} is mapped outside of all areas", key);
                continue;
            }

            Expect(!(area.Shared && pte.Anon), AuditRules.PageTable, $"page {pte.Page} is anonymous in a shared area", key);
            var index = pte.Page - area.Start + area.PgOff;
            if (!pte.Anon)
            {
                var cached = _snapshot.Inodes.TryGetValue(vma.Inode, out var inode)
                    && Array.Exists(inode.Cache, page => page.Index == index && page.Pfn == pte.Pfn);
                Expect(cached, AuditRules.PageTable, $"page {index} of the file is mapped as frame {pte.Pfn}, which its cache does not have", key, vma.Inode);
            }
        }
    }

    private void CheckInodes()
    {
        var opens = _snapshot.Processes.SelectMany(p => p.Value.Files.Select(file => (file, p.Key)))
            .Concat(_snapshot.Inventory.Segments.Where(s => s.Holds).Select(s => (s.Inode, _snapshot.Machine)))
            .ToLookup(o => o.Item1, o => o.Item2);
        var mappings = _snapshot.Vmas.Where(v => v.Value.IsInInode).ToLookup(v => v.Value.Inode, v => v.Key);
        foreach (var key in opens.Select(o => o.Key).Concat(mappings.Select(m => m.Key)).Distinct().Where(k => !_snapshot.Inodes.ContainsKey(k)))
        {
            Report(AuditRules.Inode, "the inode is in use and does not exist", [key, .. opens[key], .. mappings[key]]);
        }

        foreach (var (key, inode) in _snapshot.Inodes)
        {
            Expect(
                inode.Opens == opens[key].Count(), AuditRules.Inode, $"held by {inode.Opens} open files and segments, of which there are {opens[key].Count()}",
                [key, .. opens[key]]);
            Expect(
                inode.Mappings.ToHashSet().SetEquals(mappings[key]) && inode.Mappings.Length == mappings[key].Count(), AuditRules.Inode,
                $"i_mmap has {inode.Mappings.Length} mappings, of which there are {mappings[key].Count()}", [key, .. inode.Mappings.Union(mappings[key])]);
        }
    }

    private void CheckReserveMaps()
    {
        foreach (var (key, vma) in _snapshot.Vmas)
        {
            if (vma.ReserveMap is { } map)
            {
                CheckReserveMap(key, map);
                foreach (var pte in vma.Ptes.Where(p => p.Anon))
                {
                    var area = Array.Find(vma.Areas, a => Outstanding.IsOwning(a) && a.Start <= pte.Page && pte.Page < a.End);
                    var index = area is null ? -1 : pte.Page - area.Start + area.PgOff;
                    Expect(
                        area is null || Outstanding.Has(map, index), AuditRules.ReserveMap, $"page {index} is mapped, and its reservation is not marked as consumed", key);
                }
            }
        }

        foreach (var (key, inode) in _snapshot.Inodes)
        {
            CheckReserveMap(key, inode.ReserveMap);
            foreach (var page in inode.Cache.Where(p => !Outstanding.Has(inode.ReserveMap, p.Index)))
            {
                Report(AuditRules.ReserveMap, $"page {page.Index} is in the cache and not in the map", key);
            }
        }
    }

    private void CheckReserveMap(string key, ReserveMapAudit map)
    {
        Expect(map.Fault is null, AuditRules.ReserveMap, $"{map.Fault}", key);
        Expect(map.AddsInProgress == 0, AuditRules.ReserveMap, $"{map.AddsInProgress} additions are under way", key);
    }

    // Neighbours joined: pieces of a split and of an address space need not be the same.
    private static List<(long Start, long End)> Merge(IEnumerable<(long Start, long End)> ranges)
    {
        var merged = new List<(long Start, long End)>();
        foreach (var range in ranges.Order())
        {
            if (merged.Count > 0 && merged[^1].End == range.Start)
            {
                merged[^1] = (merged[^1].Start, range.End);
            }
            else
            {
                merged.Add(range);
            }
        }

        return merged;
    }

    private static string Text(List<(long Start, long End)> ranges) => string.Join(' ', ranges.Select(r => $"[{r.Start},{r.End})"));
}
