using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>The frame table against two multisets: who maps a frame, and whether a file's cache has it.</summary>
public sealed class FrameTableProperties
{
    private const int Frames = 6;

    public enum Kind
    {
        TakeAnon,
        TakeCached,
        Map,
        Unmap,
        Uncache,
    }

    [Fact]
    public void AnyHistory_CountsReferencesAndEndsFramesWithTheLast() => Properties.Check(Histories, 2000, steps =>
    {
        var table = new FrameTable();
        var (maps, cached, anon) = (new int[Frames], new bool[Frames], new bool[Frames]);
        foreach (var (what, pfn) in steps)
        {
            var inUse = maps[pfn] > 0 || cached[pfn];
            switch (what)
            {
                case Kind.TakeAnon or Kind.TakeCached when inUse:
                    Should.Throw<InvalidOperationException>(() => table.Take(pfn, new Frame()));
                    break;
                case Kind.TakeAnon:
                    table.Take(pfn, new Frame { RefCount = 1, MapCount = 1, Anon = true });
                    (maps[pfn], anon[pfn]) = (1, true);
                    break;
                case Kind.TakeCached:
                    table.Take(pfn, new Frame { RefCount = 1 });
                    (cached[pfn], anon[pfn]) = (true, false);
                    break;
                case Kind.Map when inUse:
                    table.AddReference(pfn, mapped: true);
                    maps[pfn]++;
                    break;
                case Kind.Unmap when maps[pfn] > 0:
                    maps[pfn]--;
                    Ends(table.DropReference(pfn, mapped: true), maps[pfn] == 0 && !cached[pfn]);
                    break;
                case Kind.Uncache when cached[pfn]:
                    cached[pfn] = false;
                    Ends(table.DropReference(pfn, mapped: false), maps[pfn] == 0);
                    break;
                default:
                    Should.Throw<InvalidOperationException>(() => table.DropReference(pfn, mapped: what != Kind.Uncache));

                    // A refused drop leaves the table unusable on purpose; the history ends.
                    return;
            }

            Compare(table, maps, cached, anon);
        }
    });

    private static Arbitrary<(Kind What, int Pfn)[]> Histories => Properties.Sequences(
        from what in Gen.Elements(Enum.GetValues<Kind>())
        from pfn in Gen.Choose(0, Frames - 1)
        select (what, pfn),
        60);

    private static void Ends(Frame? ended, bool expected) => (ended is not null).ShouldBe(expected);

    private static void Compare(FrameTable table, int[] maps, bool[] cached, bool[] anon)
    {
        table.Count.ShouldBe(Enumerable.Range(0, Frames).Count(i => maps[i] > 0 || cached[i]));
        foreach (var (pfn, frame) in table.All)
        {
            (frame.MapCount, frame.RefCount).ShouldBe((maps[pfn], maps[pfn] + (cached[pfn] ? 1 : 0)));
            table.CanReuse(pfn).ShouldBe(maps[pfn] == 1 && anon[pfn]);
        }
    }
}
