using Hugesim.Embedded.CodeGeneration;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <content>How instances come and go.</content>
internal sealed partial class Activation
{
    private IGrainBase? _instance;
    private DeactivationReason? _deactivationReason;
    private Stage _stage;
    private bool _wasActive;

    /// <summary>Whether the silo that held this activation is gone.</summary>
    internal bool IsDead => _stage == Stage.Dead || !Silo.IsRunning;

    /// <summary>Whether there is an instance, or will be in a moment.</summary>
    internal bool IsActive => _stage is Stage.Activating or Stage.Valid or Stage.Deactivating;

    /// <summary>Ends the instance once nothing runs.</summary>
    internal void RequestDeactivation(DeactivationReason reason)
    {
        if (_stage is Stage.Valid or Stage.Activating)
        {
            _deactivationReason ??= reason;
            _pumpNeeded = true;
        }
    }

    /// <summary>The silo is gone: everything here is lost, and the callers that wait learn it.</summary>
    internal void Die()
    {
        if (_stage == Stage.Dead)
        {
            return;
        }

        _stage = Stage.Dead;
        IsRetired = true;
        StopTimers();
        foreach (var (request, _) in Requests().ToList())
        {
            request.Abandon(LostWithSilo(request));
        }

        _firstWaiting = _lastWaiting = _firstRunning = _blocking = null;
        _instance = null;
        NoteLeft();
    }

    private protected override void OnQueueEmpty()
    {
        if (_stage == Stage.Empty && _wasActive && _firstWaiting is null)
        {
            Retire();
        }
    }

    private void StartActivation()
    {
        _stage = Stage.Activating;
        if ((_wasActive || !Silo.IsOpen) && !TryPlaceAgain())
        {
            return;
        }

        _wasActive = true;
        RequestContext.Current = _firstWaiting!.Context;
        _ = ActivateAsync(null);
        RestoreFlow();
    }

    /// <summary>The next instance may be elsewhere: a silo that crashed, or a better one, or none that the filters allow.</summary>
    private bool TryPlaceAgain()
    {
        try
        {
            Move(Kind.Place(Key, _firstWaiting!.Caller, _firstWaiting.Context));
        }
        catch (Exception failure)
        {
            FailActivation(failure);
            return false;
        }

        if (Silo.IsRunning)
        {
            return true;
        }

        // It crashed between the choice and now, and may have missed this one.
        Kind.Forget(this);
        Die();
        return false;
    }

    /// <summary>Runs up to the first incomplete await in this turn, the rest in later turns, as requests do.</summary>
    private async Task ActivateAsync(MigrationContext? moved)
    {
        try
        {
            _instance = Kind.CreateInstance();
            if (moved is not null)
            {
                (_instance as IGrainMigrationParticipant)?.OnRehydrate(moved);
            }

            await _instance.OnActivateAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            FailActivation(failure);
            return;
        }

        if (_stage == Stage.Activating)
        {
            _stage = Stage.Valid;
            _pumpNeeded = true;
        }
    }

    private void FailActivation(Exception failure)
    {
        if (_stage != Stage.Activating)
        {
            return;
        }

        StopTimers();
        _instance = null;
        _deactivationReason = null;
        _stage = Stage.Empty;
        NoteLeft();
        while (_firstWaiting is { } request)
        {
            UnlinkWaiting(request);
            request.Complete(failure);
        }
    }

    private void StartDeactivation()
    {
        _stage = Stage.Deactivating;
        StopTimers();
        _ = DeactivateAsync(_deactivationReason!.Value);
    }

    private async Task DeactivateAsync(DeactivationReason reason)
    {
        (MigrationContext State, EmbeddedSilo Target)? moved = null;
        try
        {
            await _instance!.OnDeactivateAsync(reason, CancellationToken.None);
            moved = Dehydrate();
            if (_instance is IAsyncDisposable asyncDisposable)
            {
                await asyncDisposable.DisposeAsync();
            }
            else if (_instance is IDisposable disposable)
            {
                disposable.Dispose();
            }
        }
        catch (Exception failure)
        {
            Cluster.ReportBackgroundError(failure, $"the deactivation of {Name}");
        }

        if (_stage != Stage.Deactivating)
        {
            return;
        }

        _instance = null;
        _deactivationReason = null;
        _reentrantSections = null;
        _stage = Stage.Empty;
        _migrates = false;
        RemoveClaimed();
        if (moved is { } move)
        {
            Rehydrate(move.State, move.Target);
        }
        else if (_firstWaiting is not null)
        {
            StartActivation();
        }

        NoteLeft();
    }

    private void Move(EmbeddedSilo silo)
    {
        Silo.CountActivation(-1);
        Silo = silo;
        silo.CountActivation(1);
        Number = Cluster.NextActivationNumber();
    }

    /// <summary>A cluster that starts anew has none of this.</summary>
    internal void Discard()
    {
        _stage = Stage.Dead;
        IsRetired = true;
    }

    /// <summary>Leaves the directory: a grain that is not active costs nothing.</summary>
    private void Retire()
    {
        if (!IsRetired)
        {
            IsRetired = true;
            Silo.CountActivation(-1);
            Kind.Forget(this);
        }
    }

    private void StopTimers()
    {
        foreach (var timer in Timers?.ToArray() ?? [])
        {
            timer.Dispose();
        }
    }
}
