using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <content>Several calls in one message.</content>
public sealed partial class HstateGrain
{
    /// <inheritdoc/>
    public async ValueTask<HstateCallAnswer[]> Combined(HstateCall[] calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var answers = new HstateCallAnswer[calls.Length];
        for (var i = 0; i < calls.Length; i++)
        {
            try
            {
                answers[i] = await Carry(calls[i]);
            }
            catch (InvalidOperationException refused)
            {
                // It was given up, or breaks a rule: that is the matter of who made it, not of those beside it. A lost state is everybody's.
                answers[i] = new HstateCallAnswer(0, Epoch, refused.Message);
            }
        }

        return answers;
    }

    // Each call is what it would have been by itself, with its own name in the log.
    private async ValueTask<HstateCallAnswer> Carry(HstateCall call)
    {
        if (call.Reserve is { } reserve)
        {
            return Plain(await Reserve(reserve, call.Operation));
        }

        if (call.Unreserve is { } unreserve)
        {
            return Plain(await Unreserve(unreserve, call.Operation));
        }

        if (call.Alloc is { } alloc)
        {
            var page = await AllocHugePage(alloc, call.Operation);
            return new HstateCallAnswer(page.Value, page.Epoch, null);
        }

        return Plain(await FreeHugePages(call.Free!, call.Operation));

        static HstateCallAnswer Plain(Answer<Model.Errno> answer) => new((long)answer.Value, answer.Epoch, null);
    }
}
