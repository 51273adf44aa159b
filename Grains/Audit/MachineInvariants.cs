using System.Globalization;
using System.Runtime.CompilerServices;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Audit;

/// <summary>The invariants of a machine, checked on a snapshot. Pure: what a violation means is the caller's business.</summary>
public sealed partial class MachineInvariants
{
    private readonly MachineSnapshot _snapshot;
    private readonly HstateAudit? _hstate;
    private readonly string _hstateKey;
    private readonly List<AuditViolation> _found = [];

    // Reservations promised and not yet had: by the key of the VMA or inode that holds the map.
    private readonly Dictionary<string, long> _outstanding = [];

    private MachineInvariants(MachineSnapshot snapshot)
    {
        _snapshot = snapshot;
        _hstate = snapshot.Hstate;
        _hstateKey = Keys.Hstate(snapshot.Machine);
    }

    /// <summary>Checks everything.</summary>
    /// <param name="snapshot">The machine.</param>
    /// <returns>What does not hold, the most general first; empty for a sound machine.</returns>
    public static IReadOnlyList<AuditViolation> Check(MachineSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var check = new MachineInvariants(snapshot);
        check.CheckLost();
        check.CountOutstanding();
        if (check._hstate is { } hstate)
        {
            check.CheckPool(hstate);
            check.CheckFreeLists(hstate);
            check.CheckReservations(hstate);
        }

        check.CheckFrames();
        check.CheckAddressSpaces();
        check.CheckInodes();
        check.CheckReserveMaps();
        if (Array.TrueForAll(snapshot.Frames, node => node is not null))
        {
            check.CheckSubpools();
            check.CheckCgroups(check._hstate?.Cgroups ?? []);
        }

        return check._found;
    }

    private void Report(string rule, string message, params string[] grains) => _found.Add(new AuditViolation(rule, message, grains));

    private void Expect(
        bool holds, string rule, [InterpolatedStringHandlerArgument(nameof(holds))] ref ViolationText message, params ReadOnlySpan<string> grains)
    {
        if (!holds)
        {
            Report(rule, message.ToString(), grains.ToArray());
        }
    }

    // What is lost makes other rules fail as well; it comes first, because it explains them.
    private void CheckLost()
    {
        if (_snapshot.Inventory.Loss is { } loss)
        {
            Report(AuditRules.Lost, $"the machine is broken: {loss.Message}", loss.Grain);
        }

        foreach (var grain in _snapshot.Lost)
        {
            Report(AuditRules.Lost, $"{grain} belongs to the machine and has no state", grain);
        }
    }

    private void CountOutstanding()
    {
        foreach (var (key, vma) in _snapshot.Vmas)
        {
            if (vma.ReserveMap is { } map)
            {
                _outstanding[key] = Outstanding.Of(vma, map);
            }
        }

        foreach (var (key, inode) in _snapshot.Inodes)
        {
            _outstanding[key] = Outstanding.Of(inode);
        }
    }

    private void CheckPool(HstateAudit hstate)
    {
        var all = hstate.Counters;
        for (var node = 0; node < all.Nodes.Length; node++)
        {
            var (counts, listed, used) = (all.Nodes[node], hstate.FreeFrames[node].Length, _snapshot.Frames[node]?.Length);
            var frames = Keys.Frames(_snapshot.Machine, node);
            Expect(counts.Free == listed, AuditRules.Pool, $"node {node}: free={counts.Free}, {listed} frames on its free list", _hstateKey);
            Expect(
                used is null || counts.Nr == counts.Free + used, AuditRules.Pool, $"node {node}: nr={counts.Nr}, free={counts.Free} + {used} in use", _hstateKey, frames);
            Expect(counts.Surplus >= 0, AuditRules.Pool, $"node {node}: surplus={counts.Surplus}", _hstateKey);
        }

        var (nr, free, surplus) = (all.Nodes.Sum(n => n.Nr), all.Nodes.Sum(n => n.Free), all.Nodes.Sum(n => n.Surplus));
        // Not so node by node: a pool that shrinks takes pages from a node without a look at its surplus.
        Expect(all.Surplus <= all.Nr, AuditRules.Pool, $"surplus={all.Surplus} of nr={all.Nr}", _hstateKey);
        Expect(
            (all.Nr, all.Free, all.Surplus) == (nr, free, surplus), AuditRules.Pool,
            $"nr={all.Nr} free={all.Free} surplus={all.Surplus}, the nodes together {nr}, {free}, {surplus}", _hstateKey);
    }

    private void CheckFreeLists(HstateAudit hstate)
    {
        var free = new HashSet<long>();
        for (var node = 0; node < hstate.FreeFrames.Length; node++)
        {
            foreach (var pfn in hstate.FreeFrames[node])
            {
                Expect(free.Add(pfn), AuditRules.FreeList, $"frame {pfn} is free twice", _hstateKey);
                Expect(Pfn.Node(pfn) == node, AuditRules.FreeList, $"frame {pfn} of node {Pfn.Node(pfn)} is free on node {node}", _hstateKey);
            }

            var frames = Keys.Frames(_snapshot.Machine, node);
            foreach (var frame in _snapshot.Frames[node] ?? [])
            {
                Expect(!free.Contains(frame.Pfn), AuditRules.FreeList, $"frame {frame.Pfn} is free and in use", _hstateKey, frames);
                Expect(Pfn.Node(frame.Pfn) == node, AuditRules.FreeList, $"frame {frame.Pfn} is in use on node {node}", frames);
            }
        }
    }

    private void CheckReservations(HstateAudit hstate)
    {
        var (free, resv) = (hstate.Counters.Free, hstate.Counters.Resv);
        Expect(resv >= 0 && resv <= free, AuditRules.ReservedFree, $"resv={resv} is not in 0..free={free}", _hstateKey);

        var subpools = _snapshot.Subpools.Where(s => !s.Value.Released).ToDictionary(s => s.Key, s => s.Value.Rsv);
        var (mapped, held) = (_outstanding.Values.Sum(), subpools.Values.Sum());
        Expect(
            resv == mapped + held, AuditRules.ReservedSum, $"resv={resv}, but maps have promised {mapped} and subpools hold {held}",
            [_hstateKey, .. _outstanding.Concat(subpools).Where(o => o.Value != 0).Select(o => $"{o.Key}: {o.Value}")]);
    }

    private void CheckSubpools()
    {
        foreach (var (key, subpool) in _snapshot.Subpools)
        {
            var frames = _snapshot.Frames.Sum(node => node!.Count(f => f.Subpool == key));
            var users = _snapshot.Vmas.Where(v => v.Value.Subpool == key).Select(v => v.Key)
                .Concat(_snapshot.Inodes.Where(i => i.Value.Subpool == key).Select(i => i.Key))
                .Where(user => _outstanding.GetValueOrDefault(user) != 0)
                .ToArray();
            var promised = users.Sum(user => _outstanding[user]);
            if (subpool.Released)
            {
                Expect(frames == 0 && promised == 0, AuditRules.Subpool, $"released, with {frames} pages in use and {promised} reserved", [key, .. users]);
                continue;
            }

            Expect(
                subpool.Rsv >= 0 && subpool.Rsv <= Math.Max(subpool.Min, 0), AuditRules.Subpool, $"holds {subpool.Rsv} of min_size={subpool.Min}", key);
            Expect(
                subpool.Rsv + frames + promised >= subpool.Min, AuditRules.Subpool,
                $"min_size={subpool.Min} is not covered by {subpool.Rsv} held, {frames} pages in use and {promised} reserved", [key, .. users]);
            Expect(
                subpool.Max < 0 || subpool.Used == frames + promised, AuditRules.Subpool,
                $"used={subpool.Used}, but {frames} pages are in use and {promised} reserved", [key, .. users]);
        }
    }

    private void CheckCgroups(CgroupAudit[] groups)
    {
        var (usage, rsvd) = (new long[groups.Length], new long[groups.Length]);
        foreach (var frame in _snapshot.Frames.SelectMany(node => node!))
        {
            Charge(usage, frame.Cgroup, 1);
            Charge(rsvd, frame.RsvdCgroup, 1);
        }

        foreach (var region in _snapshot.Inodes.Values.SelectMany(i => i.ReserveMap.Regions))
        {
            Charge(rsvd, region.Cgroup ?? -1, region.To - region.From);
        }

        foreach (var vma in _snapshot.Vmas.Values.Where(v => v.ReserveMap is not null))
        {
            Charge(rsvd, vma.RsvdCgroup, vma.Areas.Where(Outstanding.IsOwning).Sum(a => a.End - a.Start));
        }

        for (var i = 0; i < groups.Length; i++)
        {
            // A removed group's pages in use are its parent's.
            Expect(
                groups[i].Removed || groups[i].Usage == usage[i], AuditRules.Cgroup, $"group {i}: usage={groups[i].Usage}, but {usage[i]} pages are in use",
                _hstateKey);
            Expect(groups[i].Rsvd == rsvd[i], AuditRules.Cgroup, $"group {i}: rsvd={groups[i].Rsvd}, but {rsvd[i]} pages are reserved", _hstateKey);
        }

        void Charge(long[] counts, int group, long pages)
        {
            for (; group >= 0 && group < groups.Length; group = groups[group].Parent)
            {
                counts[group] += pages;
            }
        }
    }

    /// <summary>What is wrong, as text; made only if something is: an audit expects hundreds of things, and nearly all of them hold.</summary>
    [InterpolatedStringHandler]
    private ref struct ViolationText
    {
        private DefaultInterpolatedStringHandler _text;

        public ViolationText(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
