using Hugesim.Abstractions;
using Orleans.Storage;

namespace Hugesim.Grains;

/// <summary>
/// The one place that sends again. A call that timed out, was refused on its way or lost its silo is repeated under the name of the same operation, so that it
/// is done once whatever was lost; its callers get an answer, or the error that says what is gone.
/// </summary>
/// <param name="clock">For the pauses.</param>
/// <param name="connection">For callers outside of the silos; null for those inside, who are told of everything.</param>
public sealed class RepeatedCalls(TimeProvider clock, ISiloConnection? connection = null)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    internal TimeProvider Clock => clock;

    /// <summary>A caller of one grain, or of few, one after the other.</summary>
    public CallLane NewLane() => new(this);

    /// <summary>Has an operation done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async Flow<T> Once<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
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
                    return await Try(grain, request, slot.Name(0, life), call);
                }
                catch (Exception failure) when (Attempts.MayRepeat(failure))
                {
                    await Pause(attempts.Next(failure));
                }
            }
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
    public Flow<T> Ask<TGrain, TRequest, T>(TGrain grain, TRequest request, Func<TGrain, TRequest, ValueTask<T>> call) =>
        Send(grain, (request, call), default, static (grain, request, _) => request.call(grain, request.request));

    /// <summary>Before it is sent again: the silo may be on its way out of the cluster, or the right activation on its way in.</summary>
    internal Task Pause(int attempt)
    {
        var pause = s_firstPause * Math.Pow(2, Math.Min(attempt, 10));
        return Task.Delay(pause < s_longestPause ? pause : s_longestPause, clock);
    }

    internal async Flow<T> Send<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Operation operation, Func<TGrain, TRequest, Operation, ValueTask<T>> call)
    {
        var attempts = default(Attempts);
        while (true)
        {
            try
            {
                return await Try(grain, request, operation, call);
            }
            catch (Exception failure) when (Attempts.MayRepeat(failure))
            {
                await Pause(attempts.Next(failure));
            }
        }
    }

    /// <summary>Sends once.</summary>
    internal ValueTask<T> Try<TGrain, TRequest, T>(TGrain grain, TRequest request, Operation operation, Func<TGrain, TRequest, Operation, ValueTask<T>> call)
    {
        var lost = connection?.NextLoss;
        var answer = call(grain, request, operation);
        return lost is null ? answer : UnlessLost(answer, lost);
    }

    /// <summary>Sends once what has no answer.</summary>
    internal ValueTask Try<TGrain, TRequest>(TGrain grain, TRequest request, Operation operation, Func<TGrain, TRequest, Operation, ValueTask> call)
    {
        var lost = connection?.NextLoss;
        var done = call(grain, request, operation);
        return lost is null ? done : new(UnlessLost(Nothing(done), lost).AsTask());
    }

    internal static async ValueTask<bool> Nothing(ValueTask call)
    {
        await call;
        return true;
    }

    private async ValueTask<T> UnlessLost<T>(ValueTask<T> answer, Task lost)
    {
        if (answer.IsCompletedSuccessfully)
        {
            return answer.Result;
        }

        var call = answer.AsTask();
        if (await Task.WhenAny(call, lost) == call)
        {
            try
            {
                return await call;
            }
            catch (Exception failure) when (connection!.IsRefusal(failure))
            {
                throw new SiloUnavailableException(failure.Message, failure);
            }
        }

        _ = call.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        throw new TimeoutException("a silo has gone that may have held the call");
    }
}

/// <summary>What became of the attempts at one call so far; new as <c>default</c>.</summary>
internal struct Attempts
{
    // Each way to call has the loop around its attempts itself: one method for all would be a layer more for every message, and takes 7 % of the speed of faults and of schedules.

    // A silo on its way out refuses at once, and the next one may need half a minute to be known. A call without answer has waited for its CallTimes each time, and what it
    // asks for may be hours of work.
    private const int Patience = 240;
    private const int PatienceForRefusal = 6;
    private int _usedPatience;
    private int _failed;

    /// <summary>May a call that failed like this be sent again?</summary>
    public static bool MayRepeat(Exception failure) =>
        failure is TimeoutException or OrleansMessageRejectionException or StaleEpochException or InconsistentStateException;

    /// <summary>Counts a failed attempt.</summary>
    /// <param name="failure">How it failed.</param>
    /// <returns>How many have failed.</returns>
    /// <exception cref="CallGivenUpException">It is not worth another one. No caller above repeats that: each of them would have as much patience again.</exception>
    public int Next(Exception failure)
    {
        _failed++;
        _usedPatience += failure is TimeoutException ? 1 : PatienceForRefusal;
        return _usedPatience < Patience ? _failed : throw new CallGivenUpException(_failed, failure);
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
    public async Flow<T> Once<TGrain, TRequest, T>(
        TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
    {
        var operation = Begin(life);
        var attempts = default(Attempts);
        try
        {
            while (true)
            {
                try
                {
                    return await _calls.Try(grain, request, operation, call);
                }
                catch (Exception failure) when (Attempts.MayRepeat(failure))
                {
                    await _calls.Pause(attempts.Next(failure));
                }
            }
        }
        finally
        {
            End(operation);
        }
    }

    /// <summary>Has an operation without an answer done once; <paramref name="life"/> is the life of the grain that the caller knows.</summary>
    public async ValueTask Once<TGrain, TRequest>(TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask> call, long life = 0)
    {
        var operation = Begin(life);
        var attempts = default(Attempts);
        try
        {
            while (true)
            {
                try
                {
                    await _calls.Try(grain, request, operation, call);
                    return;
                }
                catch (Exception failure) when (Attempts.MayRepeat(failure))
                {
                    await _calls.Pause(attempts.Next(failure));
                }
            }
        }
        finally
        {
            End(operation);
        }
    }

    /// <summary>
    /// Has an operation done once, or gives it up where it is not answered in time: it may still be done, but not after the next operation of this caller.
    /// </summary>
    /// <returns>Whether it was answered, and the answer.</returns>
    internal async ValueTask<(bool InTime, T? Answer)> OnceWithin<TGrain, TRequest, T>(
        TimeSpan time, TGrain grain, TRequest request, Func<TGrain, TRequest, Operation, ValueTask<T>> call, long life = 0)
    {
        var operation = Begin(life);
        try
        {
            var done = _calls.Send(grain, request, operation, call).AsTask();
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
            End(operation);
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

    private Operation Begin(long life)
    {
        var slot = Take();
        return new Operation(_session, slot, Interlocked.Increment(ref _sequence), 0, life);
    }

    private void End(Operation operation) => Interlocked.And(ref _busy, ~(1 << operation.Slot));

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
