using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>Laws of the pool that hold for every kernel, every number of nodes and every history of proper use.</summary>
public sealed class HugePagePoolProperties
{
    private const int Cases = 60;
    private const long Capacity = 12;

    public enum Kind
    {
        Reserve,
        Unreserve,
        Alloc,
        AllocReserved,
        Free,
        FreeRestoring,
        SetMax,
        SetMaxOfNode,
        SetMaxOfMask,
        Overcommit,
    }

    public static TheoryData<string> Profiles => [.. KernelProfiles.All.Concat(KernelProfiles.AllRepaired).Select(p => p.Name)];

    [Theory]
    [Trait("Row", "R1")]
    [Trait("Row", "R10")]
    [Trait("Row", "R13")]
    [Trait("Row", "R14")]
    [MemberData(nameof(Profiles))]
    public void AnyHistory_KeepsTheLaws(string profile)
    {
        for (var nodes = 1; nodes <= 4; nodes++)
        {
            var count = nodes;
            Properties.Check(Histories, Cases, steps => new Play(KernelProfiles.Get(profile), count).Run(steps));
        }
    }

    private static Arbitrary<Step[]> Histories
    {
        get
        {
            var kind = Gen.Frequency(
                (5, Gen.Constant(Kind.Reserve)),
                (4, Gen.Constant(Kind.Unreserve)),
                (4, Gen.Constant(Kind.Alloc)),
                (4, Gen.Constant(Kind.AllocReserved)),
                (5, Gen.Constant(Kind.Free)),
                (2, Gen.Constant(Kind.FreeRestoring)),
                (3, Gen.Constant(Kind.SetMax)),
                (1, Gen.Constant(Kind.SetMaxOfNode)),
                (1, Gen.Constant(Kind.SetMaxOfMask)),
                (2, Gen.Constant(Kind.Overcommit)));
            var step =
                from what in kind
                from pages in Gen.Choose(0, 7)
                from pick in Gen.Choose(0, 1000)
                from local in Gen.Choose(0, 3)
                from mask in Gen.Frequency((3, Gen.Constant(15)), (1, Gen.Choose(1, 15)))
                select new Step(what, pages, pick, local, mask);
            return Properties.Sequences(step, 60);
        }
    }

    public sealed record Step(Kind What, int Pages, int Pick, int Local, int Mask);

    private sealed class Play(KernelProfile profile, int nodes)
    {
        private readonly HugePagePool _pool = new(profile, nodes, Capacity);
        private readonly List<long> _held = [];
        private readonly bool _restoresSurplus = !profile.Has(KernelBug.B7);

        // What proper use adds up to: promised reservations, and the persistent size that was set last.
        private long _promised;
        private long _persistent;

        public void Run(Step[] steps)
        {
            foreach (var step in steps)
            {
                Do(step);
                Check();
            }

            Finish();
        }

        private NodeChoice Choice(Step step)
        {
            var mask = step.Mask & ((1L << nodes) - 1);
            return mask == 0 ? NodeChoice.Any : new NodeChoice(step.Local % nodes, mask, 0);
        }

        private void Do(Step step)
        {
            var surplusLimit = Math.Max(_pool.SurplusPages, _pool.OvercommitPages);
            switch (step.What)
            {
                case Kind.Reserve:
                    Reserve(step);
                    break;
                case Kind.Unreserve:
                    var returned = Math.Min(step.Pages, _promised);
                    _pool.AcctMemory(-returned, NodeChoice.Any).ShouldBe(Errno.None);
                    _promised -= returned;
                    break;
                case Kind.Alloc:
                    Alloc(step, useReservation: false);
                    break;
                case Kind.AllocReserved when _promised > 0:
                    Alloc(step, useReservation: true);
                    break;
                case Kind.Free when _held.Count > 0:
                    _pool.FreeHugePage(Take(step.Pick), restoreReserve: false);
                    break;
                case Kind.FreeRestoring when _held.Count > 0 && (_restoresSurplus || _pool.SurplusPages == 0):
                    _pool.FreeHugePage(Take(step.Pick), restoreReserve: true);
                    _promised++;
                    break;
                case Kind.SetMax or Kind.SetMaxOfNode or Kind.SetMaxOfMask:
                    SetMax(step);
                    return;
                case Kind.Overcommit:
                    _pool.OvercommitPages = step.Pages;
                    break;
            }

            _pool.SurplusPages.ShouldBeLessThanOrEqualTo(surplusLimit, "only allocating and reserving make surplus, up to the overcommit");
            _pool.PersistentPages.ShouldBe(_persistent, "only a new size changes the persistent pool");
        }

        private void Reserve(Step step)
        {
            var before = Visible();
            var choice = Choice(step);
            if (_pool.AcctMemory(step.Pages, choice) == Errno.None)
            {
                _promised += step.Pages;
                return;
            }

            step.Pages.ShouldBeGreaterThan(0, "nothing was asked for");
            if (long.PopCount(choice.AllowedNodes & ((1L << nodes) - 1)) == nodes)
            {
                Visible().ShouldBe(before, "a failed reservation leaves nothing behind");
            }
            else
            {
                // hugetlb_acct_memory returns surplus pages by number, not those that it gathered.
                _pool.NrPages.ShouldBeLessThanOrEqualTo(before.Nr);
            }
        }

        private void Alloc(Step step, bool useReservation)
        {
            var before = Visible();
            var choice = Choice(step);
            var pfn = _pool.AllocHugePage(choice, useReservation);
            if (pfn == Pfn.None)
            {
                Visible().ShouldBe(before, "a failed allocation leaves nothing behind");
                return;
            }

            (choice.AllowedNodes & (1L << Pfn.Node(pfn))).ShouldNotBe(0, "the page is from an allowed node");
            _held.ShouldNotContain(pfn, "the page was in use");
            _held.Add(pfn);
            _promised -= useReservation ? 1 : 0;
        }

        private void SetMax(Step step)
        {
            var mask = step.What == Kind.SetMaxOfMask ? Choice(step).AllowedNodes : ~0L;
            var node = step.What == Kind.SetMaxOfNode ? step.Local % nodes : -1;
            var before = _pool.PersistentPages;
            _pool.SetMaxHugePages(step.Pages, node, mask);
            _persistent = _pool.PersistentPages;
            if (step.What == Kind.SetMax)
            {
                _persistent.ShouldBe(Math.Min(step.Pages, Capacity * nodes), "the persistent pool has the size that was set");
            }
            else if (step.What == Kind.SetMaxOfMask)
            {
                _persistent.ShouldBeInRange(Math.Min(before, step.Pages), Math.Max(before, step.Pages));
            }
        }

        private void Check()
        {
            var free = _pool.Nodes.SelectMany(n => n.FreeList).ToList();
            free.Distinct().Count().ShouldBe(free.Count, "a frame is free twice");
            free.Intersect(_held).ShouldBeEmpty("a frame is free and in use");
            _pool.Nodes.SelectMany(n => n.Buddy).Intersect(free.Concat(_held)).ShouldBeEmpty("a frame that was given back is still there");
            for (var i = 0; i < nodes; i++)
            {
                var node = _pool.Nodes[i];
                node.FreeList.TrueForAll(pfn => Pfn.Node(pfn) == i).ShouldBeTrue("a frame is on the free list of its own node");
                node.NrPages.ShouldBe(node.FreePages + _held.Count(pfn => Pfn.Node(pfn) == i));
                node.NrPages.ShouldBeLessThanOrEqualTo(Capacity);
                node.SurplusPages.ShouldBeGreaterThanOrEqualTo(0);
            }

            // Not so node by node: remove_pool_hugetlb_folio shrinks a node without a look at its surplus.
            _pool.SurplusPages.ShouldBeInRange(0, _pool.NrPages);

            Visible().ShouldBe((
                _pool.Nodes.Sum(n => n.NrPages), _pool.Nodes.Sum(n => n.FreePages), _promised, _pool.Nodes.Sum(n => n.SurplusPages)));
            _pool.ResvPages.ShouldBeInRange(0, _pool.FreePages, "every promise can be kept");
            _pool.AvailablePages.ShouldBe(_pool.FreePages - _pool.ResvPages);
        }

        private void Finish()
        {
            _held.ForEach(pfn => _pool.FreeHugePage(pfn, restoreReserve: false));
            _held.Clear();
            _pool.AcctMemory(-_promised, NodeChoice.Any);
            _promised = 0;
            Check();
            _pool.PersistentPages.ShouldBe(_persistent);
            if (nodes == 1 && profile.ShrinkKeepsPersistentOnly)
            {
                _pool.SurplusPages.ShouldBe(0, "surplus pages go when they are freed");
            }

            // What older kernels leave as free surplus becomes persistent first; then the pool can be emptied.
            _pool.SetMaxHugePages(_pool.NrPages);
            _pool.SetMaxHugePages(0);
            Visible().ShouldBe((0, 0, 0, 0));
        }

        private (long Nr, long Free, long Resv, long Surplus) Visible() =>
            (_pool.NrPages, _pool.FreePages, _pool.ResvPages, _pool.SurplusPages);

        private long Take(int pick)
        {
            var pfn = _held[pick % _held.Count];
            _held.Remove(pfn);
            return pfn;
        }
    }
}
