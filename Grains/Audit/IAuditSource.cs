using Hugesim.Abstractions;

namespace Hugesim.Audit;

/// <summary>Where the states of a machine's grains come from, by their keys; null for a grain that does not exist.</summary>
public interface IAuditSource
{
    /// <summary>A machine.</summary>
    ValueTask<MachineInventory?> MachineAsync(string key);

    /// <summary>A process.</summary>
    ValueTask<ProcessAudit?> ProcessAsync(string key);

    /// <summary>A mount.</summary>
    ValueTask<MountAudit?> MountAsync(string key);

    /// <summary>A mapping.</summary>
    ValueTask<VmaAudit?> VmaAsync(string key);

    /// <summary>An inode.</summary>
    ValueTask<InodeAudit?> InodeAsync(string key);

    /// <summary>The frames of a node.</summary>
    ValueTask<FrameAudit[]?> FramesAsync(string key);

    /// <summary>A subpool.</summary>
    ValueTask<SubpoolAudit?> SubpoolAsync(string key);

    /// <summary>An hstate.</summary>
    ValueTask<HstateAudit?> HstateAsync(string key);
}

/// <summary>Asks the grains.</summary>
/// <param name="grains">The cluster.</param>
internal sealed class AuditMessages(IGrainFactory grains) : IAuditSource
{
    public ValueTask<MachineInventory?> MachineAsync(string key) => grains.GetGrain<IMachineGrain>(key).Audit();

    public ValueTask<ProcessAudit?> ProcessAsync(string key) => grains.GetGrain<IProcessGrain>(key).Audit();

    public ValueTask<MountAudit?> MountAsync(string key) => grains.GetGrain<IMountGrain>(key).Audit();

    public ValueTask<VmaAudit?> VmaAsync(string key) => grains.GetGrain<IVmaGrain>(key).Audit();

    public ValueTask<InodeAudit?> InodeAsync(string key) => grains.GetGrain<IInodeGrain>(key).Audit();

    public ValueTask<FrameAudit[]?> FramesAsync(string key) => grains.GetGrain<IFramesGrain>(key).Audit();

    public ValueTask<SubpoolAudit?> SubpoolAsync(string key) => grains.GetGrain<ISubpoolGrain>(key).Audit();

    public ValueTask<HstateAudit?> HstateAsync(string key) => grains.GetGrain<IHstateGrain>(key).Audit();
}
