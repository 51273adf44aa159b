using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The reserve map against the naive one, over random sequences of interleaved operations.</summary>
public sealed class ReserveMapProperties
{
    // Numbers of cgroups.
    private const int A = 1;
    private const int B = 2;
    private const int Universe = 40;
    private const int WideUniverse = 600;
    private static readonly int?[] Cgroups = [null, A, B];

    public enum Kind
    {
        Chg,
        Add,
        Abort,
        Del,
        DelToEnd,
        Count,
        Move,
    }

    [Fact]
    [Trait("Row", "R2")]
    [Trait("Row", "R23")]
    [Trait("Row", "R24")]
    public void AnySequence_AgreesWithTheNaiveMap() =>
        Properties.Check(Steps(60, Universe, failures: false), 1500, steps => new Race(Universe).Play(steps));

    [Fact]
    [Trait("Row", "R2")]
    [Trait("Row", "R23")]
    [Trait("Row", "R24")]
    public void AnySequenceWithFailingAllocations_AgreesWithTheNaiveMap() =>
        Properties.Check(Steps(60, Universe, failures: true), 1500, steps => new Race(Universe).Play(steps));

    /// <summary>Enough regions for several blocks of the tree, which divide, merge and disappear.</summary>
    [Fact]
    [Trait("Row", "R2")]
    [Trait("Row", "R23")]
    [Trait("Row", "R24")]
    public void AnySequenceOnManyRegions_AgreesWithTheNaiveMap() =>
        Properties.Check(Steps(60, WideUniverse, failures: true), 150, steps => new Race(WideUniverse).Fill().Play(steps));

    private static Arbitrary<Step[]> Steps(int most, int universe, bool failures)
    {
        var kind = Gen.Frequency(
            (5, Gen.Constant(Kind.Chg)),
            (5, Gen.Constant(Kind.Add)),
            (1, Gen.Constant(Kind.Abort)),
            (4, Gen.Constant(Kind.Del)),
            (1, Gen.Constant(Kind.DelToEnd)),
            (1, Gen.Constant(Kind.Count)),
            (1, Gen.Constant(Kind.Move)));
        var budget = failures
            ? Gen.Frequency((2, Gen.Constant(int.MaxValue)), (3, Gen.Choose(0, 3)))
            : Gen.Constant(int.MaxValue);

        // Short ranges make many regions and interior deletions, long ones meet several regions at once.
        var length = Gen.Frequency((4, Gen.Choose(0, 3)), (1, Gen.Choose(0, universe / 2)));
        var step =
            from what in kind
            from start in Gen.Choose(0, universe - 1)
            from pages in length
            from pick in Gen.Choose(0, 1_000)
            from cgroup in Gen.Elements(Cgroups)
            from allocations in budget
            select new Step(what, start, Math.Min(start + pages, universe), pick, cgroup, allocations);
        return Properties.Sequences(step, most);
    }

    public sealed record Step(Kind What, long From, long To, int Pick, int? Cgroup, int Budget);

    private sealed class Race(int universe)
    {
        private readonly NaiveReserveMap _naive = new(universe);
        private readonly List<(long From, long To, long Needed, long Chg)> _pending = [];
        private ReserveMap? _moved;
        private int _budget;

        private ReserveMap Map => _moved ??= new ReserveMap(Allocate);

        /// <summary>Begins with a region on every third page.</summary>
        public Race Fill()
        {
            _budget = _naive.Budget = int.MaxValue;
            for (var page = 0; page < universe; page += 3)
            {
                Map.RegionChg(page, page + 1, out var needed).ShouldBe(_naive.Chg(page, page + 1, out _));
                Map.RegionAdd(page, page + 1, needed, A).ShouldBe(_naive.Add(page, page + 1, needed, A));
            }

            return this;
        }

        public void Play(Step[] steps)
        {
            foreach (var step in steps)
            {
                _budget = _naive.Budget = step.Budget;
                Play(step);
                Compare();
            }

            Finish();
        }

        private void Play(Step step)
        {
            switch (step.What)
            {
                case Kind.Chg:
                    var chg = Map.RegionChg(step.From, step.To, out var needed);
                    chg.ShouldBe(_naive.Chg(step.From, step.To, out var expected));
                    if (chg >= 0)
                    {
                        needed.ShouldBe(expected);
                        _pending.Add((step.From, step.To, needed, chg));
                    }

                    break;
                case Kind.Add when _pending.Count > 0:
                    Add(step);
                    break;
                case Kind.Abort when _pending.Count > 0:
                    var given = Take(step.Pick);
                    Map.RegionAbort(given.From, given.To, given.Needed);
                    _naive.Abort(given.Needed);
                    break;
                case Kind.Del:
                    Del(step.From, step.To);
                    break;
                case Kind.DelToEnd:
                    Del(step.From, long.MaxValue).ShouldBeGreaterThanOrEqualTo(0, "a removal to the end cannot fail");
                    break;
                case Kind.Count:
                    Map.RegionCount(step.From, step.To).ShouldBe(_naive.Count(step.From, step.To));
                    Map.RegionCount(step.From, long.MaxValue).ShouldBe(_naive.Count(step.From, universe));
                    break;
                case Kind.Move:
                    _moved = new ReserveMap(Map.Snapshot(), Allocate);
                    break;
            }
        }

        private void Add(Step step)
        {
            var pending = _pending[step.Pick % _pending.Count];
            var (before, cache) = (Map.Regions.ToArray(), Map.RegionCacheCount);
            var present = Map.RegionCount(pending.From, pending.To);

            var added = Map.RegionAdd(pending.From, pending.To, pending.Needed, step.Cgroup);
            added.ShouldBe(_naive.Add(pending.From, pending.To, pending.Needed, step.Cgroup));
            if (added < 0)
            {
                (pending.To - pending.From).ShouldBeGreaterThan(1, "an addition of one page cannot fail");
                Map.Regions.ToArray().ShouldBe(before);
                Map.RegionCacheCount.ShouldBe(cache);
                return;
            }

            added.ShouldBe(pending.To - pending.From - present);
            Map.RegionCount(pending.From, pending.To).ShouldBe(pending.To - pending.From);
            _pending.Remove(pending);
        }

        private long Del(long from, long to)
        {
            var before = Map.Regions.ToArray();
            var (uncharges, expected) = (new List<Uncharge>(), new List<Uncharge>());
            var removed = Map.RegionDel(from, to, uncharges);
            removed.ShouldBe(_naive.Del(from, to, expected));
            uncharges.ShouldBe(expected);
            if (removed < 0)
            {
                Map.Regions.ToArray().ShouldBe(before);
            }

            return removed;
        }

        private void Compare()
        {
            Map.Verify();
            Map.Regions.ToArray().ShouldBe(_naive.Regions());
            Map.Snapshot().Regions.ShouldBe(Map.Regions);
            Map.TotalPages.ShouldBe(_naive.TotalPages);
            Map.AddsInProgress.ShouldBe(_naive.Adds);
            Map.AddsInProgress.ShouldBe(_pending.Sum(pending => pending.Needed));
            Map.RegionCacheCount.ShouldBe(_naive.Cache);
            Map.RegionCacheCount.ShouldBeGreaterThanOrEqualTo(Map.AddsInProgress);
        }

        /// <summary>At the end every promise is kept though not one more descriptor can be had, unless the map changed in between.</summary>
        private void Finish()
        {
            _budget = _naive.Budget = 0;
            while (_pending.Count > 0)
            {
                var (from, to, needed, _) = Take(0);
                var added = Map.RegionAdd(from, to, needed, A);
                added.ShouldBe(_naive.Add(from, to, needed, A));
                if (added < 0)
                {
                    Map.RegionAbort(from, to, needed);
                    _naive.Abort(needed);
                }

                Compare();
            }

            Map.KrefPut().ShouldBeTrue();
            Map.TotalPages.ShouldBe(0);
            Map.Regions.Count.ShouldBe(0);
        }

        private (long From, long To, long Needed, long Chg) Take(int pick)
        {
            var taken = _pending[pick % _pending.Count];
            _pending.Remove(taken);
            return taken;
        }

        private bool Allocate() => --_budget >= 0;
    }
}
