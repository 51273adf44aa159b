using Hugesim.Grains;
using Orleans;
using Orleans.Runtime;

namespace Hugesim.Tests.Engine;

/// <summary>A running cluster of whichever engine the tests were built for, with all that can happen to its silos.</summary>
public interface IEngineHost : IAsyncDisposable
{
    /// <summary>Hands out references, as a client outside of the silos does.</summary>
    IGrainFactory GrainFactory { get; }

    /// <summary>Makes calls as a client does that learns when a silo has gone which may have held one.</summary>
    RepeatedCalls Calls { get; }

    /// <summary>Makes calls as the grains of a silo make them; activations that begin with them are on that silo.</summary>
    Task<T> FromSiloAsync<T>(string silo, Func<IGrainFactory, Task<T>> calls);

    /// <summary>Addresses of the silos that run, in the order of their start.</summary>
    IReadOnlyList<string> Silos { get; }

    /// <summary>Where the activation of a grain is, by the directory; null if there is none.</summary>
    ValueTask<string?> SiloOf(IAddressable grain);

    /// <summary>Moves a grain that is active to a silo.</summary>
    Task MigrateAsync(IAddressable grain, string silo);

    /// <summary>Moves every activation of hugesim's own grains to another silo.</summary>
    Task MigrateAllAsync();

    /// <summary>Deactivates a grain, as an operator can.</summary>
    Task DeactivateAsync(IAddressable grain);

    /// <summary>Collects idle activations, whatever their age.</summary>
    Task CollectIdleAsync();

    /// <summary>Makes the directory forget a grain whose activation lives on.</summary>
    Task ForgetActivationAsync(IAddressable grain);

    /// <summary>Starts one more silo.</summary>
    Task<string> StartSiloAsync();

    /// <summary>Stops a silo in order.</summary>
    Task StopSiloAsync(string silo);

    /// <summary>Loses a silo, and waits until the others know.</summary>
    Task KillSiloAsync(string silo);
}

/// <summary>What a contract test may ask of a cluster.</summary>
public sealed record EngineHostOptions
{
    /// <summary>The number of silos.</summary>
    public int Silos { get; init; } = 2;

    /// <summary>How long callers wait.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a client that cancels a call waits until the grain has answered (Orleans' WaitForCancellationAcknowledgement). Otherwise
    /// it goes on at once, and on Orleans nobody can tell when the grain has heard of it: messages may overtake each other.
    /// </summary>
    public bool AcknowledgesCancellation { get; init; }

    /// <summary>A store named "hugesim" that outlives silos.</summary>
    public bool HasStorage { get; init; }

    /// <summary>What happens to calls between grains; null for nothing.</summary>
    public MessageFaults? Faults { get; init; }

    /// <summary>Holds calls between grains up before they leave, by interface and method and who calls (Orleans only); null for none.</summary>
    public Func<string, IGrainContext?, Task>? BeforeCall { get; init; }

    /// <summary>Sees what calls between grains were answered, by interface and method (Orleans only); null for nobody.</summary>
    public Action<string, object?>? AfterCall { get; init; }

    /// <summary>The NUMA nodes that a silo owns, by its number; by default each owns all.</summary>
    public Func<int, string> NodesOf { get; init; } = _ => "0,1,2,3,4,5,6,7";
}
