using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>Calls that come back to their caller.</summary>
public interface IChain : IGrainWithStringKey
{
    /// <summary>Asks the other one, which asks this one.</summary>
    ValueTask<string> CallBack(IChain other, bool allow);

    ValueTask<string> CallBackSuppressed(IChain other);

    ValueTask<string> CallBackThroughGate(IChain other, string gate);

    ValueTask<string> Ask(IChain origin);

    ValueTask<string> AskAtGate(IChain origin, string gate);

    ValueTask<string> Value();

    [AlwaysInterleave]
    ValueTask Interleaved();
}

public sealed class ChainGrain : Grain, IChain
{
    public async ValueTask<string> CallBack(IChain other, bool allow)
    {
        if (!allow)
        {
            return await other.Ask(this.AsReference<IChain>());
        }

        using var section = RequestContext.AllowCallChainReentrancy();
        return await other.Ask(this.AsReference<IChain>());
    }

    public async ValueTask<string> CallBackSuppressed(IChain other)
    {
        using var allowed = RequestContext.AllowCallChainReentrancy();
        using var suppressed = RequestContext.SuppressCallChainReentrancy();
        return await other.Ask(this.AsReference<IChain>());
    }

    public async ValueTask<string> CallBackThroughGate(IChain other, string gate)
    {
        using var section = RequestContext.AllowCallChainReentrancy();
        return await other.AskAtGate(this.AsReference<IChain>(), gate);
    }

    public ValueTask<string> Ask(IChain origin) => origin.Value();

    public async ValueTask<string> AskAtGate(IChain origin, string gate)
    {
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".go");
        return await origin.Value();
    }

    public ValueTask<string> Value() => new("value of " + this.GetPrimaryKeyString());

    public ValueTask Interleaved() => default;
}
