using Hugesim.Embedded.CodeGeneration;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <content>Which requests run and which wait.</content>
internal sealed partial class Activation
{
    private GrainRequest? _firstWaiting;
    private GrainRequest? _lastWaiting;
    private GrainRequest? _firstRunning;
    private GrainRequest? _blocking;
    private int _interleavingWaiters;
    private Dictionary<Guid, int>? _reentrantSections;

    internal bool HasWork => _firstWaiting is not null || _firstRunning is not null;

    /// <summary>Requests with this call chain may come in while the section lasts (Orleans: the tracker behind <c>AllowCallChainReentrancy</c>).</summary>
    internal void EnterReentrantSection(Guid id)
    {
        _reentrantSections ??= [];
        _reentrantSections[id] = _reentrantSections.GetValueOrDefault(id) + 1;
    }

    internal void LeaveReentrantSection(Guid id)
    {
        if (_reentrantSections?.GetValueOrDefault(id) is null or 0)
        {
            return;
        }

        if (--_reentrantSections[id] == 0)
        {
            _reentrantSections.Remove(id);
        }
    }

    /// <summary>Answers the calls that have waited longer than allowed; what runs goes on, as in Orleans.</summary>
    internal void ExpireRequests(long now, TimeSpan timeout)
    {
        foreach (var (request, _) in Requests().ToList())
        {
            if (now - request.SentAt >= request.TimeoutOr(timeout).TotalMilliseconds && !request.IsOneWay)
            {
                request.Abandon(new TimeoutException($"No response to {request} within {request.TimeoutOr(timeout)}: it {StateOf(request)}."));
            }
        }

        RemoveClaimed();
    }

    /// <summary>Requests that are in progress or wait, for messages that explain why nothing moves.</summary>
    internal IEnumerable<(GrainRequest Request, bool Runs)> Requests()
    {
        for (var request = _firstRunning; request is not null; request = request.After)
        {
            yield return (request, true);
        }

        for (var request = _firstWaiting; request is not null; request = request.After)
        {
            yield return (request, false);
        }
    }

    /// <summary>What a request does here, in words.</summary>
    internal string StateOf(GrainRequest request)
    {
        var (found, runs) = Requests().FirstOrDefault(entry => ReferenceEquals(entry.Request, request));
        if (found is null)
        {
            return "is over here";
        }

        var behind = _blocking is null || ReferenceEquals(_blocking, request) ? "" : $" behind {_blocking.MethodName}";
        return runs ? "runs" : _stage == Stage.Activating ? "waits for the activation" : "waits in the queue" + behind;
    }

    private bool MayStart(GrainRequest request)
    {
        // Nothing starts between the wish to deactivate and the next instance.
        if (_deactivationReason is not null)
        {
            return false;
        }

        if (_blocking is null || Kind.IsReentrant || request.IsAlwaysInterleave)
        {
            return true;
        }

        if (_blocking.IsReadOnly && request.IsReadOnly)
        {
            return true;
        }

        return _reentrantSections is { Count: > 0 }
            && RequestContext.ReentrancyIdOf(request.Context) is var id && id != Guid.Empty
            && _reentrantSections.ContainsKey(id);
    }

    /// <summary>Starts what waits and may start, oldest first; then deactivates, if that was asked and nothing runs.</summary>
    private void Pump()
    {
        if (_stage != Stage.Valid)
        {
            return;
        }

        var request = _firstWaiting;
        while (request is not null && _deactivationReason is null)
        {
            var next = request.After;
            if (MayStart(request))
            {
                UnlinkWaiting(request);
                if (!request.IsClaimed)
                {
                    Cluster.Deterministic?.OnStarting(request);
                    Start(request);
                }
            }
            else if (!WaitersMayPass)
            {
                break;
            }

            request = next;
        }

        if (_deactivationReason is not null && _firstRunning is null)
        {
            StartDeactivation();
        }
    }

    /// <summary>Whether a look past the first waiting request can find one that may start.</summary>
    private bool WaitersMayPass =>
        _interleavingWaiters > 0 || _blocking is { IsReadOnly: true } || _reentrantSections is { Count: > 0 };

    private void Wait(GrainRequest request)
    {
        Cluster.Deterministic?.OnWaiting(request);
        request.Before = _lastWaiting;
        request.After = null;
        if (_lastWaiting is null)
        {
            _firstWaiting = request;
        }
        else
        {
            _lastWaiting.After = request;
        }

        _lastWaiting = request;
        _interleavingWaiters += request.IsAlwaysInterleave ? 1 : 0;
    }

    private void UnlinkWaiting(GrainRequest request)
    {
        Unlink(request, ref _firstWaiting, ref _lastWaiting);
        _interleavingWaiters -= request.IsAlwaysInterleave ? 1 : 0;
    }

    private void AddRunning(GrainRequest request)
    {
        request.Before = null;
        request.After = _firstRunning;
        if (_firstRunning is not null)
        {
            _firstRunning.Before = request;
        }

        _firstRunning = request;
        if (_blocking is null && !request.IsAlwaysInterleave)
        {
            _blocking = request;
        }
    }

    private void RemoveRunning(GrainRequest request)
    {
        GrainRequest? last = null;
        Unlink(request, ref _firstRunning, ref last);
        if (!ReferenceEquals(_blocking, request))
        {
            return;
        }

        // Another one may still run, a read beside this read: a write has to wait for it too.
        _blocking = _firstRunning;
        while (_blocking is { IsAlwaysInterleave: true })
        {
            _blocking = _blocking.After;
        }
    }

    private bool RemoveWaiting(GrainRequest request)
    {
        for (var waiting = _firstWaiting; waiting is not null; waiting = waiting.After)
        {
            if (ReferenceEquals(waiting, request))
            {
                UnlinkWaiting(request);
                return true;
            }
        }

        return false;
    }

    private void RemoveClaimed()
    {
        var request = _firstWaiting;
        while (request is not null)
        {
            var next = request.After;
            if (request.IsClaimed)
            {
                UnlinkWaiting(request);
            }

            request = next;
        }
    }

    private static void Unlink(GrainRequest request, ref GrainRequest? first, ref GrainRequest? last)
    {
        if (request.Before is null)
        {
            first = request.After;
        }
        else
        {
            request.Before.After = request.After;
        }

        if (request.After is null)
        {
            last = request.Before;
        }
        else
        {
            request.After.Before = request.Before;
        }

        request.Before = null;
        request.After = null;
    }
}
