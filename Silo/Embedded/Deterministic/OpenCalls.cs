using System.Text;
using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <summary>The calls that have no answer yet, oldest first.</summary>
internal sealed class OpenCalls
{
    private const int Named = 20;

    private readonly HashSet<GrainRequest> _lost = [];
    private List<GrainRequest> _calls = [];
    private int _first;
    private int _limit = 256;

    /// <summary>When the first caller stops to wait; null if none waits.</summary>
    internal long? Deadline(TimeSpan timeout)
    {
        while (_first < _calls.Count && IsOver(_calls[_first]))
        {
            _first++;
        }

        long? first = null;
        for (var i = _first; i < _calls.Count; i++)
        {
            var due = _calls[i].SentAt + _calls[i].TimeoutOr(timeout).Ticks;
            first = IsOver(_calls[i]) || due >= first ? first : due;
        }

        return first;
    }

    /// <summary>Whether a message was lost on which a caller still waits: then the time out is what it waits for.</summary>
    internal bool AnyLost
    {
        get
        {
            _lost.RemoveWhere(IsOver);
            return _lost.Count > 0;
        }
    }

    internal void Add(GrainRequest call)
    {
        _calls.Add(call);
        if (_calls.Count >= _limit)
        {
            // Answered calls are let go of in bulk, so that a long run keeps only what is open.
            _calls = _calls.FindAll(open => !open.IsSignaled);
            _first = 0;
            _limit = Math.Max(256, _calls.Count * 2);
        }
    }

    /// <summary>Notes that the request or its answer will not arrive.</summary>
    internal void Lose(GrainRequest call)
    {
        if (!call.IsOneWay)
        {
            call.Unanswer();
            _lost.Add(call);
        }
    }

    internal void Expire(long now, TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        for (var i = _first; i < _calls.Count; i++)
        {
            var call = _calls[i];
            if (!IsOver(call) && call.SentAt + call.TimeoutOr(timeout).Ticks <= now)
            {
                call.Abandon(new TimeoutException($"No response to {call} within {call.TimeoutOr(timeout)}: it {StateOf(call)}."));
            }
        }
    }

    /// <summary>Says who waits for what.</summary>
    internal string Explain()
    {
        var open = _calls.Skip(_first).Where(call => !IsOver(call)).ToList();
        var text = new StringBuilder("Nothing can move: no message is under way, no timer is set, and the client has not finished.");
        if (open.Count == 0)
        {
            return text.Append(
                " No grain call is open: the client or a grain awaits something else, which must come from a grain call or from the " +
                "TimeProvider of the cluster. ContinueWith, ConfigureAwait(false) on a Task and Task.Run leave the scheduler's thread.").ToString();
        }

        text.Append($" {open.Count} calls are open:");
        foreach (var call in open.Take(Named))
        {
            text.Append($"\n  {call.Caller!.Name} waits for {call}, which {StateOf(call)}");
        }

        return open.Count > Named ? text.Append($"\n  and {open.Count - Named} more").ToString() : text.ToString();
    }

    internal void Clear()
    {
        _calls.Clear();
        _lost.Clear();
        _first = 0;
    }

    // While nothing is under way. An answer that was given to a caller on a crashed silo is one that nobody hears.
    private static bool IsOver(GrainRequest call) => call.IsClaimed;

    private string StateOf(GrainRequest call) =>
        _lost.Contains(call) ? "was lost with its message"
        : call.Host is not { } host ? "has not arrived"
        : host.StateOf(call);
}
