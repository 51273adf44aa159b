namespace Hugesim.Grains;

/// <summary>The state of a grain as it is stored and as it moves: text, so that a store can be read by people and a newer version can read an older one's.</summary>
[GenerateSerializer, Alias("GrainRecord")]
public sealed record GrainRecord
{
    /// <summary>The epoch of the activation that wrote this.</summary>
    [Id(0)]
    public long Epoch { get; init; }

    /// <summary>The state as JSON; null while an activation has it, which then is newer than any that was stored.</summary>
    [Id(1)]
    public string? State { get; init; }

    /// <summary>The silo of the activation that wrote this.</summary>
    [Id(2)]
    public string? Silo { get; init; }

    /// <summary>The version in the store that the moving activation knows; only while it moves.</summary>
    [Id(3)]
    public string? ETag { get; init; }
}
