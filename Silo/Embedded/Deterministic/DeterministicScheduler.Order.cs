using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <content>What a <see cref="DeliveryOrder"/> is told: numbers of places and channels, and whose doing a delivery is.</content>
internal sealed partial class DeterministicScheduler
{
    private readonly Dictionary<ExecutionNode, int> _places = [];
    private readonly Dictionary<GrainRequest, int> _flowsOfWaiting = [];
    private ReadyDelivery[] _candidates = new ReadyDelivery[16];
    private int _flow;

    /// <summary>A request waits at its callee; whoever lets it start does not make it their own doing.</summary>
    internal void OnWaiting(GrainRequest request) => _flowsOfWaiting[request] = _flow;

    /// <summary>A request that waited starts.</summary>
    internal void OnStarting(GrainRequest request)
    {
        if (_flowsOfWaiting.Remove(request, out var flow))
        {
            _flow = flow;
        }
    }

    private ReadOnlySpan<ReadyDelivery> Candidates()
    {
        if (_candidates.Length < _ready.Count)
        {
            _candidates = new ReadyDelivery[_ready.Count * 2];
        }

        for (var i = 0; i < _ready.Count; i++)
        {
            var channel = _ready[i];
            var first = channel.First;
            _candidates[i] = new ReadyDelivery(channel.Number, channel.TargetNumber, first.Flow, first.Step, first.Number);
        }

        return _candidates.AsSpan(0, _ready.Count);
    }

    private Channel NewChannel(ExecutionNode source, ExecutionNode target)
    {
        if (!_places.TryGetValue(target, out var place))
        {
            _places[target] = place = _places.Count;
        }

        return new Channel(source, target, _channelNumber++, place);
    }

    private void ResetNumbers()
    {
        (_step, _sent, _channelNumber, _flow) = (0, 0, 0, 0);
        _places.Clear();
        _flowsOfWaiting.Clear();
    }
}
