using Hugesim.Abstractions;
using Orleans.Storage;

namespace Hugesim.Grains;

/// <summary>
/// The one place that sends again. A call that timed out, was refused on its way or lost its silo is repeated under the name of the same operation, so that it
/// is done once whatever was lost; its callers get an answer, or the error that says what is gone.
/// </summary>
/// <param name="clock">For the pauses.</param>
/// <param name="nextLoss">For callers outside of the silos: ends when calls that are under way may have lost their answer; null if they are told.</param>
public sealed class RepeatedCalls(TimeProvider clock, Func<Task>? nextLoss = null)
{
    // A silo on its way out refuses at once, and the next one may need half a minute to be known. A call without answer has waited for its CallTimes each time, and what it
    // asks for may be hours of work.
    internal const int Patience = 240;
    private const int PatienceForRefusal = 6;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    internal TimeProvider Clock => clock;

    /// <summary>A caller of one grain, or of few, one after the other.</summary>
    public CallLane NewLane() => new(this);

    /// <summary>Has an operation done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async ValueTask<T> Once<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
    {
        var slot = OperationSlot.Rent();
        slot.Next();
        try
        {
            return await Send(grain, request, slot.Name(0, life), call);
        }
        finally
        {
            slot.Return();
        }
    }

    /// <summary>Has an operation without an answer done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async ValueTask Once<TGrain, TRequest>(TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask> call, long life = 0) =>
        await Once(grain, (request, call), static (grain, request, operation) => Nothing(request.call(grain, request.request, operation)), life);

    /// <summary>Asks for what changes nothing, as often as it takes.</summary>
    public ValueTask<T> Ask<TGrain, TRequest, T>(TGrain grain, TRequest request, Func<TGrain, TRequest, ValueTask<T>> call) =>
        Send(grain, (request, call), default, static (grain, request, _) => request.call(grain, request.request));

    /// <summary>May this call be sent again, and is it worth it?</summary>
    /// <param name="failure">How it failed.</param>
    /// <param name="patience">What is left of it.</param>
    internal static bool MayRepeat(Exception failure, ref int patience)
    {
        patience -= failure is TimeoutException ? 1 : PatienceForRefusal;
        return patience > 0 && failure is TimeoutException or OrleansMessageRejectionException or StaleEpochException or InconsistentStateException;
    }

    /// <summary>Before it is sent again: the silo may be on its way out of the cluster, or the right activation on its way in.</summary>
    internal Task Pause(int attempt)
    {
        var pause = s_firstPause * Math.Pow(2, Math.Min(attempt, 10));
        return Task.Delay(pause < s_longestPause ? pause : s_longestPause, clock);
    }

    internal async ValueTask<T> Send<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Operation operation, Func<TGrain, TRequest, Operation, ValueTask<T>> call)
    {
        for (var (attempt, patience) = (1, Patience); ; attempt++)
        {
            try
            {
                var lost = nextLoss?.Invoke();
                var answer = call(grain, request, operation);
                return await (lost is null ? answer : UnlessLost(answer, lost));
            }
            catch (Exception failure) when (MayRepeat(failure, ref patience))
            {
                await Pause(attempt);
            }
        }
    }

    internal static async ValueTask<bool> Nothing(ValueTask call)
    {
        await call;
        return true;
    }

    private static async ValueTask<T> UnlessLost<T>(ValueTask<T> answer, Task lost)
    {
        if (answer.IsCompletedSuccessfully)
        {
            return answer.Result;
        }

        var call = answer.AsTask();
        if (await Task.WhenAny(call, lost) == call)
        {
            return await call;
        }

        _ = call.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        throw new TimeoutException("a silo has gone that may have held the call");
    }
}

/// <summary>
/// A session of its own for a caller that makes one call after the other, or a few at once: what is called keeps one entry for it, not one for each slot of
/// a whole process.
/// </summary>
public sealed class CallLane
{
    private readonly RepeatedCalls _calls;
    private readonly long _session;
    private long _sequence;
    private int _busy;

    /// <summary>A new session.</summary>
    internal CallLane(RepeatedCalls calls)
        : this(calls, new CallLaneState(Random.Shared.NextInt64(1, long.MaxValue), 0))
    {
    }

    /// <summary>A session that goes on.</summary>
    internal CallLane(RepeatedCalls calls, CallLaneState state) => (_calls, _session, _sequence) = (calls, state.Session, state.Sequence);

    /// <summary>Has an operation done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async ValueTask<T> Once<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
    {
        var slot = Take();
        try
        {
            return await _calls.Send(grain, request, new Operation(_session, slot, Interlocked.Increment(ref _sequence), 0, life), call);
        }
        finally
        {
            Interlocked.And(ref _busy, ~(1 << slot));
        }
    }

    /// <summary>Has an operation without an answer done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async ValueTask Once<TGrain, TRequest>(TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask> call, long life = 0) =>
        await Once(grain, (request, call), static (grain, request, operation) => RepeatedCalls.Nothing(request.call(grain, request.request, operation)), life);

    /// <summary>
    /// Has an operation done once, or gives it up where it is not answered in time: it may still be done, but not after the next operation of this caller.
    /// </summary>
    /// <returns>Whether it was answered, and the answer.</returns>
    internal async ValueTask<(bool InTime, T? Answer)> OnceWithin<TGrain, TRequest, T>(
        TimeSpan time, TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
    {
        var slot = Take();
        try
        {
            var done = _calls.Send(grain, request, new Operation(_session, slot, Interlocked.Increment(ref _sequence), 0, life), call).AsTask();
            try
            {
                return (true, await done.WaitAsync(time, _calls.Clock));
            }
            catch (TimeoutException)
            {
                if (done.IsCompleted)
                {
                    return (true, await done);
                }

                _ = Observe(done);
                return (false, default);
            }
        }
        finally
        {
            Interlocked.And(ref _busy, ~(1 << slot));
        }
    }

    private static async Task Observe(Task given)
    {
        try
        {
            await given;
        }
        catch (Exception)
        {
            // Nobody waits for it any more.
        }
    }

    /// <summary>As plain data, while no call is under way.</summary>
    internal CallLaneState Capture() => new(_session, _sequence);

    // The lowest slot that is free.
    private int Take()
    {
        while (true)
        {
            var busy = Volatile.Read(ref _busy);
            var slot = System.Numerics.BitOperations.TrailingZeroCount(~busy);
            if (slot >= 31)
            {
                throw new InvalidOperationException("a caller with a session of its own has too many calls under way");
            }

            if (Interlocked.CompareExchange(ref _busy, busy | (1 << slot), busy) == busy)
            {
                return slot;
            }
        }
    }
}

/// <summary>A session of a caller as plain data.</summary>
/// <param name="Session">Its number.</param>
/// <param name="Sequence">Operations so far.</param>
public sealed record CallLaneState(long Session, long Sequence);
