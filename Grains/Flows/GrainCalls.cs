using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>
/// Calls to one grain that change its state. The one place that sends again: a call that timed out, or whose silo was lost on the way, is repeated under the
/// name of the same operation, so that it is done once whatever was lost; and an answer of an activation that should be gone is not taken.
/// </summary>
internal sealed class GrainCalls<TGrain>(TGrain grain, string kind, string key, EpochCell epoch, TimeProvider clock)
{
    private const int Attempts = 5;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Has an operation done once.</summary>
    public async ValueTask<T> Once<TRequest, T>(TRequest request, Func<TGrain, TRequest, Operation, ValueTask<Answer<T>>> call)
    {
        var slot = OperationSlot.Rent();
        slot.Next();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    var answer = await call(grain, request, slot.Name(epoch.Highest));
                    return epoch.Saw(answer.Epoch) ? answer.Value : throw new StaleEpochException($"{kind} {key}", answer.Epoch, epoch.Highest, null);
                }
                catch (Exception failure) when (attempt < Attempts && MayBeRepeated(failure))
                {
                    // The silo may be on its way out of the cluster, or the right activation on its way in.
                    await Task.Delay(s_firstPause * (1 << attempt), clock);
                }
            }
        }
        finally
        {
            slot.Return();
        }
    }

    /// <summary>Asks for what changes nothing, as often as it takes.</summary>
    public async ValueTask<T> Ask<TRequest, T>(TRequest request, Func<TGrain, TRequest, ValueTask<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(grain, request);
            }
            catch (Exception failure) when (attempt < Attempts && MayBeRepeated(failure))
            {
                await Task.Delay(s_firstPause * (1 << attempt), clock);
            }
        }
    }

    private static bool MayBeRepeated(Exception failure) => failure is TimeoutException or OrleansMessageRejectionException or StaleEpochException;
}
