using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hugesim.Tests.Engine;

public interface INomad : IGrainWithStringKey
{
    /// <summary>Adds to what the grain has in memory only.</summary>
    ValueTask<int> Add(int number);

    ValueTask<int> AddSlowly(int number, string gate);

    ValueTask<string> Silo();

    /// <summary>What its activation went through.</summary>
    ValueTask<string> Past();
}

/// <summary>Has its number move with it, also when its silo stops.</summary>
[KeepAlive]
public sealed class NomadGrain : Grain, INomad, IGrainMigrationParticipant
{
    public static readonly ConcurrentDictionary<string, string> Ends = new();

    private int _sum;
    private string _past = "";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _past += "activated ";
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Ends[this.GetPrimaryKeyString()] = $"{reason.ReasonCode}";
        if (reason.ReasonCode == DeactivationReasonCode.ShuttingDown)
        {
            GrainContext.Migrate(null, cancellationToken);
        }

        return Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("sum", $"{_sum}");

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<string>("sum", out var sum))
        {
            _sum = int.Parse(sum, null);
            _past += "rehydrated ";
        }
    }

    public ValueTask<int> Add(int number) => new(_sum += number);

    public async ValueTask<int> AddSlowly(int number, string gate)
    {
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".go");
        return _sum += number;
    }

    public ValueTask<string> Silo() => new(RuntimeIdentity);

    public ValueTask<string> Past() => new(_past.Trim());
}

public interface IForgetful : IGrainWithStringKey
{
    ValueTask<int> Add(int number);
}

/// <summary>Neither kept nor moved.</summary>
public sealed class ForgetfulGrain : Grain, IForgetful
{
    private int _sum;

    public ValueTask<int> Add(int number) => new(_sum += number);
}

public interface IArchivist : IGrainWithStringKey
{
    ValueTask<string> Write(string text);

    ValueTask<string> Read();

    ValueTask Clear();

    /// <summary>Writes as one who has not seen what is stored.</summary>
    ValueTask WriteBlindly();
}

/// <summary>Uses a store by its name, at run time.</summary>
public sealed class ArchivistGrain : Grain, IArchivist
{
    private readonly GrainState<Ledger> _state = new(new Ledger());

    private IGrainStorage Storage => ServiceProvider.GetRequiredKeyedService<IGrainStorage>("hugesim");

    public async ValueTask<string> Write(string text)
    {
        _state.State!.Pages[text] = 1;
        await Storage.WriteStateAsync("a", this.GetGrainId(), _state);
        return $"{_state.RecordExists} {_state.ETag is not null}";
    }

    public async ValueTask<string> Read()
    {
        await Storage.ReadStateAsync("a", this.GetGrainId(), _state);
        return $"{_state.RecordExists} {string.Join(',', _state.State!.Pages.Keys)}";
    }

    public async ValueTask Clear() => await Storage.ClearStateAsync("a", this.GetGrainId(), _state);

    public async ValueTask WriteBlindly() => await Storage.WriteStateAsync("a", this.GetGrainId(), new GrainState<Ledger>(new Ledger()));
}
