using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>The machines of a cluster, by client.</summary>
[KeepAlive, Immovable]
public sealed class MachineDirectoryGrain : StatefulGrain<MachineDirectoryState>, IMachineDirectoryGrain
{
    private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private IGrainTimer? _timer;

    /// <inheritdoc/>
    protected override string Kind => "machine directory";

    /// <inheritdoc/>
    public ValueTask Add(MachineOwner owner, ClusterMachine[] machines)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(machines);
        if (Epoch == 0)
        {
            Begin();
        }

        if (!_clients.TryGetValue(owner.Id, out var client))
        {
            _clients[owner.Id] = client = new Client(owner);
        }

        client.EndsUtc = DateTime.UtcNow + owner.Lease;
        foreach (var machine in machines)
        {
            client.Machines.TryAdd(machine.Name, new OwnedMachine(machine, owner.Description, DateTime.UtcNow));
        }

        WatchLeases();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask Renew(MachineOwner owner, ClusterMachine[] machines)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if (!_clients.TryGetValue(owner.Id, out var client))
        {
            // The directory has lost what it knew.
            return Add(owner, machines);
        }

        // Of a client that is known nothing is added: what it names and the directory does not, somebody else has switched off.
        client.EndsUtc = DateTime.UtcNow + owner.Lease;
        WatchLeases();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask Remove(string[] machines)
    {
        ArgumentNullException.ThrowIfNull(machines);
        // A client without machines stays known until its lease ends: it may not know yet that its machine is off.
        foreach (var client in _clients.Values)
        {
            foreach (var machine in machines)
            {
                client.Machines.Remove(machine);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<OwnedMachine[]> List() =>
        new([.. _clients.Values.SelectMany(client => client.Machines.Values).OrderBy(machine => machine.Machine.Name, StringComparer.Ordinal)]);

    /// <inheritdoc/>
    protected override MachineDirectoryState? Capture() => _clients.Count == 0 ? null : new(
        [.. _clients.Values.Select(client => new OwnerState(client.Owner, client.EndsUtc, [.. client.Machines.Values]))]);

    /// <inheritdoc/>
    protected override void Restore(MachineDirectoryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (var owner in state.Owners)
        {
            var client = new Client(owner.Owner) { EndsUtc = owner.EndsUtc };
            foreach (var machine in owner.Machines)
            {
                client.Machines.Add(machine.Machine.Name, machine);
            }

            _clients.Add(owner.Owner.Id, client);
        }

        WatchLeases();
    }

    // The timer runs while there is a lease that can end.
    private void WatchLeases()
    {
        _timer?.Dispose();
        _timer = null;
        if (_clients.Count > 0)
        {
            var first = _clients.Values.Min(client => client.EndsUtc) - DateTime.UtcNow;
            var due = first > TimeSpan.Zero ? first : TimeSpan.Zero;
            _timer = this.RegisterGrainTimer(EndLeases, new GrainTimerCreationOptions(due, Timeout.InfiniteTimeSpan));
        }
    }

    private async Task EndLeases(CancellationToken cancellationToken)
    {
        foreach (var client in _clients.Values.Where(client => client.EndsUtc <= DateTime.UtcNow).ToArray())
        {
            // First out of the list: what cannot be switched off because a silo is lost will not be next time either.
            _clients.Remove(client.Owner.Id);
            foreach (var machine in client.Machines.Values)
            {
                await MachinePower.OffAsync(GrainFactory, machine.Machine);
            }
        }

        WatchLeases();
    }

    private sealed class Client(MachineOwner owner)
    {
        public MachineOwner Owner => owner;

        public DateTime EndsUtc { get; set; }

        public Dictionary<string, OwnedMachine> Machines { get; } = new(StringComparer.Ordinal);
    }
}
