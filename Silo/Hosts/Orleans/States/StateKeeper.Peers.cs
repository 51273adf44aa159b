using Hugesim.Grains;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <content>Each keeper tells all others what it keeps, in order and until they have heard it.</content>
internal sealed partial class StateKeeper
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly Dictionary<SiloAddress, Peer> _peers = [];
    private readonly Dictionary<SiloAddress, long> _heard = [];
    private ClusterMembershipSnapshot? _followed;

    /// <summary>A silo that begins is told what is kept here.</summary>
    public Task WelcomeAsync(SiloAddress silo)
    {
        lock (_lock)
        {
            return Meet(silo);
        }
    }

    /// <summary>Another silo tells what it keeps.</summary>
    public void Hear(SiloAddress silo, long number, KeptChange[] changes)
    {
        lock (_lock)
        {
            if (number <= _heard.GetValueOrDefault(silo) || membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            {
                return;
            }

            _heard[silo] = number;
            foreach (var change in changes)
            {
                if (_states.Hear(silo, change))
                {
                    Tell(change with { Epoch = change.Epoch - 1, IsKept = false });
                }
            }

            Count();
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stop))
        {
            lock (_lock)
            {
                Follow(snapshot);
            }
        }
    }

    // In the lock.
    private void Follow(ClusterMembershipSnapshot snapshot)
    {
        if (ReferenceEquals(snapshot, _followed) || snapshot.Version < _followed?.Version)
        {
            return;
        }

        _followed = snapshot;
        foreach (var member in snapshot.Members.Values)
        {
            if (member.Status is SiloStatus.Joining or SiloStatus.Active && !member.SiloAddress.Equals(silo.SiloAddress))
            {
                _ = Meet(member.SiloAddress);
            }
        }

        // A silo that stops begins no activations any more.
        foreach (var (address, peer) in _peers.ToArray())
        {
            if (snapshot.GetSiloStatus(address).IsTerminating())
            {
                peer.End();
                _peers.Remove(address);
            }
        }

        foreach (var address in _heard.Keys.Where(address => snapshot.GetSiloStatus(address) == SiloStatus.Dead).ToArray())
        {
            _states.Forget(address);
            _heard.Remove(address);
        }

        Count();
    }

    // In the lock.
    private Task Meet(SiloAddress address)
    {
        if (!_peers.TryGetValue(address, out var peer))
        {
            _peers[address] = peer = new Peer(this, keepers, silo.SiloAddress, address);
            return peer.Tell([.. _states.Own.Select(kept => new KeptChange(kept.Key, kept.Value.Epoch, true))]);
        }

        return peer.Told;
    }

    // In the lock; the others have heard it when the task ends.
    private Task Tell(KeptChange change)
    {
        Follow(membership.CurrentSnapshot);
        return Task.WhenAll(_peers.Values.Select(peer => peer.Tell([change])));
    }

    /// <summary>One of the others. What it is to be told while a message to it is under way goes with the next.</summary>
    private sealed class Peer(StateKeeper keeper, StateKeepers keepers, SiloAddress self, SiloAddress address)
    {
        private readonly List<KeptChange> _waiting = [];
        private TaskCompletionSource? _sent;
        private TaskCompletionSource? _next;
        private bool _hasEnded;
        private long _number;

        /// <summary>All that was said until now has been heard.</summary>
        public Task Told => _next?.Task ?? _sent?.Task ?? Task.CompletedTask;

        public Task Tell(KeptChange[] changes)
        {
            if (_hasEnded || changes.Length == 0)
            {
                return Task.CompletedTask;
            }

            _waiting.AddRange(changes);
            _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var told = _next.Task;
            if (_sent is null)
            {
                var first = Take();
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(() => SendAsync(first));
                }
            }

            return told;
        }

        public void End()
        {
            _hasEnded = true;
            _sent?.TrySetResult();
            _next?.TrySetResult();
        }

        private KeptChange[] Take()
        {
            (_sent, _next) = (_next, null);
            KeptChange[] changes = [.. _waiting];
            _waiting.Clear();
            return changes;
        }

        private async Task SendAsync(KeptChange[] changes)
        {
            while (true)
            {
                var (number, news) = (++_number, changes);
                while (!await TryAsync(() => keepers[address].Hear(self, number, news)) && !Volatile.Read(ref _hasEnded))
                {
                    await Task.Delay(Pause);
                }

                lock (keeper._lock)
                {
                    _sent?.TrySetResult();
                    changes = Take();
                    if (_hasEnded || changes.Length == 0)
                    {
                        return;
                    }
                }
            }
        }
    }
}
