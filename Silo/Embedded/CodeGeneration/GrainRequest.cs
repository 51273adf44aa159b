using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using Orleans.Runtime;

namespace Hugesim.Embedded.CodeGeneration;

/// <summary>
/// One call of one grain method: the arguments (in the generated subclass), the queued request, the task that the caller
/// awaits, and the queued response. One object for all of them is why a call allocates nothing else.
/// </summary>
/// <remarks>Everything but cancellation happens in turns of the callee or of the caller, so only the hand-over needs atomics.</remarks>
public abstract class GrainRequest : WorkItem, IThreadPoolWorkItem
{
    private static readonly Action<object?> Completed = static _ => throw new InvalidOperationException("A marker of a request was run.");

    /// <summary>With <see cref="WorkItem.Next"/> the links of the callee's list of waiting or running requests: a request is in one list at a time.</summary>
    internal GrainRequest? Before;

    internal GrainReference Target = null!;
    internal Activation? Host;
    internal Dictionary<string, object>? Context;

    /// <summary>While somebody traces: the caller's span until the call begins, then the call's own. Of .NET, or a record of the <see cref="CallRecorder"/>.</summary>
    internal object? Span;
    internal CallCancellation? Cancellation;
    internal Exception? Failure;
    internal long SentAt;

    private protected Action<object?>? _continuation;
    private protected object? _continuationState;

    /// <summary>Where the caller goes on: its node, or a recorded call's turn of that; without one, what the await captured, or null for the thread pool.</summary>
    private object? _place;
    private int _claimed;
    private volatile bool _signaled;
    private bool _isResponse;
    private bool _isDuplicate;

    private protected GrainRequest(CallOptions options) => Options = options;

    /// <summary>Interface and method, for messages.</summary>
    public abstract string MethodName { get; }

    /// <summary>The same as the name of a span: <c>IPinger/Ping</c>.</summary>
    public virtual string SpanName => MethodName;

    /// <summary>How long the caller waits, where the method says it (<see cref="Orleans.ResponseTimeoutAttribute"/>).</summary>
    protected virtual TimeSpan? ResponseTimeout => null;

    /// <summary>The grain that is called.</summary>
    public GrainId TargetId => Target.GrainId;

    /// <summary>What the caller gets, once it has been answered; null without a result.</summary>
    public abstract object? Answer { get; }

    /// <summary>What the caller gets instead of an answer, or null.</summary>
    public Exception? Exception => Failure;

    /// <summary>The arguments but for the token.</summary>
    public virtual object?[] GetArguments() => [];

    /// <summary>The token for the callee; generated code passes it on.</summary>
    protected CancellationToken CallToken => Cancellation?.Source.Token ?? CancellationToken.None;

    /// <summary>The node that made the call; null for a client outside of any.</summary>
    internal ExecutionNode? Caller
    {
        get => ExecutionNode.NodeOf(_place);
        set => _place = value;
    }

    internal GrainRequest? After
    {
        get => (GrainRequest?)Next;
        set => Next = value;
    }

    internal CallOptions Options { get; private protected set; }

    internal bool IsOneWay => (Options & CallOptions.OneWay) != 0;

    internal bool IsReadOnly => (Options & CallOptions.ReadOnly) != 0;

    internal bool IsAlwaysInterleave => (Options & CallOptions.AlwaysInterleave) != 0;

    /// <summary>Whether the caller has, or will have, its answer: nothing that happens to the request after this matters to it.</summary>
    internal bool IsClaimed => Volatile.Read(ref _claimed) != 0;

    internal bool IsSignaled => _signaled;

    /// <summary>Whether this is on its way back to the caller.</summary>
    internal bool IsResponse => _isResponse;

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => RunContinuation();

    /// <summary>How long the caller waits.</summary>
    /// <param name="common">Where the method says nothing.</param>
    internal TimeSpan TimeoutOr(TimeSpan common) => ResponseTimeout ?? common;

    /// <summary>Makes the call. True if it is over and the result is set; otherwise <see cref="Activation.OnInvoked"/> follows.</summary>
    internal abstract bool Invoke(object grain, Activation activation);

    /// <summary>A copy that is not the caller's task, to carry out a request twice.</summary>
    internal GrainRequest Duplicate()
    {
        var copy = (GrainRequest)MemberwiseClone();
        copy._isDuplicate = true;
        copy._continuation = null;
        copy._continuationState = null;
        copy.Cancellation = null;
        return copy;
    }

    internal override void Run(ExecutionNode node)
    {
        if (_isResponse)
        {
            SignalAndRunInTurn();
        }
        else
        {
            ((Activation)node).Receive(this);
        }
    }

    /// <summary>Gives the caller its answer, which is in place, unless it has one.</summary>
    internal void Complete(Exception? failure)
    {
        if (_isDuplicate || !TryClaim())
        {
            return;
        }

        Failure = failure;
        Cancellation?.Registration.Dispose();
        if (IsOneWay)
        {
            if (failure is not null)
            {
                Cluster.ReportBackgroundError(failure, $"one-way call {this}");
            }

            return;
        }

        _isResponse = true;
        Respond(this);
    }

    /// <summary>As <see cref="Complete"/>, while the callee may still have the request in a list or a queue.</summary>
    internal void Abandon(Exception failure)
    {
        if (_isDuplicate || !TryClaim())
        {
            return;
        }

        Failure = failure;
        if (!IsOneWay)
        {
            Respond(new AbandonedResponse(this));
        }
    }

    /// <summary>The answer is lost or late: until it comes the caller has none, whatever the callee did, and may time out.</summary>
    internal void Unanswer()
    {
        _claimed = 0;
        _isResponse = false;
    }

    /// <summary>The late answer comes; false if the caller waits no longer.</summary>
    internal bool TryReanswer()
    {
        _isResponse = TryClaim();
        return _isResponse;
    }

    /// <summary>The code that runs now makes the call, and its node will go on with it.</summary>
    internal void SetCaller() => _place = SynchronizationContext.Current is RecordedTurn or ExecutionNode ? SynchronizationContext.Current : null;

    /// <summary>As <see cref="SignalAndRun"/>, in a turn of the caller's node.</summary>
    internal void SignalAndRunInTurn()
    {
        (_place as RecordedTurn)?.Enter();
        SignalAndRun();
    }

    internal void SignalAndRun()
    {
        Signal();
        RunContinuation();
    }

    /// <summary>Whether an exception exists that the awaiting caller will see; the generic part shows the result.</summary>
    private protected ValueTaskSourceStatus Status =>
        !_signaled ? ValueTaskSourceStatus.Pending
        : Failure is null ? ValueTaskSourceStatus.Succeeded
        : Failure is OperationCanceledException ? ValueTaskSourceStatus.Canceled
        : ValueTaskSourceStatus.Faulted;

    private EmbeddedCluster Cluster => Target.Cluster;

    /// <inheritdoc/>
    public override string ToString() => $"{MethodName} on {Target.GrainId}";

    private protected void ThrowIfNotSucceeded()
    {
        if (!_signaled)
        {
            throw new InvalidOperationException($"{this} has not been answered: a grain call must be awaited, not read.");
        }

        if (Failure is not null)
        {
            ExceptionDispatchInfo.Throw(Failure);
        }
    }

    private protected void Continue(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
    {
        if (_place is null && (flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0)
        {
            _place = SynchronizationContext.Current is { } context && context.GetType() != typeof(SynchronizationContext)
                ? context
                : TaskScheduler.Current == TaskScheduler.Default ? null : TaskScheduler.Current;
        }

        if ((flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0)
        {
            (continuation, state) = WithFlow(continuation, state);
        }

        _continuationState = state;
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is not null)
        {
            // The answer came between the caller's look and now.
            _continuation = continuation;
            Schedule(new AbandonedResponse(this));
        }
    }

    /// <summary>For awaiters that do not restore the execution context themselves; async methods do.</summary>
    private static (Action<object?> Continuation, object? State) WithFlow(Action<object?> continuation, object? state) =>
        ExecutionContext.Capture() is { } flow
            ? (static run => ((Action)run!)(), () => ExecutionContext.Run(flow, inner => continuation(inner), state))
            : (continuation, state);

    private bool TryClaim()
    {
        if (Cancellation is null)
        {
            // Only turns of the callee come here.
            var free = _claimed == 0;
            _claimed = 1;
            return free;
        }

        return Interlocked.Exchange(ref _claimed, 1) == 0;
    }

    private void Respond(WorkItem response)
    {
        if (Cluster.Deterministic is { } scheduler)
        {
            // The answer is a message as well: the caller has it when it is delivered, if it is.
            scheduler.SendResponse(this, response);
            return;
        }

        if (Signal())
        {
            Schedule(response);
        }
    }

    /// <summary>Makes the answer visible. True if a continuation waits for it.</summary>
    private bool Signal()
    {
        _signaled = true;
        return (_continuation ?? Interlocked.CompareExchange(ref _continuation, Completed, null)) is not null;
    }

    private void RunContinuation()
    {
        var continuation = _continuation;
        if (continuation is not null && !ReferenceEquals(continuation, Completed))
        {
            continuation(_continuationState);
        }
    }

    /// <summary>Has the continuation run where it belongs: never in the turn of the callee.</summary>
    private void Schedule(WorkItem response)
    {
        switch (_place)
        {
            case null when _continuationState is IInlineCompletion:
                RunContinuation();
                break;
            case null:
                Handover.Schedule((IThreadPoolWorkItem)response);
                break;
            case RecordedTurn or ExecutionNode:
                var node = Caller!;
                Cluster.Deliver(node, response, Host ?? node);
                break;
            case SynchronizationContext context:
                context.Post(static s => ((GrainRequest)s!).RunContinuation(), this);
                break;
            default:
                _ = Task.Factory.StartNew(
                    static s => ((GrainRequest)s!).RunContinuation(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach,
                    (TaskScheduler)_place);
                break;
        }
    }
}

/// <summary>Carries an answer to the caller while the request itself is still queued or running at the callee.</summary>
internal sealed class AbandonedResponse(GrainRequest request) : WorkItem, IThreadPoolWorkItem
{
    internal GrainRequest Request { get; } = request;

    /// <inheritdoc/>
    public void Execute() => Request.SignalAndRun();

    internal override void Run(ExecutionNode node) => Request.SignalAndRunInTurn();
}

/// <summary>Marks a continuation that may run in any turn, because all it does is to set a task that continues elsewhere.</summary>
internal interface IInlineCompletion;
