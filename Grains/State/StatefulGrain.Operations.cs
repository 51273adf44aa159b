using System.Text.Json;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>What is asked twice is done once: the calls that arrive, and those that are made.</content>
public abstract partial class StatefulGrain<TState>
{
    private OperationLog? _operations;
    private CallLane? _lane;
    private Dictionary<(long Session, int Slot), TaskCompletionSource>? _joined;
    private bool _hasEnded;
    private bool _isForgotten;

    private OperationLog Operations => _operations ??= new OperationLog();

    /// <summary>Has the life of the grain ended, and does it only wait until its caller knows?</summary>
    protected bool HasEnded => _hasEnded;

    // The state of a grain that lives, or the last answers of one that has ended, until its caller has them.
    private bool IsKept => _hasEnded ? _operations is not null && !_isForgotten : Capture() is not null;

    /// <summary>A session of this grain's own, for calls to grains that only few call: they keep one entry for it.</summary>
    private protected CallLane Lane => _lane ??= Calls.Repeated.NewLane();

    /// <summary>
    /// Does an operation once. A copy that arrives later gets the same answer, or the same failure; one that arrives while the first is under way waits for it. An operation
    /// without a name is done each time.
    /// </summary>
    private protected ValueTask<T> Serve<TGrain, TCall, T>(Operation operation, TGrain self, TCall call, Func<TGrain, TCall, Flow<T>> body)
    {
        if (operation.Session == 0)
        {
            return body(self, call);
        }

        switch (Look(operation, out var known))
        {
            case OperationStage.Done:
                return known.Value is Exception failure ? ValueTask.FromException<T>(failure) : new(Unpack<T>(known));
            case OperationStage.UnderWay:
                return Join(operation, self, call, body);
        }

        Operations.Begin(operation.Session, operation.Slot, operation.Sequence);
        Flow<T> done;
        try
        {
            done = body(self, call);
        }
        catch (Exception failure)
        {
            KeepAndTell(operation, new OperationAnswer(0, failure));
            throw;
        }

        if (!done.HasAnswer)
        {
            return Finish(operation, done);
        }

        var answer = done.Answer;
        KeepAndTell(operation, Pack(answer));
        return new(answer);
    }

    /// <summary>As the other one, for an operation without an answer.</summary>
    private protected ValueTask Serve<TGrain, TCall>(Operation operation, TGrain self, TCall call, Func<TGrain, TCall, ValueTask> body)
    {
        if (operation.Session == 0)
        {
            return body(self, call);
        }

        switch (Look(operation, out var known))
        {
            case OperationStage.Done:
                return known.Value is Exception failure ? ValueTask.FromException(failure) : ValueTask.CompletedTask;
            case OperationStage.UnderWay:
                return Join(operation, self, call, body);
        }

        Operations.Begin(operation.Session, operation.Slot, operation.Sequence);
        ValueTask done;
        try
        {
            done = body(self, call);
        }
        catch (Exception failure)
        {
            KeepAndTell(operation, new OperationAnswer(0, failure));
            throw;
        }

        if (!done.IsCompletedSuccessfully)
        {
            return Finish(operation, done);
        }

        done.GetAwaiter().GetResult();
        KeepAndTell(operation, default);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// The life of the grain ends with what it does now. Nobody who names operations calls it: it goes. Else it waits until its caller has the answer.
    /// </summary>
    private protected void EndLife()
    {
        _hasEnded = true;
        if (_operations is null)
        {
            DeactivateOnIdle();
        }
    }

    /// <summary>The answer that ended the life of this grain has arrived.</summary>
    private protected ValueTask ForgetEnded()
    {
        if (_hasEnded || Epoch == 0)
        {
            _isForgotten = true;
            DeactivateOnIdle();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Looks at an operation before it is done. One that has seen a newer activation of this grain is refused, and so is all that comes after it: this
    /// activation should be gone.
    /// </summary>
    /// <returns>True if the operation was done before; then <paramref name="answer"/> is what was answered.</returns>
    private protected bool Repeats(Operation operation, out OperationAnswer answer) => Look(operation, out answer) == OperationStage.Done;

    /// <summary>Keeps the answer of an operation that was done.</summary>
    private protected Answer<T> Done<T>(Operation operation, T answer)
    {
        Operations.Keep(operation.Session, operation.Slot, operation.Sequence, Pack(answer));
        return new(answer, Epoch);
    }

    private protected Answer<Errno> Done(Operation operation) => Done(operation, Errno.None);

    /// <summary>The answer that was given before.</summary>
    private protected Answer<T> Again<T>(OperationAnswer answer) => new(Unpack<T>(answer), Epoch);

    private protected Answer<Errno> Again(OperationAnswer answer) => Again<Errno>(answer);

    private protected Answer<long> AgainNumber(OperationAnswer answer) => Again<long>(answer);

    private protected Answer<bool> AgainTruth(OperationAnswer answer) => Again<bool>(answer);

    /// <summary>
    /// Two activations of this grain have a state, or two of the one that makes it. What either has done is true of half of the machine only: this one refuses and ends without
    /// leaving its state anywhere, and the machine is broken.
    /// </summary>
    /// <param name="how">How it was noticed.</param>
    private protected StateLostException Second(string how)
    {
        var loss = new StateLoss(Name, $"{Name} has two activations that hold state. The one on silo {RuntimeIdentity} is refused: {how}.");
        _isStale = true;
        DeactivateOnIdle();
        Report(loss);
        return ErrorOf(loss);
    }

    private OperationStage Look(Operation operation, out OperationAnswer answer)
    {
        if (operation.Epoch > Epoch)
        {
            _isStale = true;
            DeactivateOnIdle();
            throw new StaleEpochException(Name, Epoch, operation.Epoch, RuntimeIdentity);
        }

        if (operation.Life != Life && operation.Life != 0 && Life != 0)
        {
            throw Second($"it began its life with epoch {Life}, and its caller knows the activation that began with epoch {operation.Life}");
        }

        if (Epoch == 0 && operation.Session != 0 && Calls.Ended.Repeats(operation, out answer))
        {
            return OperationStage.Done;
        }

        if (_operations is null)
        {
            answer = default;
            return OperationStage.New;
        }

        return _operations.Look(operation.Session, operation.Slot, operation.Sequence, out answer);
    }

    private async ValueTask<T> Finish<T>(Operation operation, Flow<T> done)
    {
        try
        {
            var answer = await done;
            KeepAndTell(operation, Pack(answer));
            return answer;
        }
        catch (Exception failure)
        {
            KeepAndTell(operation, new OperationAnswer(0, failure));
            throw;
        }
    }

    private async ValueTask Finish(Operation operation, ValueTask done)
    {
        try
        {
            await done;
            KeepAndTell(operation, default);
        }
        catch (Exception failure)
        {
            KeepAndTell(operation, new OperationAnswer(0, failure));
            throw;
        }
    }

    private async ValueTask<T> Join<TGrain, TCall, T>(Operation operation, TGrain self, TCall call, Func<TGrain, TCall, Flow<T>> body)
    {
        await End(operation);
        return await Serve(operation, self, call, body);
    }

    private async ValueTask Join<TGrain, TCall>(Operation operation, TGrain self, TCall call, Func<TGrain, TCall, ValueTask> body)
    {
        await End(operation);
        await Serve(operation, self, call, body);
    }

    // Of the copy that came first.
    private Task End(Operation operation)
    {
        _joined ??= [];
        if (!_joined.TryGetValue((operation.Session, operation.Slot), out var ended))
        {
            _joined[(operation.Session, operation.Slot)] = ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return ended.Task;
    }

    private void KeepAndTell(Operation operation, OperationAnswer answer)
    {
        Operations.Keep(operation.Session, operation.Slot, operation.Sequence, answer);
        if (_joined is not null && _joined.Remove((operation.Session, operation.Slot), out var ended))
        {
            ended.SetResult();
        }
    }

    private static OperationAnswer Pack<T>(T answer) => answer switch
    {
        Errno error => new((long)error),
        bool truth => new(truth ? 1 : 0),
        long number => new(number),
        int number => new(number),
        _ => new(0, answer),
    };

    private static T Unpack<T>(OperationAnswer answer) =>
        typeof(T) == typeof(Errno) ? (T)(object)(Errno)answer.Number
        : typeof(T) == typeof(bool) ? (T)(object)(answer.Number != 0)
        : typeof(T) == typeof(long) ? (T)(object)answer.Number
        : typeof(T) == typeof(int) ? (T)(object)(int)answer.Number
        : answer.Value is T value ? value
        : answer.Value is string text ? JsonSerializer.Deserialize<T>(text)!
        : default!;
}
