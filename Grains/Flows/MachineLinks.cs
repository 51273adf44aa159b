using System.Collections.Concurrent;
using Hugesim.Abstractions;

namespace Hugesim.Grains;

/// <summary>
/// What the grains of one machine share on one silo: references to its hstate, frames and subpools with the epochs that were seen, and the flows over them. All of it goes when the last
/// grain of the machine has gone from here.
/// </summary>
internal sealed class MachineLinks
{
    private readonly SiloCalls _silo;
    private readonly string _machine;
    private readonly ConcurrentDictionary<int, GrainCalls<IFramesGrain>> _frames = new();
    private readonly ConcurrentDictionary<string, GrainCalls<ISubpoolGrain>> _subpools = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(MachineContext Machine, string? Subpool), HugePageFlows> _flows = new();

    public MachineLinks(SiloCalls silo, string machine, bool combines)
    {
        (_silo, _machine) = (silo, machine);
        Hstate = To<IHstateGrain>("hstate", Keys.Hstate(machine));
        Combiner = combines ? new HstateCombiner(silo.Grains.GetGrain<IHstateGrain>(Keys.Hstate(machine))) : null;
    }

    public GrainCalls<IHstateGrain> Hstate { get; }

    /// <summary>The combiner of the hstate, or null where each call is a message of its own.</summary>
    public HstateCombiner? Combiner { get; }

    public GrainCalls<IFramesGrain> Frames(int node) => _frames.GetOrAdd(
        node, static (node, links) => links.To<IFramesGrain>("frames", Keys.Frames(links._machine, node)), this);

    public GrainCalls<ISubpoolGrain> Subpool(string key) => _subpools.GetOrAdd(key, static (key, links) => links.To<ISubpoolGrain>("subpool", key), this);

    public HugePageFlows Flows(MachineContext machine, string? subpool) => _flows.GetOrAdd(
        (machine, subpool), static (key, links) => new HugePageFlows(links, key.Machine, key.Subpool), this);

    /// <summary>A subpool has ended: nobody here calls it again.</summary>
    public void Forget(string subpool)
    {
        _subpools.TryRemove(subpool, out _);
        foreach (var flows in _flows.Keys.Where(flows => flows.Subpool == subpool))
        {
            _flows.TryRemove(flows, out _);
        }
    }

    private GrainCalls<TGrain> To<TGrain>(string kind, string key)
        where TGrain : IGrainWithStringKey =>
        new(_silo.Grains.GetGrain<TGrain>(key), kind, key, new EpochCell(), _silo.Repeated);
}
