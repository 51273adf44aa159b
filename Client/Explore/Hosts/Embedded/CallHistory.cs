using Hugesim.Abstractions;
using Hugesim.Embedded;
using Hugesim.Embedded.CodeGeneration;
using Hugesim.Model;
using Orleans.Runtime;

namespace Hugesim.Explore;

/// <summary>
/// The calls of hstate and subpools, as their callers and callees see them, and whether their answers are those of one call after the other.
/// </summary>
/// <param name="profile">The kernel.</param>
internal sealed class CallHistory(KernelProfile profile)
{
    private const string OfHstate = "IHstateGrain.";
    private const string OfSubpool = "ISubpoolGrain.";

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<GrainRequest, Entry> _byRequest = new(ReferenceEqualityComparer.Instance);
    private readonly List<Entry> _arrived = [];
    private readonly HashSet<(GrainId Target, Operation Operation)> _operations = [];
    private long _time;

    public void Clear()
    {
        _entries.Clear();
        _byRequest.Clear();
        _arrived.Clear();
        _operations.Clear();
    }

    /// <summary>Hears of a call.</summary>
    public void OnCall(GrainRequest request, CallPhase phase)
    {
        var method = request.MethodName;
        if (!method.StartsWith(OfHstate, StringComparison.Ordinal) && !method.StartsWith(OfSubpool, StringComparison.Ordinal))
        {
            return;
        }

        _time++;
        switch (phase)
        {
            case CallPhase.Sent:
                var sent = new Entry(request, _time);
                _entries.Add(sent);
                _byRequest.Add(request, sent);
                break;
            case CallPhase.Arrived when _byRequest.TryGetValue(request, out var entry) && !entry.HasArrived:
                entry.HasArrived = true;
                if (IsFirst(request))
                {
                    _arrived.Add(entry);
                }

                break;
            case CallPhase.Answered when request.Exception is null && _byRequest.TryGetValue(request, out var entry):
                entry.Answered = _time;
                break;
        }
    }

    // A caller that asks again with the same operation id makes the same call: the grain carries it out once.
    private bool IsFirst(GrainRequest request) =>
        request.GetArguments().OfType<Operation>().FirstOrDefault() is var operation && (operation == default || _operations.Add((request.TargetId, operation)));

    /// <summary>Checks the history.</summary>
    /// <returns>What is wrong, or null.</returns>
    public ScheduleFailure? Check()
    {
        foreach (var grain in _arrived.GroupBy(entry => entry.Request.TargetId))
        {
            var isHstate = grain.First().Request.MethodName.StartsWith(OfHstate, StringComparison.Ordinal);
            ISequentialObject<GrainCall> model = isHstate ? new SequentialPool() : new SequentialSubpool(profile);

            // The grain's own order is the first guess; only if it does not explain the answers is there something to search.
            if (FirstUnexplained(model.Copy(), grain) is { } unexplained && Search(model, grain.Key.ToString()) == false)
            {
                var call = unexplained.ToCall();
                return new ScheduleFailure(
                    FailureKind.Linearizability, grain.Key.Type.ToString()!,
                    $"no order of the calls explains the answers of {grain.Key}; first in doubt: {call.Method}({string.Join(", ", call.Arguments)}) = {call.Answer}", 0);
            }
        }

        return null;
    }

    private static Entry? FirstUnexplained(ISequentialObject<GrainCall> model, IEnumerable<Entry> inOrder) =>
        inOrder.FirstOrDefault(entry => !model.Accepts(entry.ToCall()));

    private bool? Search(ISequentialObject<GrainCall> model, string grain) => LinearizabilityChecker.IsLinearizable(
        model,
        [.. _entries.Where(entry => entry.Request.TargetId.ToString() == grain).Select(entry => new ObservedCall<GrainCall>(entry.ToCall(), entry.Sent, entry.Answered))]);

    private sealed class Entry(GrainRequest request, long sent)
    {
        public GrainRequest Request { get; } = request;

        public long Sent { get; } = sent;

        public long Answered { get; set; } = long.MaxValue;

        public bool HasArrived { get; set; }

        public GrainCall ToCall()
        {
            var method = Request.MethodName;
            var isAnswered = Answered != long.MaxValue;
            return new GrainCall(method[(method.IndexOf('.', StringComparison.Ordinal) + 1)..], Request.GetArguments(), isAnswered ? Request.Answer : null, isAnswered);
        }
    }
}
