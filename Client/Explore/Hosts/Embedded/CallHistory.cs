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

    private readonly List<GrainHistory> _grains = [];
    private readonly List<Entry> _open = [];
    private readonly HashSet<(long Session, int Slot, long Sequence)> _operations = [];
    private long _time;

    public void Clear()
    {
        _grains.Clear();
        _open.Clear();
        _operations.Clear();
    }

    /// <summary>Hears of a call.</summary>
    public void OnCall(GrainRequest request, CallPhase phase)
    {
        var method = request.MethodName;
        var isHstate = method.StartsWith(OfHstate, StringComparison.Ordinal);
        if (!isHstate && !method.StartsWith(OfSubpool, StringComparison.Ordinal))
        {
            return;
        }

        _time++;
        switch (phase)
        {
            case CallPhase.Sent:
                var sent = new Entry(request, HistoryOf(request.TargetId, isHstate), _time);
                sent.Grain.All.Add(sent);
                _open.Add(sent);
                break;
            case CallPhase.Arrived when Find(request) is var i and >= 0 && !_open[i].HasArrived:
                _open[i].HasArrived = true;
                if (IsFirst(_open[i]))
                {
                    _open[i].Grain.Arrived.Add(_open[i]);
                }

                break;
            case CallPhase.Answered when Find(request) is var i and >= 0:
                _open[i].Answered = request.Exception is null ? _time : long.MaxValue;
                _open.RemoveAt(i);
                break;
        }
    }

    /// <summary>
    /// The states that the sequential models come to with the calls so far, each in the order in which its grain carried them out; null if that order does not explain the
    /// answers.
    /// </summary>
    public List<(string Grain, object? State)>? Models() => Unheard(ModelsInOrder);

    /// <summary>Checks the history.</summary>
    /// <returns>What is wrong, or null.</returns>
    public ScheduleFailure? Check() => Unheard(CheckInOrder);

    // The rare paths of a schedule are those that the machine takes.
    private static T Unheard<T>(Func<T> run)
    {
        T? result = default;
        RarePath.Listen(static _ => { }, () => result = run());
        return result!;
    }

    private List<(string Grain, object? State)>? ModelsInOrder()
    {
        var models = new List<(string Grain, object? State)>(_grains.Count);
        foreach (var grain in _grains)
        {
            var model = NewModel(grain);
            if (FirstUnexplained(model, grain.Arrived) is not null)
            {
                return null;
            }

            models.Add((grain.Id.Key.ToString(), model is SequentialPool pool ? pool.State : ((SequentialSubpool)model).State));
        }

        return models;
    }

    private ScheduleFailure? CheckInOrder()
    {
        foreach (var grain in _grains)
        {
            var model = NewModel(grain);

            // The grain's own order is the first guess; only if it does not explain the answers is there something to search.
            if (FirstUnexplained(model, grain.Arrived) is { } unexplained && Search(grain) == false)
            {
                var call = unexplained.ToCall();
                return new ScheduleFailure(
                    FailureKind.Linearizability, grain.Id.Type.ToString()!,
                    $"no order of the calls explains the answers of {grain.Id}; first in doubt: {call.Method}({string.Join(", ", call.Arguments)}) = {call.Answer}", 0);
            }
        }

        return null;
    }

    private static Entry? FirstUnexplained(ISequentialObject<GrainCall> model, List<Entry> inOrder) => inOrder.Find(entry => !model.Accepts(entry.ToCall()));

    private ISequentialObject<GrainCall> NewModel(GrainHistory grain) => grain.IsHstate ? new SequentialPool() : new SequentialSubpool(profile);

    private bool? Search(GrainHistory grain) => LinearizabilityChecker.IsLinearizable(
        NewModel(grain),
        [.. grain.All.Select(entry => new ObservedCall<GrainCall>(entry.ToCall(), entry.Sent, entry.Answered))]);

    // A machine has one hstate and few subpools, and few calls are open at a time: the last ones are looked at first.
    private GrainHistory HistoryOf(GrainId id, bool isHstate)
    {
        var known = _grains.FindLast(grain => grain.IsHstate == isHstate && grain.Id.Key == id.Key);
        if (known is null)
        {
            _grains.Add(known = new GrainHistory(id, isHstate));
        }

        return known;
    }

    private int Find(GrainRequest request) => _open.FindLastIndex(entry => ReferenceEquals(entry.Request, request));

    // A caller that asks again with the same operation id makes the same call: the grain carries it out once.
    private bool IsFirst(Entry entry)
    {
        foreach (var argument in entry.Arguments)
        {
            if (argument is Operation operation)
            {
                return operation == default || _operations.Add((operation.Session, operation.Slot, operation.Sequence));
            }
        }

        return true;
    }

    /// <summary>The calls of one grain: all, and those that it carried out, in its order.</summary>
    private sealed class GrainHistory(GrainId id, bool isHstate)
    {
        public GrainId Id { get; } = id;

        public bool IsHstate { get; } = isHstate;

        public List<Entry> All { get; } = [];

        public List<Entry> Arrived { get; } = [];
    }

    private sealed class Entry(GrainRequest request, GrainHistory grain, long sent)
    {
        private object?[]? _arguments;

        public GrainRequest Request { get; } = request;

        public GrainHistory Grain { get; } = grain;

        public object?[] Arguments => _arguments ??= Request.GetArguments();

        public long Sent { get; } = sent;

        public long Answered { get; set; } = long.MaxValue;

        public bool HasArrived { get; set; }

        public GrainCall ToCall()
        {
            var method = Request.MethodName;
            var isAnswered = Answered != long.MaxValue;
            return new GrainCall(method[(method.IndexOf('.', StringComparison.Ordinal) + 1)..], Arguments, isAnswered ? Request.Answer : null, isAnswered);
        }
    }
}
