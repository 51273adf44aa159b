using Orleans;

namespace Hugesim.Benchmarks.Engine;

/// <summary>The smallest grain there is, so that a call costs what the engine costs.</summary>
public interface IPinger : IGrainWithStringKey
{
    ValueTask<int> Ping(int value);

    /// <summary>Calls another one that many times, one call after the other.</summary>
    ValueTask<int> CallOther(string other, int calls);
}

public sealed class PingerGrain : Grain, IPinger
{
    public ValueTask<int> Ping(int value) => new(value);

    public async ValueTask<int> CallOther(string other, int calls)
    {
        var grain = GrainFactory.GetGrain<IPinger>(other);
        var sum = 0;
        for (var i = 0; i < calls; i++)
        {
            sum += await grain.Ping(1);
        }

        return sum;
    }
}
