using Hugesim.Grains;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Hugesim.Silo;

/// <summary>What the keepers of a cluster's silos ask of each other. Each message may come twice.</summary>
[Alias("IStateKeeperService")]
internal interface IStateKeeperService : IGrainService
{
    /// <summary>A silo joins the cluster. When this returns it has been told what is kept here, and is told all changes.</summary>
    [Alias("Greet")]
    Task Greet(SiloAddress silo);

    /// <summary>What another silo keeps has changed.</summary>
    /// <param name="silo">That silo.</param>
    /// <param name="number">Counts what it tells: what comes again is older.</param>
    /// <param name="changes">In order.</param>
    [Alias("Hear")]
    Task Hear(SiloAddress silo, long number, KeptChange[] changes);

    /// <summary>The state of a grain that is kept here.</summary>
    [Alias("Find")]
    Task<GrainRecord?> Find(GrainId grain);

    /// <summary>Another silo has it.</summary>
    [Alias("Drop")]
    Task Drop(GrainId grain, long epoch);

    /// <summary>A silo that stops hands over what nobody has taken yet.</summary>
    [Alias("Inherit")]
    Task Inherit(KeptState[] states);
}

/// <summary>A state on its way to another keeper.</summary>
[GenerateSerializer, Alias("KeptState")]
internal readonly record struct KeptState([property: Id(0)] GrainId Grain, [property: Id(1)] GrainRecord Record);

/// <summary>The keeper of this silo as the others reach it.</summary>
internal sealed class StateKeeperService(GrainId id, global::Orleans.Runtime.Silo silo, ILoggerFactory logs, StateKeeper keeper)
    : GrainService(id, silo, logs), IStateKeeperService
{
    /// <inheritdoc/>
    public Task Greet(SiloAddress silo) => keeper.WelcomeAsync(silo);

    /// <inheritdoc/>
    public Task Hear(SiloAddress silo, long number, KeptChange[] changes)
    {
        keeper.Hear(silo, number, changes);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<GrainRecord?> Find(GrainId grain) => Task.FromResult(keeper.Find(grain));

    /// <inheritdoc/>
    public Task Drop(GrainId grain, long epoch) => keeper.DropAsync(grain, epoch);

    /// <inheritdoc/>
    public Task Inherit(KeptState[] states) => keeper.InheritAsync(states);
}

/// <summary>The keepers of other silos.</summary>
internal sealed class StateKeepers(IServiceProvider services) : GrainServiceClient<IStateKeeperService>(services)
{
    /// <summary>That of one silo.</summary>
    public IStateKeeperService this[SiloAddress silo] => GetGrainService(silo);
}
