using Hugesim.Embedded.CodeGeneration;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <content>How messages travel.</content>
public sealed partial class EmbeddedCluster
{
    internal DeterministicScheduler? Deterministic { get; }

    /// <summary>Sends a request from the code that runs now.</summary>
    internal void Send(GrainReference target, GrainRequest request, CancellationToken cancellationToken)
    {
        request.Target = target;
        request.SetCaller();
        request.Context = RequestContext.Current;
        CallTracing.OnSend(request);
        if (cancellationToken.CanBeCanceled)
        {
            CallCancellation.Link(request, cancellationToken);
        }

        if (Deterministic is not null)
        {
            Deterministic.Send(target, request);
            return;
        }

        request.SentAt = Environment.TickCount64;
        if (request.Caller is Activation { IsDead: true })
        {
            // The turn of a lost activation runs on, but nobody hears it.
            return;
        }

        if (target.Cached is not { } activation || !activation.TryPush(request, isRequest: true))
        {
            Route(target, request);
        }
    }

    /// <summary>Finds the activation for a request and queues it there.</summary>
    internal void Route(GrainReference target, GrainRequest request)
    {
        while (true)
        {
            Activation activation;
            try
            {
                activation = target.Kind.Find(target.Key, request.Caller, request.Context);
            }
            catch (Exception failure)
            {
                request.Abandon(failure);
                return;
            }

            if (target.Kind.HasOneActivation)
            {
                target.Cached = activation;
            }

            if (activation.TryPush(request, isRequest: true))
            {
                return;
            }

            target.Kind.Forget(activation);
        }
    }

    /// <summary>Queues what is not a request: a continuation, an answer, an order.</summary>
    internal void Deliver(ExecutionNode node, WorkItem item, ExecutionNode source)
    {
        if (Deterministic is not null)
        {
            Deterministic.Enqueue(node, item, source);
        }
        else
        {
            node.TryPush(item, isRequest: false);
        }
    }

    /// <summary>Ends an activation whose silo is gone.</summary>
    internal void Kill(Activation activation)
    {
        if (Deterministic is not null)
        {
            activation.Die();
        }
        else
        {
            Deliver(activation, new ControlWork(static lost => lost.Die()), activation);
        }
    }
}
