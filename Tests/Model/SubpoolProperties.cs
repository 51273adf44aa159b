using FsCheck;
using FsCheck.Fluent;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Model;

/// <summary>Laws of the subpool that hold for every mount and every history.</summary>
public sealed class SubpoolProperties
{
    private const int Cases = 3000;

    private static Arbitrary<(Mount Mount, int[] Deltas)> Histories
    {
        get
        {
            var mount =
                from max in Gen.Frequency((1, Gen.Constant(-1)), (3, Gen.Choose(0, 12)))
                from min in Gen.Frequency((1, Gen.Constant(-1)), (3, Gen.Choose(0, max < 0 ? 12 : max)))
                select new Mount(max, min);
            var deltas = Properties.Sequences(Gen.Choose(-8, 8), 40);
            return Arb.From(
                mount.Zip(deltas.Generator),
                pair => deltas.Shrinker(pair.Item2).Select(shorter => (pair.Item1, shorter)));
        }
    }

    [Fact]
    [Trait("Row", "R21")]
    public void AnyHistory_KeepsTheBoundsAndTheSums() => Properties.Check(Histories, Cases, history =>
    {
        var (mount, pool) = (history.Mount, history.Mount.Create());
        long inUse = 0;
        var global = Math.Max(mount.Min, 0L);
        foreach (var delta in history.Deltas)
        {
            var before = pool.State with { };
            if (delta >= 0)
            {
                var asked = pool.GetPages(delta);
                if (asked < 0)
                {
                    asked.ShouldBe(-12);
                    pool.State.ShouldBe(before);
                    (inUse + delta).ShouldBeGreaterThan(mount.Max);
                    continue;
                }

                asked.ShouldBeInRange(0, delta);
                (delta - asked).ShouldBe(Math.Min(delta, before.RsvHpages));
                (global, inUse) = (global + asked, inUse + delta);
            }
            else
            {
                var given = Math.Min(-delta, inUse);
                var dropped = pool.PutPages(given);
                dropped.ShouldBeInRange(0, given);
                (global, inUse) = (global - dropped, inUse - given);
            }

            // Every page that the global pool was charged for is either in use or in the reserve.
            global.ShouldBe(inUse + pool.State.RsvHpages);
            pool.State.RsvHpages.ShouldBeInRange(0, Math.Max(mount.Min, 0));
            pool.State.UsedHpages.ShouldBe(mount.Max < 0 ? 0 : inUse);
            mount.Max.ShouldSatisfyAllConditions(max => (max < 0 || inUse <= max).ShouldBeTrue());
        }

        // At the end all is given back, and the mount with it.
        pool.PutSubpool();
        global -= pool.PutPages(inUse);
        global.ShouldBe(Math.Max(mount.Min, 0L));
        pool.ReleaseIfFree().ShouldBe(global);
    });

    [Fact]
    [Trait("Row", "R21")]
    public void GetThenPut_KeepsTheSumAndRestoresACompleteReserve() => Properties.Check(Histories, Cases, history =>
    {
        var pool = After(history);
        var before = pool.State with { };
        var delta = Math.Abs(history.Deltas[0]);

        var asked = pool.GetPages(delta);
        if (asked < 0)
        {
            return;
        }

        var dropped = pool.PutPages(delta);

        // The sum is kept always. The reserve is the same again only if it was complete or could serve the request alone: else the
        // kernel puts pages into it that came from the global pool, and once the minimum is in use it puts none into it.
        (asked - dropped).ShouldBe(pool.State.RsvHpages - before.RsvHpages);
        pool.State.UsedHpages.ShouldBe(before.UsedHpages);
        var restores = before.UsedHpages < history.Mount.Min
            ? before.RsvHpages == history.Mount.Min || asked == 0
            : before.RsvHpages == 0 || delta == 0;
        if (restores)
        {
            pool.State.ShouldBe(before);
            dropped.ShouldBe(asked);
        }
    });

    [Fact]
    [Trait("Row", "R21")]
    public void GetInParts_AnswersTheSameSum() => Properties.Check(Histories, Cases, history =>
    {
        var (whole, parts) = (After(history), After(history));
        var delta = history.Deltas.Length;
        var asked = whole.GetPages(delta);
        if (asked < 0)
        {
            return;
        }

        long sum = 0;
        for (var i = 0; i < delta; i++)
        {
            sum += parts.GetPages(1);
        }

        sum.ShouldBe(asked);
        parts.State.ShouldBe(whole.State);
    });

    [Fact]
    [Trait("Row", "R21")]
    public void FailedGlobalReservation_UndoneAsTheKernelDoes_LeavesNoUseAndKeepsTheSum() => Properties.Check(Histories, Cases, history =>
    {
        var pool = After(history);
        var before = pool.State with { };
        var asked = pool.GetPages(history.Deltas.Length);
        if (asked <= 0)
        {
            return;
        }

        // What came from the reserve is put back; what the global pool refused only stops being in use.
        var dropped = pool.PutPages(history.Deltas.Length - asked);
        pool.RestoreUsed(asked);

        // With the minimum in use the put does not refill the reserve, and the caller drops the pages from the global pool instead.
        pool.State.UsedHpages.ShouldBe(before.UsedHpages);
        pool.State.RsvHpages.ShouldBe(before.RsvHpages - dropped);
    });

    private static Subpool After((Mount Mount, int[] Deltas) history)
    {
        var pool = history.Mount.Create();
        long inUse = 0;
        foreach (var delta in history.Deltas)
        {
            if (delta >= 0)
            {
                inUse += pool.GetPages(delta) >= 0 ? delta : 0;
            }
            else
            {
                var given = Math.Min(-delta, inUse);
                pool.PutPages(given);
                inUse -= given;
            }
        }

        return pool;
    }

    public sealed record Mount(int Max, int Min)
    {
        public Subpool Create() => new(Max, Min);
    }
}
