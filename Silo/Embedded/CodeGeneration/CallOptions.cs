namespace Hugesim.Embedded.CodeGeneration;

/// <summary>What the attributes of a grain interface method say.</summary>
[Flags]
public enum CallOptions : byte
{
    /// <summary>An ordinary request.</summary>
    None = 0,

    /// <summary><see cref="Orleans.Concurrency.ReadOnlyAttribute"/>.</summary>
    ReadOnly = 1,

    /// <summary><see cref="Orleans.Concurrency.AlwaysInterleaveAttribute"/>.</summary>
    AlwaysInterleave = 2,

    /// <summary><see cref="Orleans.Concurrency.OneWayAttribute"/>.</summary>
    OneWay = 4,
}

/// <summary>The result of methods that have none.</summary>
public readonly struct Nothing;
