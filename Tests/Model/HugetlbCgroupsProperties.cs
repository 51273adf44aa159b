using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The hugetlb controller against charges that are simply added up for each question.</summary>
public sealed class HugetlbCgroupsProperties
{
    private const int Cases = 1500;

    public enum Kind
    {
        Create,
        Remove,
        Charge,
        Uncharge,
        SetLimit,
    }

    [Fact]
    [Trait("Row", "R10")]
    public void AnyHistory_ChargesTheGroupAndAllAboveOrNone() => Properties.Check(Histories, Cases, steps => new Play().Run(steps));

    private static Arbitrary<Step[]> Histories
    {
        get
        {
            var kind = Gen.Frequency(
                (3, Gen.Constant(Kind.Create)),
                (1, Gen.Constant(Kind.Remove)),
                (8, Gen.Constant(Kind.Charge)),
                (4, Gen.Constant(Kind.Uncharge)),
                (2, Gen.Constant(Kind.SetLimit)));
            var step =
                from what in kind
                from pick in Gen.Choose(0, 1000)
                from pages in Gen.Choose(0, 5)
                from rsvd in Gen.Elements(false, true)
                select new Step(what, pick, pages, rsvd);
            return Properties.Sequences(step, 50);
        }
    }

    public sealed record Step(Kind What, int Pick, int Pages, bool Rsvd);

    private sealed record Charge(int Group, long Pages, bool Rsvd);

    private sealed class Play
    {
        private readonly HugetlbCgroups _cgroups = new();
        private readonly List<Charge> _charges = [];
        private readonly Dictionary<int, (long All, long Local)> _events = new() { [HugetlbCgroups.Root] = default };

        private List<int> Living => [.. Enumerable.Range(0, _cgroups.Groups.Count).Where(g => !_cgroups.Groups[g].Removed)];

        public void Run(Step[] steps)
        {
            foreach (var step in steps)
            {
                Do(step);
                Check();
            }
        }

        private void Do(Step step)
        {
            var group = Living[step.Pick % Living.Count];
            switch (step.What)
            {
                case Kind.Create:
                    _events.Add(_cgroups.Create($"g{step.Pick}", group), default);
                    break;
                case Kind.Remove when group != HugetlbCgroups.Root && Living.TrueForAll(g => _cgroups.Groups[g].Parent != group):
                    _cgroups.Remove(group);
                    break;
                case Kind.Charge:
                    TryCharge(group, step);
                    break;
                case Kind.Uncharge when _charges.Count > 0:
                    var charge = _charges[step.Pick % _charges.Count];
                    _charges.Remove(charge);
                    (charge.Rsvd ? (Action<int, long>)_cgroups.UnchargeRsvd : _cgroups.Uncharge)(charge.Group, charge.Pages);
                    break;
                case Kind.SetLimit when step.Rsvd:
                    _cgroups.Groups[group].RsvdMaxPages = step.Pages;
                    break;
                case Kind.SetLimit:
                    _cgroups.Groups[group].MaxPages = step.Pages;
                    break;
            }
        }

        private void TryCharge(int group, Step step)
        {
            var fits = Above(group).All(g =>
                Sum(g, step.Rsvd) + step.Pages <= (step.Rsvd ? _cgroups.Groups[g].RsvdMaxPages : _cgroups.Groups[g].MaxPages));
            (step.Rsvd ? _cgroups.TryChargeRsvd(group, step.Pages) : _cgroups.TryCharge(group, step.Pages)).ShouldBe(fits);
            if (fits)
            {
                _charges.Add(new Charge(group, step.Pages, step.Rsvd));
                return;
            }

            _events[group] = (_events[group].All, _events[group].Local + 1);
            foreach (var above in Above(group))
            {
                _events[above] = (_events[above].All + 1, _events[above].Local);
            }
        }

        private void Check()
        {
            for (var i = 0; i < _cgroups.Groups.Count; i++)
            {
                var group = _cgroups.Groups[i];
                group.UsagePages.ShouldBe(group.Removed ? 0 : Sum(i, rsvd: false), $"usage of {i}");
                group.RsvdPages.ShouldBe(Sum(i, rsvd: true), $"rsvd of {i}");
                (group.MaxEvents, group.MaxEventsLocal).ShouldBe(_events[i], $"events of {i}");
            }
        }

        private long Sum(int group, bool rsvd) => _charges.Where(c => c.Rsvd == rsvd && Above(c.Group).Contains(group)).Sum(c => c.Pages);

        private IEnumerable<int> Above(int group)
        {
            for (; group >= 0; group = _cgroups.Groups[group].Parent)
            {
                yield return group;
            }
        }
    }
}
