using Hugesim.Embedded.CodeGeneration;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>
/// Runs a cluster on one thread. All messages, answers and continuations lie in channels, one for each pair of places;
/// each step chooses a channel and runs its first item as a turn. The choices come from the seed and nothing else does.
/// </summary>
internal sealed partial class DeterministicScheduler(EmbeddedCluster cluster, EmbeddedClusterOptions options, VirtualTimeProvider clock)
{
    private static readonly TimeSpan LeaveTime = TimeSpan.FromMilliseconds(20);

    private readonly List<Channel> _ready = [];
    private readonly OpenCalls _open = new();
    private readonly List<ClientNode> _clients = [];
    private volatile string? _intruder;
    private Action? _whenIdle;
    private bool _running;
    private int _owner;
    private long _step;
    private long _sent;
    private int _channelNumber;

    internal Chooser Chooser { get; } = new(options.Seed, options.Replay);

    /// <summary>Deliveries so far.</summary>
    internal long Steps => _step;

    /// <summary>Decides in the chooser's place which delivery is next.</summary>
    internal DeliveryOrder? Order { get; set; }

    /// <summary>Runs the clients until they have finished.</summary>
    internal Task Run(IReadOnlyList<Func<IGrainFactory, Task>> clients)
    {
        if (_running)
        {
            throw new InvalidOperationException("The cluster runs already: Run cannot be called inside of it.");
        }

        var (context, flow) = (SynchronizationContext.Current, ExecutionContext.Capture());
        (_running, _owner) = (true, Environment.CurrentManagedThreadId);
        try
        {
            var tasks = new Task?[clients.Count];
            for (var i = 0; i < clients.Count; i++)
            {
                var number = _flow = i;
                Post(Client(number), () => tasks[number] = clients[number](cluster.GrainFactory));
            }

            Pump(() => Array.TrueForAll(tasks, task => task is { IsCompleted: true }));
            return tasks.Length == 1 ? tasks[0]! : Task.WhenAll(tasks!);
        }
        finally
        {
            _running = false;
            SynchronizationContext.SetSynchronizationContext(context);
            ExecutionContext.Restore(flow!);
        }
    }

    /// <summary>Runs what can run without the clock moving.</summary>
    internal void RunUntilIdle() => Run([_ =>
    {
        var idle = new TaskCompletionSource();
        _whenIdle = () => idle.TrySetResult();
        return idle.Task;
    }]);

    /// <summary>Sends a request from the code that runs now.</summary>
    internal void Send(GrainReference target, GrainRequest request)
    {
        CheckThread();
        request.Caller ??= Client(0);
        request.SentAt = clock.GetTimestamp();
        if (request.Caller is Activation { IsDead: true })
        {
            return;
        }

        options.OnCall?.Invoke(request, CallPhase.Sent);
        if (!request.IsOneWay)
        {
            _open.Add(request);
        }

        Activation host;
        try
        {
            host = target.Cached is { IsLeft: false } cached ? cached : target.Kind.Find(target.Key, request.Caller, request.Context);
        }
        catch (Exception failure)
        {
            request.Abandon(failure);
            return;
        }

        target.Cached = target.Kind.HasOneActivation ? host : null;
        host.Pending++;
        Dispatch(request, request, request.Caller, host);
    }

    /// <summary>Sends an answer to the caller of a request.</summary>
    internal void SendResponse(GrainRequest request, WorkItem response)
    {
        var caller = request.Caller!;
        if (response is GrainRequest)
        {
            Dispatch(request, response, request.Host ?? caller, caller);
        }
        else
        {
            // The caller's own doing, a timeout or a cancellation: no message travels.
            Enqueue(caller, response, caller);
        }
    }

    /// <summary>Queues a continuation or an order.</summary>
    internal void Enqueue(ExecutionNode target, WorkItem item, ExecutionNode source)
    {
        if (_owner != 0 && Environment.CurrentManagedThreadId != _owner)
        {
            _intruder = target.Name;
            return;
        }

        Add(ChannelBetween(source, target), item);
    }

    internal void Reset(long seed, DecisionTrace? replay)
    {
        Chooser.Reset(seed, replay);
        _ready.Clear();
        _clients.Clear();
        _open.Clear();
        clock.Reset();
        _whenIdle = null;
        ResetNumbers();
        _intruder = null;
    }

    private void Pump(Func<bool> finished)
    {
        while (!finished())
        {
            ThrowIfIntruded();
            if (_ready.Count > 0)
            {
                options.Faults?.OnStep(cluster, _step, Chooser);
                Step();
            }
            else
            {
                AdvanceTime();
            }
        }
    }

    private void Step()
    {
        var index = Order is null ? Chooser.Choose(_ready.Count) : Order.Next(Candidates());
        var channel = _ready[index];
        (var item, _flow, _, _) = channel.Take();
        if (channel.IsEmpty)
        {
            _ready[index] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
        }

        _step++;
        if (item is GrainRequest request)
        {
            if (!request.IsResponse)
            {
                ((Activation)channel.Target).Pending--;
            }

            options.OnCall?.Invoke(request, request.IsResponse ? CallPhase.Answered : CallPhase.Arrived);
            options.OnMessage?.Invoke(new MessageInfo(request, channel.Source, channel.Target));
        }

        SynchronizationContext.SetSynchronizationContext(channel.Target);
        channel.Target.RunItem(item);
        SynchronizationContext.SetSynchronizationContext(null);
    }

    private void AdvanceTime()
    {
        if (_whenIdle is { } idle)
        {
            _whenIdle = null;
            idle();
            return;
        }

        if (clock.FireDue())
        {
            return;
        }

        var due = clock.NextDue;
        var deadline = options.ResponseTimeout == Timeout.InfiniteTimeSpan
            ? null
            : _open.Deadline(options.ResponseTimeout);
        if (due is null && (deadline is null || (options.DetectDeadlocks && !_open.AnyLost)))
        {
            // Code that has left this thread may be on its way back: that explains more.
            SpinWait.SpinUntil(() => _intruder is not null, LeaveTime);
            ThrowIfIntruded();
            throw new DeadlockException(_open.Explain());
        }

        clock.AdvanceTo(Math.Min(due ?? long.MaxValue, deadline ?? long.MaxValue));
        _open.Expire(clock.GetTimestamp(), options.ResponseTimeout);
        clock.FireDue();
    }

    private void Dispatch(GrainRequest request, WorkItem item, ExecutionNode source, ExecutionNode target)
    {
        var fate = options.Faults?.OnMessage(new MessageInfo(request, source, target), Chooser) ?? MessageFate.Deliver;
        switch (fate.Kind)
        {
            case MessageFateKind.Drop:
                _open.Lose(request);
                break;
            case MessageFateKind.Duplicate:
                if (!request.IsResponse)
                {
                    ((Activation)target).Pending++;
                    Add(NewChannel(source, target), request.Duplicate());
                }

                Enqueue(target, item, source);
                break;
            case MessageFateKind.Delay when request.IsResponse:
                request.Unanswer();
                After(fate.Time, () =>
                {
                    if (request.TryReanswer())
                    {
                        Enqueue(target, item, source);
                    }
                });
                break;
            case MessageFateKind.Delay:
                After(fate.Time, () => Enqueue(target, item, source));
                break;
            case MessageFateKind.Unordered:
                Add(NewChannel(source, target), item);
                break;
            default:
                Enqueue(target, item, source);
                break;
        }
    }

    private void After(TimeSpan time, Action action) => clock.CreateTimer(_ => action(), null, time, Timeout.InfiniteTimeSpan);

    private void Add(Channel channel, WorkItem item)
    {
        if (channel.IsEmpty)
        {
            _ready.Add(channel);
        }

        channel.Add(new Sent(item, _flow, _step, _sent++));
    }

    private void Post(ExecutionNode node, Action start) => Enqueue(node, new PostedWork(_ => start(), null), node);

    private ClientNode Client(int number)
    {
        while (_clients.Count <= number)
        {
            _clients.Add(new ClientNode(cluster, _clients.Count));
        }

        return _clients[number];
    }

    private void ThrowIfIntruded()
    {
        if (_intruder is { } name)
        {
            _intruder = null;
            throw new InvalidOperationException(
                $"Another thread continued {name}. Under the deterministic scheduler there is one thread: no Task.Run, no ContinueWith, " +
                "no ConfigureAwait(false) on a Task, no real timers; delays take the TimeProvider of the cluster.");
        }
    }

    private void CheckThread()
    {
        if (!_running || Environment.CurrentManagedThreadId != _owner)
        {
            throw new InvalidOperationException(
                "A grain was called from outside of Run. Under the deterministic scheduler clients run inside of EmbeddedCluster.Run, on its thread.");
        }
    }
}
