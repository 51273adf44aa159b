using Orleans;

namespace Hugesim.Tests.Engine;

/// <summary>A running cluster of whichever engine the tests were built for.</summary>
public interface IEngineHost : IAsyncDisposable
{
    /// <summary>Hands out references, as a client outside of the silos does.</summary>
    IGrainFactory GrainFactory { get; }
}

/// <summary>What a contract test may ask of a cluster.</summary>
public sealed record EngineHostOptions
{
    /// <summary>The number of silos.</summary>
    public int Silos { get; init; } = 2;

    /// <summary>How long callers wait.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
