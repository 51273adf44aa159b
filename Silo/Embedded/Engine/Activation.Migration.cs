using Orleans;
using Orleans.Runtime;

namespace Hugesim.Embedded;

/// <content>Moving to another silo, and leaving one that stops.</content>
internal sealed partial class Activation
{
    private bool _migrates;
    private Dictionary<string, object>? _migrationRequestContext;
    private EmbeddedSilo? _migrationTarget;
    private List<TaskCompletionSource>? _leaving;

    /// <inheritdoc/>
    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
    {
        if (ReferenceEquals(Current, this))
        {
            RequestMigration(requestContext, null);
        }
        else
        {
            Cluster.Deliver(this, new ControlWork(activation => activation.RequestMigration(requestContext, null)), this);
        }
    }

    /// <summary>Ends the instance once nothing runs, and goes on with its state on another silo, or on a better one.</summary>
    internal void RequestMigration(Dictionary<string, object>? requestContext, EmbeddedSilo? target)
    {
        if (_stage is Stage.Valid or Stage.Activating or Stage.Deactivating)
        {
            (_migrates, _migrationRequestContext, _migrationTarget) = (true, requestContext, target);
            RequestDeactivation(new DeactivationReason(DeactivationReasonCode.Migrating, "Migrating to a new location."));
        }
    }

    /// <summary>Ends the instance, or moves it, and says when that is done. In a turn of this activation.</summary>
    internal void Leave(TaskCompletionSource done, Action<Activation> how)
    {
        how(this);
        if (_stage is Stage.Empty or Stage.Dead || (_stage != Stage.Deactivating && _deactivationReason is null))
        {
            done.TrySetResult();
        }
        else
        {
            (_leaving ??= []).Add(done);
        }
    }

    /// <summary>Ends the instance if it is idle and may be collected.</summary>
    internal void Collect()
    {
        if (!Kind.IsKeptAlive && !HasWork)
        {
            RequestDeactivation(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Idle activations are collected."));
        }
    }

    private void NoteLeft()
    {
        foreach (var done in _leaving ?? [])
        {
            done.TrySetResult();
        }

        _leaving = null;
    }

    /// <summary>After the instance was deactivated: takes its state along, if it moves and there is a place for it.</summary>
    private (MigrationContext State, EmbeddedSilo Target)? Dehydrate()
    {
        var (migrates, context, target) = (_migrates, _migrationRequestContext, _migrationTarget);
        (_migrates, _migrationRequestContext, _migrationTarget) = (false, null, null);
        if (!migrates || _instance is not IGrainMigrationParticipant participant)
        {
            return null;
        }

        try
        {
            target = target is { IsOpen: true } ? target : Kind.Place(Key, null, context);
            var state = new MigrationContext();
            participant.OnDehydrate(state);
            return (state, target);
        }
        catch (Exception failure)
        {
            Cluster.ReportBackgroundError(failure, $"the migration of {Name}");
            return null;
        }
    }

    private void Rehydrate(MigrationContext state, EmbeddedSilo target)
    {
        Move(target);
        if (!Silo.IsRunning)
        {
            Kind.Forget(this);
            Die();
            return;
        }

        _stage = Stage.Activating;
        _ = ActivateAsync(state);
        RestoreFlow();
    }
}
