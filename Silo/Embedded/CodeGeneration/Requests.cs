using System.Threading.Tasks.Sources;

namespace Hugesim.Embedded.CodeGeneration;

/// <summary>A request with a result.</summary>
public abstract class GrainRequest<T> : GrainRequest, IValueTaskSource<T>, IValueTaskSource
{
    private T _result = default!;

    private protected GrainRequest(CallOptions options)
        : base(options)
    {
    }

    /// <inheritdoc/>
    public override object? Answer => _result;

    /// <inheritdoc/>
    public T GetResult(short token)
    {
        ThrowIfNotSucceeded();
        return _result;
    }

    /// <inheritdoc/>
    void IValueTaskSource.GetResult(short token) => ThrowIfNotSucceeded();

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => Status;

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        Continue(continuation, state, flags);

    private protected T Result
    {
        get => _result;
        set => _result = value;
    }

    /// <summary>Waits for a call that did not end at once; the rest runs in a later turn of the activation.</summary>
    private protected bool Await(Task task, Activation activation)
    {
        task.GetAwaiter().UnsafeOnCompleted(() => OnEnded(task, activation));
        return false;
    }

    /// <summary>Takes the result of a task that ended; the exception if it did not end well.</summary>
    private protected Exception? TakeResult(Task task)
    {
        if (task.IsCompletedSuccessfully)
        {
            if (task is Task<T> withResult)
            {
                _result = withResult.Result;
            }

            return null;
        }

        try
        {
            task.GetAwaiter().GetResult();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    /// <summary>
    /// A node sets the task in its own turn, where what awaits it may run at once. Without a node the task is set in the
    /// turn of the callee, where it must not.
    /// </summary>
    private protected static TaskCreationOptions WhereToContinue => ExecutionNode.Current is not null
        ? TaskCreationOptions.None
        : TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>An abandoned request has given its answer: the result of what ran on regardless is nobody's.</summary>
    private void OnEnded(Task task, Activation activation) => activation.OnInvoked(this, IsClaimed ? null : TakeResult(task));
}

/// <summary>A call of a method that returns <see cref="ValueTask{TResult}"/>; base of generated requests.</summary>
public abstract class ValueTaskRequest<T>(CallOptions options) : GrainRequest<T>(options)
{
    /// <summary>Calls the method.</summary>
    protected abstract ValueTask<T> Call(object grain);

    internal sealed override bool Invoke(object grain, Activation activation)
    {
        var call = Call(grain);
        if (call.IsCompletedSuccessfully)
        {
            Result = call.Result;
            return true;
        }

        return Await(call.AsTask(), activation);
    }
}

/// <summary>A call of a method that returns <see cref="ValueTask"/>; base of generated requests.</summary>
public abstract class ValueTaskRequest(CallOptions options) : GrainRequest<Nothing>(options)
{
    /// <summary>Calls the method.</summary>
    protected abstract ValueTask Call(object grain);

    internal sealed override bool Invoke(object grain, Activation activation)
    {
        var call = Call(grain);
        if (call.IsCompletedSuccessfully)
        {
            call.GetAwaiter().GetResult();
            return true;
        }

        return Await(call.AsTask(), activation);
    }
}

/// <summary>A call of a method that returns <see cref="Task{TResult}"/>; base of generated requests.</summary>
public abstract class TaskRequest<T>(CallOptions options) : GrainRequest<T>(options), IInlineCompletion
{
    private TaskCompletionSource<T>? _task;

    /// <summary>Calls the method.</summary>
    protected abstract Task<T> Call(object grain);

    internal Task<T> MakeTask()
    {
        _task = new TaskCompletionSource<T>(WhereToContinue);
        Continue(static s => ((TaskRequest<T>)s!).SetTask(), this, ValueTaskSourceOnCompletedFlags.None);
        return _task.Task;
    }

    internal sealed override bool Invoke(object grain, Activation activation)
    {
        var call = Call(grain);
        if (call.IsCompletedSuccessfully)
        {
            Result = call.Result;
            return true;
        }

        return Await(call, activation);
    }

    private void SetTask()
    {
        switch (Failure)
        {
            case null: _task!.SetResult(Result); break;
            case OperationCanceledException canceled: _task!.SetCanceled(canceled.CancellationToken); break;
            default: _task!.SetException(Failure); break;
        }
    }
}

/// <summary>A call of a method that returns <see cref="Task"/>; base of generated requests.</summary>
public abstract class TaskRequest(CallOptions options) : GrainRequest<Nothing>(options), IInlineCompletion
{
    private TaskCompletionSource? _task;

    /// <summary>Calls the method.</summary>
    protected abstract Task Call(object grain);

    internal Task MakeTask()
    {
        _task = new TaskCompletionSource(WhereToContinue);
        Continue(static s => ((TaskRequest)s!).SetTask(), this, ValueTaskSourceOnCompletedFlags.None);
        return _task.Task;
    }

    internal sealed override bool Invoke(object grain, Activation activation)
    {
        var call = Call(grain);
        return call.IsCompletedSuccessfully || Await(call, activation);
    }

    private void SetTask()
    {
        switch (Failure)
        {
            case null: _task!.SetResult(); break;
            case OperationCanceledException canceled: _task!.SetCanceled(canceled.CancellationToken); break;
            default: _task!.SetException(Failure); break;
        }
    }
}
