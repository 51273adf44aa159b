using Hugesim.Abstractions;

namespace Hugesim.Audit;

/// <summary>The states of all grains of a machine, by their keys. It is exact for a machine on which nothing runs meanwhile.</summary>
public sealed record MachineSnapshot
{
    /// <summary>The machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Its parts.</summary>
    public required MachineInventory Inventory { get; init; }

    /// <summary>Its hstate; null if that is lost.</summary>
    public required HstateAudit? Hstate { get; init; }

    /// <summary>The frames in use, by node; null where they are lost.</summary>
    public required FrameAudit[]?[] Frames { get; init; }

    /// <summary>Kinds and keys of grains that the machine consists of and that have no state.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>The processes that live.</summary>
    public required IReadOnlyDictionary<string, ProcessAudit> Processes { get; init; }

    /// <summary>The mounts.</summary>
    public IReadOnlyDictionary<string, MountAudit> Mounts { get; init; } = new Dictionary<string, MountAudit>();

    /// <summary>The mappings that their processes name; those that do not exist are left out.</summary>
    public required IReadOnlyDictionary<string, VmaAudit> Vmas { get; init; }

    /// <summary>The inodes that anybody names; those that do not exist are left out.</summary>
    public required IReadOnlyDictionary<string, InodeAudit> Inodes { get; init; }

    /// <summary>The subpools that anybody names; those that do not exist are left out.</summary>
    public required IReadOnlyDictionary<string, SubpoolAudit> Subpools { get; init; }
}
