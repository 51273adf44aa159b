using FsCheck;
using FsCheck.Fluent;
using Hugesim.Abstractions;
using Hugesim.Explore;
using Hugesim.Model;
using Hugesim.Tests.Support;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Explore;

public sealed class LinearizabilityCheckerTests
{
    private static readonly KernelProfile s_kernel = KernelProfiles.Newest.Repaired();

    // Up to six calls of a register, each with a time to begin, a duration, and an answer of which half are wrong somewhere.
    private static Arbitrary<ObservedCall<RegisterCall>[]> Histories
    {
        get
        {
            var call =
                from isWrite in Gen.Choose(0, 1)
                from value in Gen.Choose(0, 2)
                from sent in Gen.Choose(0, 12)
                from time in Gen.Frequency((5, Gen.Choose(1, 8)), (1, Gen.Constant(0)))
                select new ObservedCall<RegisterCall>(new RegisterCall(isWrite == 1, value, time != 0), sent, time == 0 ? long.MaxValue : sent + time);
            return Properties.Sequences(call, 6);
        }
    }

    [Fact]
    public void AnyHistory_IsJudgedAsByTryingEveryOrder() => Properties.Check(Histories, 3000, history =>
        LinearizabilityChecker.IsLinearizable(new Register(0), history).ShouldBe(ByTryingEveryOrder(new Register(0), [.. history], long.MinValue)));

    [Fact]
    public void Histories_OfBothKinds_AreAmongThoseTried()
    {
        var judged = new HashSet<bool>();
        Properties.Check(Histories, 500, history => judged.Add(ByTryingEveryOrder(new Register(0), [.. history], long.MinValue)));
        judged.Count.ShouldBe(2);
    }

    [Fact]
    public void Pool_TwoReservationsOfTheLastPage_CannotBothSucceed()
    {
        GrainCall[] calls = [Boot(), Call(nameof(IHstateGrain.SetMaxHugePages), Errno.None, new SetPoolRequest(1, -1, ~0L)), Reserve(Errno.None), Reserve(Errno.ENOMEM)];
        Judge(calls).ShouldBe(true);
        calls[3] = Reserve(Errno.None);
        Judge(calls).ShouldBe(false);

        // Nobody knows whether a call without an answer took effect.
        calls[3] = Reserve(Errno.None) with { IsAnswered = false, Answer = null };
        Judge(calls).ShouldBe(true);
    }

    [Fact]
    public void Pool_OneFrame_CannotBeHandedOutTwice()
    {
        var first = Alloc(Pfn.Make(0, 0));
        GrainCall[] calls = [Boot(), Call(nameof(IHstateGrain.SetMaxHugePages), Errno.None, new SetPoolRequest(2, -1, ~0L)), first, Alloc(Pfn.Make(0, 1))];
        (Judge(calls) is true || Judge([calls[0], calls[1], Alloc(Pfn.Make(0, 1)), Alloc(Pfn.Make(0, 0))]) is true).ShouldBeTrue();
        Judge([calls[0], calls[1], first, first]).ShouldBe(false);
    }

    [Fact]
    public void Subpool_AnswersOfAnyHistory_AreThoseOfTheModel() => Properties.Check(Properties.Sequences(Gen.Choose(-4, 4), 20), 500, deltas =>
    {
        var model = new Subpool(10, 4);
        var checkedBy = new SequentialSubpool(s_kernel);
        checkedBy.Accepts(Call(nameof(ISubpoolGrain.Create), Errno.None, new CreateSubpool(new MachineContext("m", s_kernel.Name), TaskContext.Default, 10, 4))).ShouldBeTrue();
        var used = 0;
        foreach (var delta in deltas)
        {
            var pages = delta >= 0 ? delta : Math.Min(-delta, used);
            var answer = delta >= 0 ? model.GetPages(pages) : model.PutPages(pages);
            used += answer < 0 ? 0 : delta >= 0 ? pages : -pages;
            var method = delta >= 0 ? nameof(ISubpoolGrain.GetPages) : nameof(ISubpoolGrain.PutPages);
            checkedBy.Copy().Accepts(Call(method, answer + 1, (long)pages)).ShouldBeFalse();
            checkedBy.Accepts(Call(method, answer, (long)pages)).ShouldBeTrue();
        }
    });

    private static bool? Judge(GrainCall[] calls) => LinearizabilityChecker.IsLinearizable(
        new SequentialPool(),
        [.. calls.Select((call, i) => new ObservedCall<GrainCall>(call, i < 2 ? i * 2 : 10, !call.IsAnswered ? long.MaxValue : i < 2 ? i * 2 + 1 : 20))]);

    private static GrainCall Boot() => Call(nameof(IHstateGrain.Boot), null, new HstateBoot(s_kernel.Name, 1, 100));

    private static GrainCall Reserve(Errno answer) => Call(nameof(IHstateGrain.Reserve), answer, new ReserveRequest(TaskContext.Default, 1, 0));

    private static GrainCall Alloc(long pfn) =>
        Call(nameof(IHstateGrain.AllocHugePage), pfn, new AllocRequest(0, false, false, 0, ~0L, 0));

    private static GrainCall Call(string method, object? answer, params object[] arguments) => new(method, arguments, answer, true);

    // Every order that keeps to real time, with or without each call that was never answered.
    private static bool ByTryingEveryOrder(Register register, List<ObservedCall<RegisterCall>> left, long latestSent)
    {
        if (left.TrueForAll(call => !call.IsAnswered))
        {
            return true;
        }

        foreach (var next in left.ToArray())
        {
            // Whatever is left must not have been answered before one that is already done was sent.
            var sent = Math.Max(latestSent, next.Sent);
            var rest = left.Where(call => call != next).Concat(left.Where(call => call == next).Skip(1)).ToList();
            var after = (Register)register.Copy();
            if (rest.TrueForAll(call => call.Answered > sent) && after.Accepts(next.Call) && ByTryingEveryOrder(after, rest, sent))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct RegisterCall(bool IsWrite, int Value, bool IsAnswered);

    private sealed class Register(int value) : ISequentialObject<RegisterCall>
    {
        private int _value = value;

        public string Digest => $"{_value}";

        public bool Accepts(RegisterCall call)
        {
            var before = _value;
            _value = call.IsWrite ? call.Value : before;
            return call.IsWrite || !call.IsAnswered || call.Value == before;
        }

        public ISequentialObject<RegisterCall> Copy() => new Register(_value);
    }
}
