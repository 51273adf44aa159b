using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Several calls in one message.</content>
public sealed partial class HstateGrain
{
    /// <inheritdoc/>
    public ValueTask<CombinedAnswers> Combined(CombinedCalls calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var answers = new HstateCallAnswer[calls.Calls.Length];
        return Carry(calls.Calls, answers, 0) is { } unended
            ? Finish(calls.Calls, answers, unended)
            : new(new CombinedAnswers(answers));
    }

    // Where a call did not end in this turn, the others wait for it, as they would have done one by one.
    private async ValueTask<CombinedAnswers> Finish(ReadOnlyMemory<HstateCall> calls, HstateCallAnswer[] answers, Unended unended)
    {
        for (Unended? next = unended; next is { } call; next = Carry(calls, answers, call.Number + 1))
        {
            try
            {
                answers[call.Number] = await call.Answer;
            }
            catch (InvalidOperationException refused)
            {
                answers[call.Number] = Refuse(refused);
            }
        }

        return new CombinedAnswers(answers);
    }

    // The first call from a place on that does not end in this turn, or null.
    private Unended? Carry(ReadOnlyMemory<HstateCall> calls, HstateCallAnswer[] answers, int from)
    {
        for (var i = from; i < calls.Length; i++)
        {
            try
            {
                var answer = Carry(calls.Span[i]);
                if (!answer.IsCompleted)
                {
                    return new Unended(i, answer);
                }

                answers[i] = answer.Result;
            }
            catch (InvalidOperationException refused)
            {
                answers[i] = Refuse(refused);
            }
        }

        return null;
    }

    // Each call is what it would have been by itself, with its own name in the log.
    private ValueTask<HstateCallAnswer> Carry(in HstateCall call) =>
        call.Reserve is { } reserve ? Plain(Reserve(reserve, call.Operation))
        : call.Unreserve is { } unreserve ? Plain(Unreserve(unreserve, call.Operation))
        : call.Alloc is { } alloc ? Plain(AllocHugePage(alloc, call.Operation))
        : Plain(FreeHugePages(call.Free!, call.Operation));

    private static ValueTask<HstateCallAnswer> Plain(ValueTask<Answer<Errno>> call)
    {
        return call.IsCompletedSuccessfully ? new(Of(call.Result)) : Later(call);

        static async ValueTask<HstateCallAnswer> Later(ValueTask<Answer<Errno>> call) => Of(await call);

        static HstateCallAnswer Of(Answer<Errno> answer) => new((long)answer.Value, answer.Epoch, null);
    }

    private static ValueTask<HstateCallAnswer> Plain(ValueTask<Answer<long>> call)
    {
        return call.IsCompletedSuccessfully ? new(Of(call.Result)) : Later(call);

        static async ValueTask<HstateCallAnswer> Later(ValueTask<Answer<long>> call) => Of(await call);

        static HstateCallAnswer Of(Answer<long> answer) => new(answer.Value, answer.Epoch, null);
    }

    // It was given up, or breaks a rule: that is the matter of who made it, not of those beside it. A lost state is everybody's.
    private HstateCallAnswer Refuse(InvalidOperationException refused) => new(0, Epoch, refused.Message);

    private readonly record struct Unended(int Number, ValueTask<HstateCallAnswer> Answer);
}
