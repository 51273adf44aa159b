using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The address space against a dictionary from page to mapping.</summary>
public sealed class AddressSpaceProperties
{
    private const long Universe = 40;

    [Fact]
    public void AnyHistory_AgreesWithADictionaryOfPages() => Properties.Check(Histories, 1500, steps =>
    {
        var (space, pages) = (new AddressSpace(), new SortedDictionary<long, long>());
        for (var number = 0; number < steps.Length; number++)
        {
            var (start, end) = (steps[number].Start, Math.Min(Universe, steps[number].Start + steps[number].Pages));
            var covered = Pages(start, end).Where(pages.ContainsKey).ToArray();
            if (steps[number].Adds && covered.Length == 0 && start < end)
            {
                space.Add(new MappedRange(start, end, number));
                Pages(start, end).ForEach(page => pages.Add(page, number));
            }
            else if (steps[number].Adds && start < end)
            {
                Should.Throw<InvalidOperationException>(() => space.Add(new MappedRange(start, end, number)));
            }
            else
            {
                space.Remove(start, end);
                Array.ForEach(covered, page => pages.Remove(page));
            }

            Compare(space, pages, start, end);
        }
    });

    [Fact]
    public void FindFree_AnyLayout_GivesTheWantedOrTheHighestFreePlace() => Properties.Check(Histories, 800, steps =>
    {
        var space = new AddressSpace();
        foreach (var step in steps.Where(s => s.Pages > 0))
        {
            var wanted = step.Adds ? step.Start : 0;
            var isFree = wanted > 0 && space.Within(wanted, wanted + step.Pages).Count == 0;
            var before = space.Ranges.ToArray();

            var found = space.FindFree(wanted, step.Pages);
            space.Add(new MappedRange(found, found + step.Pages, 0));

            if (isFree)
            {
                found.ShouldBe(wanted);
            }
            else
            {
                // Anything higher is taken, or too small a gap.
                var top = before.Where(r => r.Start >= found).Select(r => r.Start).Append(space.Ranges[^1].End).Min();
                (found + step.Pages).ShouldBeLessThanOrEqualTo(top);
            }
        }
    });

    private static Arbitrary<Step[]> Histories => Properties.Sequences(
        from adds in Gen.Frequency((3, Gen.Constant(true)), (2, Gen.Constant(false)))
        from start in Gen.Choose(0, (int)Universe - 1)
        from pages in Gen.Choose(0, 12)
        select new Step(adds, start, pages),
        40);

    private static void Compare(AddressSpace space, SortedDictionary<long, long> pages, long start, long end)
    {
        space.Ranges.SelectMany(r => Pages(r.Start, r.End).Select(page => KeyValuePair.Create(page, r.Vma))).ShouldBe(pages);
        for (var page = 0L; page < Universe; page++)
        {
            space.Find(page)?.Vma.ShouldBe(pages[page]);
            (space.Find(page) is null).ShouldBe(!pages.ContainsKey(page));
        }

        space.Within(start, end).SelectMany(r => Pages(r.Start, r.End).Select(page => KeyValuePair.Create(page, r.Vma)))
            .ShouldBe(pages.Where(p => p.Key >= start && p.Key < end));
        space.Covers(start, end).ShouldBe(Pages(start, end).TrueForAll(pages.ContainsKey));
    }

    private static List<long> Pages(long start, long end)
    {
        var pages = new List<long>();
        for (var page = start; page < end; page++)
        {
            pages.Add(page);
        }

        return pages;
    }

    public sealed record Step(bool Adds, long Start, long Pages);
}
