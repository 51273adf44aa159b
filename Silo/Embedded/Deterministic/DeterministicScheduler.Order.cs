using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

/// <content>What a <see cref="DeliveryOrder"/> is told: numbers of places and channels, and whose doing a delivery is.</content>
internal sealed partial class DeterministicScheduler
{
    private readonly Dictionary<GrainRequest, int> _flowsOfWaiting = [];
    private ReadyDelivery[] _candidates = new ReadyDelivery[16];
    private int _flow;
    private int _places;

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

    /// <summary>
    /// The channel from one place to another. Each place has its own in a list, the last used first: a grain speaks to few others, and mostly to the one
    /// that it spoke to last. No place outlives a reset, so the lists need no clearing.
    /// </summary>
    private Channel ChannelBetween(ExecutionNode source, ExecutionNode target)
    {
        Channel? before = null;
        for (var channel = source.Channels; channel is not null; before = channel, channel = channel.Next)
        {
            if (ReferenceEquals(channel.Target, target))
            {
                if (before is not null)
                {
                    (before.Next, channel.Next, source.Channels) = (channel.Next, source.Channels, channel);
                }

                return channel;
            }
        }

        return source.Channels = NewChannel(source, target, source.Channels);
    }

    private Channel NewChannel(ExecutionNode source, ExecutionNode target, Channel? next = null)
    {
        if (target.Place == 0)
        {
            target.Place = ++_places;
        }

        return new Channel(source, target, _channelNumber++, target.Place - 1) { Next = next };
    }

    private void ResetNumbers()
    {
        (_step, _sent, _channelNumber, _flow, _places) = (0, 0, 0, 0, 0);
        _flowsOfWaiting.Clear();
    }
}
