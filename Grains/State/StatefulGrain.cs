using System.Text.Json;
using Hugesim.Abstractions;
using Hugesim.Model;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Hugesim.Grains;

/// <summary>
/// A grain whose state outlives its activation where that ends in order: it moves with the state to another silo, or stores it first. An activation
/// without state says so instead of beginning anew. State is written down only when an activation ends; a grain that is to be durable
/// at every change would call <see cref="StoreAsync"/> after the change.
/// </summary>
/// <typeparam name="TState">The state as plain data.</typeparam>
public abstract partial class StatefulGrain<TState> : Grain, IGrainMigrationParticipant, ICapturedWhole
    where TState : class
{
    /// <summary>The name of the store for the states of all grains; a silo without a store of that name keeps them in memory only.</summary>
    public const string StorageName = "hugesim";

    // In a store the name is the kind of grain: stores know a grain by this name and its key, and a mount and its subpool have the same key.
    private const string StateName = "state";
    private IGrainStorage? _storage;
    private IStateKeeper? _keeper;
    private long _takenEpoch;
    private GrainState<GrainRecord>? _stored;
    private bool _moved;
    private bool _isStale;

    /// <inheritdoc/>
    public virtual bool IsUnlocked => true;

    /// <summary>What kind of grain this is, for messages.</summary>
    protected abstract string Kind { get; }

    /// <summary>The grain's key.</summary>
    protected string Key => this.GetPrimaryKeyString();

    /// <summary>Kind and key, for messages.</summary>
    protected string Name => $"{Kind} {Key}";

    /// <summary>The emulated machine that the grain belongs to.</summary>
    protected string MachineName => Keys.Machine(Key);

    /// <summary>
    /// Which activation with this state it is; 0 without state. Higher than that of every activation before it: the clock where a life begins, one more
    /// where it goes on.
    /// </summary>
    protected long Epoch { get; private set; }

    /// <summary>
    /// The epoch with which this life began; it stays when the grain moves. Whoever made the grain knows it and tells those who call: an activation of another life is a
    /// second one with a state, which an epoch alone cannot tell from one that has moved.
    /// </summary>
    protected long Life { get; private set; }

    /// <summary>Calls of this grain to others.</summary>
    private protected SiloCalls Calls => SiloCalls.Of(GrainFactory, ServiceProvider);

    // What is in the store, as far as this activation knows.
    private GrainState<GrainRecord> Stored => _stored ??= new GrainState<GrainRecord>(new GrainRecord());

    /// <summary>The answer of an activation without state to who looks for it: it ends, unless it still has to be remembered how its life ended.</summary>
    protected T? Absent<T>()
        where T : class
    {
        if (Epoch == 0)
        {
            DeactivateOnIdle();
        }

        return null;
    }

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _storage = ServiceProvider.GetKeyedService<IGrainStorage>(StorageName);
        if (_storage is null)
        {
            await TakeKeptAsync(cancellationToken);
            return;
        }

        if (!_moved)
        {
            await _storage.ReadStateAsync(Kind, this.GetGrainId(), Stored);
            if (Stored is not { RecordExists: true, State: { State: { } state, Epoch: var epoch } })
            {
                return;
            }

            Resume(state, epoch);
        }

        // From here on the stored state is not the newest: should this silo be lost, nobody may go on with it.
        ThrowIfStopped(cancellationToken);
        await WriteAsync(null);
        if (cancellationToken.IsCancellationRequested)
        {
            // The silo stops: the activation ends before it has begun, and nobody will tell it so.
            await StoreAsync();
            ThrowIfStopped(cancellationToken);
        }
    }

    private async ValueTask TakeKeptAsync(CancellationToken cancellationToken)
    {
        _keeper = ServiceProvider.GetService<IStateKeeper>();
        if (_keeper is null || await _keeper.TakeAsync(this.GetGrainId(), cancellationToken) is not { State: { } state, Epoch: var epoch })
        {
            return;
        }

        Resume(state, epoch);
        _takenEpoch = epoch;

        // A timer ticks only in an activation that works; one that is ended before that gets no word, and leaves the state where it is.
        this.RegisterGrainTimer(
            () =>
            {
                LetGoOfKept();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan) { Interleave = true });
    }

    private void LetGoOfKept()
    {
        if (_takenEpoch > 0)
        {
            _keeper!.Begun(this.GetGrainId(), _takenEpoch);
            _takenEpoch = 0;
        }
    }

    // Callers ask again, and reach the next activation.
    private void ThrowIfStopped(CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{Name} was to begin on silo {RuntimeIdentity}, which stops");
        }
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        LetGoOfKept();
        if (_hasEnded && _operations is not null)
        {
            Calls.Ended.Add(_operations);
        }

        if (_isStale || Epoch == 0)
        {
            return;
        }

        if (!IsKept)
        {
            // The life has ended.
            if (_storage is not null && Stored.RecordExists)
            {
                await _storage.ClearStateAsync(Kind, this.GetGrainId(), Stored);
            }

            return;
        }

        await StoreAsync();
        if (_storage is not null)
        {
            return;
        }

        if (reason.ReasonCode != DeactivationReasonCode.Migrating)
        {
            // A silo that stops, or somebody who ends activations: the state goes where there is a place for it.
            GrainContext.Migrate(null, cancellationToken);
        }

        if (_keeper is not null && !cancellationToken.IsCancellationRequested)
        {
            await _keeper.KeepAsync(this.GetGrainId(), Record(Encode()));
        }
    }

    /// <inheritdoc/>
    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(dehydrationContext);
        if (_keeper is null && !_isStale && Epoch > 0 && IsKept)
        {
            dehydrationContext.TryAddValue(StateName, Record(Encode()) with { ETag = _stored?.ETag });
        }
    }

    /// <inheritdoc/>
    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        ArgumentNullException.ThrowIfNull(rehydrationContext);
        if (rehydrationContext.TryGetValue<GrainRecord>(StateName, out var record) && record.State is { } state)
        {
            _moved = true;
            _stored = new GrainState<GrainRecord>(record, record.ETag) { RecordExists = record.ETag is not null };
            Resume(state, record.Epoch);
        }
    }

    /// <inheritdoc/>
    public object? CaptureWhole() => Capture();

    /// <summary>The state as plain data that nothing changes later; null before the life of the grain has begun and after it has ended.</summary>
    protected abstract TState? Capture();

    /// <summary>Goes on with a state that another activation captured.</summary>
    protected abstract void Restore(TState state);

    /// <summary>A life begins, or its next part does.</summary>
    protected void Begin()
    {
        Epoch = Math.Max(Math.Max(Epoch, _stored?.State?.Epoch ?? 0) + 1, DateTime.UtcNow.Ticks);
        Life = Life == 0 ? Epoch : Life;
    }

    /// <summary>Writes the state down, if the silo has a store.</summary>
    protected Task StoreAsync() => _storage is not null && IsKept ? WriteAsync(Encode()) : Task.CompletedTask;

    /// <summary>
    /// A message that needs a state came, and there is none. The machine learns of it, and is broken if the grain should be alive.
    /// </summary>
    protected StateLostException Lost()
    {
        var loss = DescribeLoss();
        if (!_hasEnded)
        {
            Report(loss);
        }

        return ErrorOf(loss);
    }

    /// <summary>The same where the caller knows whether the grain should be alive.</summary>
    protected StateLostException NotHere() => ErrorOf(DescribeLoss());

    private StateLoss DescribeLoss()
    {
        if (_hasEnded)
        {
            return new StateLoss(Name, $"{Name} of machine {MachineName} has ended.");
        }

        var taken = _stored?.State is { State: null, Silo: { } silo } ? $" The last activation with its state was on silo {silo}." : "";
        var gone = ServiceProvider.GetService<ILostSilos>()?.Lost is { Count: > 0 } lost ? $" Silos that have ended: {string.Join(", ", lost)}." : "";
        return new StateLoss(
            Name, $"{Name} of machine {MachineName} has no state on silo {RuntimeIdentity}: it was never made, has ended, or was lost with its silo.{taken}{gone}");
    }

    /// <summary>The error that says what is lost.</summary>
    protected StateLostException ErrorOf(StateLoss loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return new StateLostException(loss.Grain, MachineName, loss.Message);
    }

    /// <summary>Tells the machine.</summary>
    private protected virtual void Report(StateLoss loss) => _ = GrainFactory.GetGrain<IMachineGrain>(MachineName).ReportLoss(loss).AsTask();

    private void Resume(string state, long epoch)
    {
        var image = JsonSerializer.Deserialize<Image>(state)!;
        if (image.State is { } living)
        {
            Restore(living);
        }

        _hasEnded = image.State is null;
        if (image.Operations.Length > 0)
        {
            Operations.Restore(image.Operations);
        }

        Life = image.Life;
        _lane = image.Lane is { } lane ? new CallLane(Calls.Repeated, lane) : null;
        Epoch = epoch + 1;
    }

    private string Encode() => JsonSerializer.Serialize(new Image(
        _hasEnded ? null : Capture(), _operations?.Capture(answer => JsonSerializer.Serialize(answer, answer.GetType())) ?? [], _lane?.Capture(), Life));

    private GrainRecord Record(string? state) => new() { Epoch = Epoch, State = state, Silo = RuntimeIdentity };

    private Task WriteAsync(string? state)
    {
        Stored.State = Record(state);
        return _storage!.WriteStateAsync(Kind, this.GetGrainId(), Stored);
    }

    private sealed record Image(TState? State, OperationRecord[] Operations, CallLaneState? Lane, long Life = 0);
}
