using Hugesim.Grains;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Hugesim.Silo;

/// <summary>
/// Keeps the states of ended activations on Orleans, one keeper a silo. A state has its place at the keeper where its activation ended; all keepers know of it, so a new activation asks one silo
/// or, mostly, none. A silo that stops hands on what it still has.
/// </summary>
internal sealed partial class StateKeeper(StateKeepers keepers, ILocalSiloDetails silo, IClusterMembershipService membership)
    : IStateKeeper, ILifecycleParticipant<ISiloLifecycle>
{
    // After what the grains of a silo that stops leave, and before its membership ends.
    private const int HandOverStage = ServiceLifecycleStage.GrainDirectoryShutdown - 1;
    private const int StatesPerMessage = 256;

    // A silo that does not answer is waited for so long when this one starts; should it be alive, it tells this one what it keeps a little later.
    private static readonly TimeSpan GreetingTime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly KeptStates<SiloAddress> _states = new();
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _ended = new();
    private readonly List<SiloAddress> _heirs = [];
    private volatile bool _isEmpty = true;
    private volatile Task? _handOver;

    /// <summary>Adds a silo's keeper.</summary>
    public static void AddTo(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<StateKeepers>().AddSingleton<StateKeeper>()
            .AddSingleton<IStateKeeper>(services => services.GetRequiredService<StateKeeper>())
            .AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<StateKeeper>());
        silo.AddGrainService<StateKeeperService>();
    }

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(StateKeeper), ServiceLifecycleStage.GrainDeactivation, StartAsync);
        lifecycle.Subscribe(nameof(StateKeeper), HandOverStage, _ => Task.CompletedTask, StopAsync);
    }

    /// <inheritdoc/>
    public async Task KeepAsync(GrainId grain, GrainRecord record)
    {
        await PutAsync(grain, record);
        if (_handOver is not null)
        {
            // The grain ends later than all others of this silo.
            await HandOverAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public ValueTask<GrainRecord?> TakeAsync(GrainId grain, CancellationToken stop) =>
        _isEmpty && _greeted.Task.IsCompleted ? default : FetchAsync(grain, stop);

    /// <inheritdoc/>
    public void Begun(GrainId grain, long epoch) => _ = DropHere(grain, epoch);

    /// <summary>The state of a grain that is kept here.</summary>
    public GrainRecord? Find(GrainId grain)
    {
        lock (_lock)
        {
            return _states.Find(grain);
        }
    }

    /// <summary>Another silo has a state that was kept here, or has been handed on.</summary>
    public async Task DropAsync(GrainId grain, long epoch)
    {
        if (_handOver is { } handOver)
        {
            await handOver;
            SiloAddress[] heirs;
            lock (_lock)
            {
                heirs = [.. _heirs];
            }

            await Task.WhenAll(heirs.Select(heir => keepers[heir].Drop(grain, epoch)));
        }

        _ = DropHere(grain, epoch);
    }

    /// <summary>Keeps what a silo hands on that stops.</summary>
    public async Task InheritAsync(KeptState[] states)
    {
        if (_handOver is not null)
        {
            throw new SiloUnavailableException($"silo {silo.SiloAddress} stops");
        }

        await Task.WhenAll(states.Select(state => PutAsync(state.Grain, state.Record)));
    }

    private async ValueTask<GrainRecord?> FetchAsync(GrainId grain, CancellationToken stop)
    {
        await _greeted.Task.WaitAsync(stop);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            GrainRecord? own;
            SiloAddress keeper;
            long epoch;
            lock (_lock)
            {
                own = _states.Find(grain);
                if (!_states.TryFindElsewhere(grain, out keeper, out epoch))
                {
                    return own;
                }
            }

            if (!(own?.Epoch >= epoch ? await TryDropAsync(keeper, grain, epoch) : await TryFetchAsync(keeper, grain)))
            {
                // It has been taken or handed on, or its keeper has ended: news of that are on their way.
                await Task.Delay(Pause, stop);
            }
        }
    }

    private async Task<bool> TryFetchAsync(SiloAddress keeper, GrainId grain)
    {
        GrainRecord? record = null;
        await TryAsync(async () => record = await keepers[keeper].Find(grain));
        if (record is not null)
        {
            await PutAsync(grain, record);
        }

        return record is not null;
    }

    private async Task<bool> TryDropAsync(SiloAddress keeper, GrainId grain, long epoch)
    {
        var isDropped = await TryAsync(() => keepers[keeper].Drop(grain, epoch));
        if (isDropped)
        {
            lock (_lock)
            {
                _states.Hear(keeper, new KeptChange(grain, epoch, false));
                Count();
            }
        }

        return isDropped;
    }

    private Task PutAsync(GrainId grain, GrainRecord record)
    {
        lock (_lock)
        {
            if (!_states.Keep(grain, record))
            {
                return Task.CompletedTask;
            }

            Count();
            return Tell(new KeptChange(grain, record.Epoch, true));
        }
    }

    private Task DropHere(GrainId grain, long epoch)
    {
        lock (_lock)
        {
            if (!_states.Drop(grain, epoch))
            {
                return Task.CompletedTask;
            }

            Count();
            return Tell(new KeptChange(grain, epoch, false));
        }
    }

    private async Task StartAsync(CancellationToken stop)
    {
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(() => FollowAsync(_ended.Token), CancellationToken.None);
        }

        var others = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(silo.SiloAddress));
        var greetings = Task.WhenAll(others.Select(other => TryAsync(() => keepers[other.SiloAddress].Greet(silo.SiloAddress))));
        await TryAsync(() => greetings.WaitAsync(GreetingTime, stop));
        _greeted.TrySetResult();
    }

    private async Task StopAsync(CancellationToken stop)
    {
        _handOver = HandOverAsync(stop);
        await _handOver;
        await _ended.CancelAsync();
    }

    private async Task HandOverAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            KeptState[] states;
            SiloAddress? heir;
            lock (_lock)
            {
                Follow(membership.CurrentSnapshot);
                states = [.. _states.Own.Take(StatesPerMessage).Select(kept => new KeptState(kept.Key, kept.Value))];
                heir = _peers.Keys.FirstOrDefault(peer => membership.CurrentSnapshot.GetSiloStatus(peer) == SiloStatus.Active);
                if (states.Length == 0 || heir is null)
                {
                    return;
                }

                if (!_heirs.Contains(heir))
                {
                    _heirs.Add(heir);
                }
            }

            if (!await TryAsync(() => keepers[heir].Inherit(states)))
            {
                await Task.Delay(Pause, CancellationToken.None);
                continue;
            }

            lock (_lock)
            {
                foreach (var state in states)
                {
                    _states.Drop(state.Grain, state.Record.Epoch);
                }

                Count();
            }
        }
    }

    // In the lock.
    private void Count() => _isEmpty = _states.IsEmpty;

    // Whatever is the matter with another silo, the answer is to look again who has what.
    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OperationCanceledException or InvalidOperationException or System.IO.IOException)
        {
            return false;
        }
    }
}
