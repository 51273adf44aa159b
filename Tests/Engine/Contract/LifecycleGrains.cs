using System.Collections.Concurrent;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

public interface ILiving : IGrainWithStringKey
{
    /// <summary>A number that each activation draws anew.</summary>
    ValueTask<int> Generation();

    ValueTask<string> Silo();

    ValueTask EndAfter(string gate);

    ValueTask<int> End();

    /// <summary>The silo of a grain that prefers to be where its caller is.</summary>
    ValueTask<(string Mine, string Other)> SiloOfNeighbour(string key);
}

public sealed class LivingGrain(IGrainFactory factory, TimeProvider clock) : Grain, ILiving
{
    public static readonly ConcurrentDictionary<string, int> Generations = new();

    private int _generation;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        clock.ShouldBeAClock();
        _generation = Generations.AddOrUpdate(this.GetPrimaryKeyString(), 1, (_, last) => last + 1);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Gate.Open($"{this.GetPrimaryKeyString()}.{_generation}.{reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public ValueTask<int> Generation() => new(_generation);

    public ValueTask<string> Silo() => new(RuntimeIdentity);

    public async ValueTask EndAfter(string gate)
    {
        DeactivateOnIdle();
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".go");
    }

    public ValueTask<int> End()
    {
        DeactivateOnIdle();
        return new(_generation);
    }

    public async ValueTask<(string Mine, string Other)> SiloOfNeighbour(string key) =>
        (RuntimeIdentity, await factory.GetGrain<INeighbour>(key).Silo());
}

internal static class ClockAssertions
{
    internal static void ShouldBeAClock(this TimeProvider clock) => ArgumentNullException.ThrowIfNull(clock);
}

public interface INeighbour : IGrainWithStringKey
{
    ValueTask<string> Silo();
}

[PreferLocalPlacement]
public sealed class NeighbourGrain : Grain, INeighbour
{
    public ValueTask<string> Silo() => new(RuntimeIdentity);
}

public interface IHashed : IGrainWithStringKey
{
    ValueTask<string> Silo();

    ValueTask End();
}

[HashBasedPlacement]
public sealed class HashedGrain : Grain, IHashed
{
    public ValueTask<string> Silo() => new(RuntimeIdentity);

    public ValueTask End()
    {
        DeactivateOnIdle();
        return default;
    }
}

/// <summary>Cannot be activated while its key is on a list.</summary>
public interface IStillborn : IGrainWithStringKey
{
    ValueTask<int> Value();
}

public sealed class StillbornGrain : Grain, IStillborn
{
    public static readonly ConcurrentDictionary<string, bool> Broken = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        Broken.ContainsKey(this.GetPrimaryKeyString())
            ? throw new InvalidOperationException("no activation today")
            : Task.CompletedTask;

    public ValueTask<int> Value() => new(1);
}

public interface IFailing : IGrainWithStringKey
{
    ValueTask<int> ThrowAtOnce(string message);

    ValueTask ThrowLater(string message);

    Task<int> ThrowFromTask(string message);

    ValueTask<int> ThrowThrough(IFailing other, string message);

    [OneWay]
    ValueTask FireAndForget(string gate);

    [OneWay]
    Task FireAndFail(string gate);

    ValueTask<int> Survivor();
}

public sealed class FailingGrain : Grain, IFailing
{
    public ValueTask<int> ThrowAtOnce(string message) => throw new ArgumentException(message);

    public async ValueTask ThrowLater(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message);
    }

    public async Task<int> ThrowFromTask(string message)
    {
        await Task.Yield();
        throw new KeyNotFoundException(message);
    }

    public ValueTask<int> ThrowThrough(IFailing other, string message) => other.ThrowAtOnce(message);

    public async ValueTask FireAndForget(string gate)
    {
        Gate.Open(gate + ".in");
        await Gate.Opened(gate + ".go");
        Gate.Open(gate + ".out");
    }

    public async Task FireAndFail(string gate)
    {
        await Task.Yield();
        Gate.Open(gate);
        throw new InvalidOperationException("nobody hears this");
    }

    public ValueTask<int> Survivor() => new(1);
}
