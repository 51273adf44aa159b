using Hugesim.Embedded.CodeGeneration;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <summary>
/// The place of one grain: its queue, and the instance while there is one. Instances come and go, the place stays while
/// requests wait for it, so a deactivation loses no request and changes no order.
/// </summary>
/// <remarks>Everything here but the queue belongs to the turns of the activation: no locks.</remarks>
internal sealed partial class Activation : ExecutionNode, IGrainContext
{
    /// <summary>What code of the engine and of grains finds at its start; a turn that changed it is cleaned up after.</summary>
    private static readonly ExecutionContext? CleanFlow = CaptureCleanFlow();

    private GrainReference? _self;
    private bool _pumpNeeded;

    internal Activation(GrainKind kind, string key, EmbeddedSilo silo)
        : base(kind.Cluster)
    {
        Kind = kind;
        Key = key;
        Silo = silo;
        Number = kind.Cluster.NextActivationNumber();
        silo.CountActivation(1);
    }

    private enum Stage : byte
    {
        Empty,
        Activating,
        Valid,
        Deactivating,
        Dead,
    }

    /// <summary>The activation whose turn this is.</summary>
    internal static new Activation? Current => ExecutionNode.Current as Activation;

    internal GrainKind Kind { get; }

    internal string Key { get; }

    internal EmbeddedSilo Silo { get; private set; }

    internal long Number { get; private set; }

    internal List<GrainTimer>? Timers { get; set; }

    /// <summary>Requests that the deterministic scheduler has under way to this activation.</summary>
    internal int Pending { get; set; }

    /// <summary>Whether new requests must look for another activation.</summary>
    internal bool IsLeft => IsRetired || IsDead;

    internal GrainReference Self => _self ??= Kind.MakeReference(Key);

    internal override string Name => $"{Kind.GrainType}/{Key}";

    /// <inheritdoc/>
    public GrainReference GrainReference => Self;

    /// <inheritdoc/>
    public GrainId GrainId => GrainId.Create(Kind.GrainType, Key);

    /// <summary>The same as text, for spans; made when first asked for.</summary>
    internal string TraceName => field ??= GrainId.ToString();

    /// <inheritdoc/>
    public object? GrainInstance => _instance;

    /// <inheritdoc/>
    public ActivationId ActivationId => new(Number);

    /// <inheritdoc/>
    public GrainAddress Address => new() { GrainId = GrainId, ActivationId = ActivationId, SiloAddress = Silo.SiloAddress };

    /// <inheritdoc/>
    public IServiceProvider ActivationServices => Cluster.Services;

    /// <inheritdoc/>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        if (ReferenceEquals(Current, this))
        {
            RequestDeactivation(deactivationReason);
        }
        else
        {
            Cluster.Deliver(this, new ControlWork(activation => activation.RequestDeactivation(deactivationReason)), this);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} on {Silo.Name}";

    internal override void RunItem(WorkItem item)
    {
        try
        {
            // The grain is gone with its silo: what it awaited never comes back to it.
            if (_stage != Stage.Dead || item is ControlWork or GrainRequest { IsResponse: false })
            {
                item.Run(this);
            }
        }
        catch (Exception failure)
        {
            Cluster.ReportBackgroundError(failure, $"a turn of {Name}");
        }

        LeaveTurn();
        while (_pumpNeeded)
        {
            _pumpNeeded = false;
            Pump();
        }
    }

    /// <summary>A request arrives: it starts, or waits until it may.</summary>
    internal void Receive(GrainRequest request)
    {
        request.Host = this;
        if (request.Cancellation is not null)
        {
            // Either the caller's cancellation sees the host, or the next line sees the cancellation.
            Interlocked.MemoryBarrier();
        }

        if (request.IsClaimed)
        {
            return;
        }

        if (_stage == Stage.Dead && !Silo.HasStoppedInOrder)
        {
            request.Complete(LostWithSilo(request));
        }
        else if (IsRetired)
        {
            Cluster.Route(request.Target, request);
        }
        else if (_stage == Stage.Valid && MayStart(request))
        {
            Start(request);
        }
        else
        {
            Wait(request);
            if (_stage == Stage.Empty)
            {
                StartActivation();
            }
        }
    }

    /// <summary>The method call of a request that did not end at once has ended.</summary>
    internal void OnInvoked(GrainRequest request, Exception? failure)
    {
        if (_stage == Stage.Dead)
        {
            return;
        }

        RemoveRunning(request);
        CallTracing.OnEnd(request, failure);
        request.Complete(failure);

        // Not at once: this may be the middle of another request's turn, which set the task that this one awaited.
        _pumpNeeded = true;
    }

    /// <summary>Carries out a caller's cancellation.</summary>
    internal void Cancel(GrainRequest request)
    {
        if (RemoveWaiting(request))
        {
            return;
        }

        request.Cancellation!.Source.Cancel();
    }

    private void Start(GrainRequest request)
    {
        if (request.Context is not null)
        {
            RequestContext.Current = request.Context;
        }

        CallTracing.OnStart(request, this);
        try
        {
            if (!request.Invoke(_instance!, this))
            {
                AddRunning(request);
                return;
            }

            CallTracing.OnEnd(request, null);
        }
        catch (Exception failure)
        {
            CallTracing.OnEnd(request, failure);
            request.Complete(failure);
            return;
        }
        finally
        {
            LeaveTurn();
        }

        request.Complete(null);
    }

    // What runs now is no call's any more.
    private void LeaveTurn()
    {
        if (!ReferenceEquals(SynchronizationContext.Current, this))
        {
            SetSynchronizationContext(this);
        }

        RestoreFlow();
    }

    internal static void RestoreFlow()
    {
        if (!ReferenceEquals(ExecutionContext.Capture(), CleanFlow))
        {
            ExecutionContext.Restore(CleanFlow!);
        }
    }

    private static ExecutionContext? CaptureCleanFlow()
    {
        // A thread that was started without a flow has the default one.
        ExecutionContext? flow = null;
        var thread = new Thread(() => flow = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return flow;
    }

    private SiloUnavailableException LostWithSilo(GrainRequest request) =>
        new($"{Silo.Name} ({Silo.SiloAddress}) crashed before it answered {request}: whether the call took effect is unknown.");
}
