using Orleans;
using Orleans.Runtime;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Engine;

[GenerateSerializer]
public sealed class Ledger
{
    [Id(0)]
    public Dictionary<string, long> Pages { get; set; } = [];

    [Id(1)]
    public List<int[]> Regions { get; set; } = [];
}

public interface ILedger : IGrainWithStringKey
{
    ValueTask Add(string owner, long pages, bool write);

    ValueTask<(long Pages, int Regions, bool Exists)> Get(string owner);

    ValueTask Clear();

    ValueTask End();
}

public sealed class LedgerGrain([PersistentState("ledger", "Default")] IPersistentState<Ledger> ledger, IGrainFactory factory) : Grain, ILedger
{
    public async ValueTask Add(string owner, long pages, bool write)
    {
        ArgumentNullException.ThrowIfNull(factory);
        ledger.State.Pages[owner] = ledger.State.Pages.GetValueOrDefault(owner) + pages;
        ledger.State.Regions.Add([(int)pages]);
        if (write)
        {
            await ledger.WriteStateAsync();
        }
    }

    public ValueTask<(long Pages, int Regions, bool Exists)> Get(string owner) =>
        new((ledger.State.Pages.GetValueOrDefault(owner), ledger.State.Regions.Count, ledger.RecordExists));

    public async ValueTask Clear() => await ledger.ClearStateAsync();

    public ValueTask End()
    {
        DeactivateOnIdle();
        return default;
    }
}

/// <summary>State that outlives its activation.</summary>
public sealed class StorageTests(EngineFixture engine)
{
    [Fact]
    public async Task State_NeverWritten_IsNew()
    {
        var (pages, regions, exists) = await engine.New<ILedger>().Get("a");
        (pages, regions, exists).ShouldBe((0, 0, false));
    }

    [Fact]
    public async Task State_Written_IsThereInTheNextActivation()
    {
        var grain = engine.New<ILedger>();
        await grain.Add("a", 3, write: true);
        await grain.Add("a", 2, write: true);
        await grain.End();
        (await grain.Get("a")).ShouldBe((5, 2, true));
    }

    [Fact]
    public async Task State_ChangedAfterTheWrite_IsAsWrittenInTheNextActivation()
    {
        var grain = engine.New<ILedger>();
        await grain.Add("a", 3, write: true);
        await grain.Add("a", 2, write: false);
        await grain.End();
        (await grain.Get("a")).ShouldBe((3, 1, true));
    }

    [Fact]
    public async Task State_Cleared_IsNewInTheNextActivation()
    {
        var grain = engine.New<ILedger>();
        await grain.Add("a", 3, write: true);
        await grain.Clear();
        await grain.End();
        (await grain.Get("a")).ShouldBe((0, 0, false));
    }
}
