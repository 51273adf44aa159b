using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Embedded;
using Hugesim.Grains;

namespace Hugesim.Explore;

/// <summary>Looks at the instances of grains between two turns, without a message: in the middle of a block, too.</summary>
internal sealed class InstanceSource(EmbeddedCluster cluster) : IAuditSource
{
    public ValueTask<MachineInventory?> MachineAsync(string key) => Look<IMachineGrain, MachineInventory>(key);

    public ValueTask<ProcessAudit?> ProcessAsync(string key) => Look<IProcessGrain, ProcessAudit>(key);

    public ValueTask<MountAudit?> MountAsync(string key) => Look<IMountGrain, MountAudit>(key);

    public ValueTask<VmaAudit?> VmaAsync(string key) => Look<IVmaGrain, VmaAudit>(key);

    public ValueTask<InodeAudit?> InodeAsync(string key) => Look<IInodeGrain, InodeAudit>(key);

    public ValueTask<FrameAudit[]?> FramesAsync(string key) => Look<IFramesGrain, FrameAudit[]>(key);

    public ValueTask<SubpoolAudit?> SubpoolAsync(string key) => Look<ISubpoolGrain, SubpoolAudit>(key);

    public ValueTask<HstateAudit?> HstateAsync(string key) => Look<IHstateGrain, HstateAudit>(key);

    private ValueTask<TState?> Look<TGrain, TState>(string key)
        where TGrain : IGrainWithStringKey
        where TState : class =>
        new((cluster.FindInstance(cluster.GrainFactory.GetGrain<TGrain>(key)) as ILookedInto<TState>)?.Look());
}
