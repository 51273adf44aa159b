using System.Runtime.CompilerServices;

namespace Hugesim.Grains;

/// <summary>
/// A part of a grain's turn that may wait: what an <c>async</c> method inside of a grain returns to another one. Whoever awaits it goes on at once, in the turn in which it
/// ended, which is one of the same grain: only calls of other grains leave the turn, and those come back to it by themselves.
/// </summary>
/// <remarks>
/// A <see cref="ValueTask{TResult}"/> would do the same. But its caller cannot know that it ends where it should go on, so that each layer of methods asks where that is, keeps the answer in an
/// object and is called through another one; a fault has a dozen layers. Awaited once, as a <see cref="ValueTask{TResult}"/> is.
/// </remarks>
[AsyncMethodBuilder(typeof(FlowMethodBuilder<>))]
public readonly struct Flow<T>
{
    private readonly ValueTask<T> _end;

    /// <summary>Has ended with an answer.</summary>
    public Flow(T answer) => _end = new(answer);

    internal Flow(ValueTask<T> end) => _end = end;

    /// <summary>It has ended well.</summary>
    public bool HasAnswer => _end.IsCompletedSuccessfully;

    /// <summary>The answer of one that <see cref="HasAnswer"/>.</summary>
    public T Answer => _end.Result;

    /// <summary>For a caller outside of the grain.</summary>
    public static implicit operator ValueTask<T>(Flow<T> flow) => flow._end;

    /// <summary>For a caller that does more with it than to await it.</summary>
    public Task<T> AsTask() => _end.AsTask();

    /// <summary>Waits inside of the same grain.</summary>
    public ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter GetAwaiter() => _end.ConfigureAwait(false).GetAwaiter();
}

/// <summary>Makes a <see cref="Flow{T}"/> of an <c>async</c> method; its state comes from a pool.</summary>
public struct FlowMethodBuilder<T>
{
    // Not read-only: it is a mutable struct that the compiler's state machine holds.
    private PoolingAsyncValueTaskMethodBuilder<T> _builder;

    /// <summary>For the compiler.</summary>
    public Flow<T> Task => new(_builder.Task);

    /// <summary>For the compiler.</summary>
    public static FlowMethodBuilder<T> Create() => default;

    /// <summary>For the compiler.</summary>
    public void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => _builder.Start(ref stateMachine);

    /// <summary>For the compiler.</summary>
    public void SetStateMachine(IAsyncStateMachine stateMachine) => _builder.SetStateMachine(stateMachine);

    /// <summary>For the compiler.</summary>
    public void SetResult(T result) => _builder.SetResult(result);

    /// <summary>For the compiler.</summary>
    public void SetException(Exception exception) => _builder.SetException(exception);

    /// <summary>For the compiler.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => _builder.AwaitOnCompleted(ref awaiter, ref stateMachine);

    /// <summary>For the compiler.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => _builder.AwaitUnsafeOnCompleted(ref awaiter, ref stateMachine);
}
