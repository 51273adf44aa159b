using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>
/// The link from the caller's token to the callee's. The caller goes on at once; the callee learns of it in a turn of its
/// own, and a request that has not started never does.
/// </summary>
internal sealed class CallCancellation
{
    private CallCancellation(GrainRequest request) => Request = request;

    /// <summary>The source of the callee's token.</summary>
    internal CancellationTokenSource Source { get; } = new();

    internal CancellationTokenRegistration Registration { get; private set; }

    private GrainRequest Request { get; }

    /// <summary>Makes the link, before the request is queued.</summary>
    internal static void Link(GrainRequest request, CancellationToken token)
    {
        if (!token.CanBeCanceled)
        {
            return;
        }

        request.Cancellation = new CallCancellation(request);
        request.Cancellation.Registration = token.UnsafeRegister(
            static (self, canceled) => ((CallCancellation)self!).Cancel(canceled), request.Cancellation);
    }

    private void Cancel(CancellationToken token)
    {
        var request = Request;
        request.Abandon(new OperationCanceledException($"The caller canceled {request}.", token));
        if (request.Host is { } host)
        {
            host.Cluster.Deliver(host, new ControlWork(activation => activation.Cancel(request)), request.Caller ?? host);
        }
    }
}
