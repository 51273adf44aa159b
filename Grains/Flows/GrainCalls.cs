using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>
/// Calls to one grain that many share: an hstate, frames, a subpool. Besides the name of the operation they carry the highest epoch that was seen, and an answer of
/// an activation that should be gone is not taken.
/// </summary>
internal sealed class GrainCalls<TGrain>(TGrain grain, string kind, string key, EpochCell epoch, RepeatedCalls calls)
{
    /// <summary>Has an operation done once.</summary>
    public async Flow<T> Once<TRequest, T>(TRequest request, Func<TGrain, TRequest, Operation, ValueTask<Answer<T>>> call)
    {
        var slot = OperationSlot.Rent();
        slot.Next();
        var attempts = default(Attempts);
        try
        {
            while (true)
            {
                try
                {
                    var answer = await call(grain, request, slot.Name(epoch.Highest));
                    return epoch.Saw(answer.Epoch) ? answer.Value : throw new StaleEpochException($"{kind} {key}", answer.Epoch, epoch.Highest, null);
                }
                catch (Exception failure) when (Attempts.MayRepeat(failure))
                {
                    await calls.Pause(attempts.Next(failure));
                }
            }
        }
        finally
        {
            slot.Return();
        }
    }

    /// <summary>Asks for what changes nothing, as often as it takes.</summary>
    public Flow<T> Ask<TRequest, T>(TRequest request, Func<TGrain, TRequest, ValueTask<T>> call) => calls.Ask(grain, request, call);
}
