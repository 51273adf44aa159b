using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>
/// What a client outside of the silos asks of a machine and its pool: each call is repeated until it is answered, and done once. What they mean stands at
/// <see cref="IMachineGrain"/> and <see cref="IHstateGrain"/>.
/// </summary>
/// <param name="grains">The grains.</param>
/// <param name="name">The machine.</param>
/// <param name="calls">The client's calls.</param>
public sealed class MachineCalls(IGrainFactory grains, string name, RepeatedCalls calls)
{
    private readonly IMachineGrain _machine = grains.GetGrain<IMachineGrain>(name);
    private readonly IHstateGrain _hstate = grains.GetGrain<IHstateGrain>(Keys.Hstate(name));

    // Which life of the machine this client knows; 0 if another one has booted it.
    private long _life;

    /// <inheritdoc cref="IMachineGrain.Boot"/>
    public async ValueTask<MachineContext> Boot(BootMachine request)
    {
        var machine = await calls.Once(_machine, request, static (machine, request, id) => machine.Boot(request, id));
        _life = machine.Life;
        return machine;
    }

    /// <inheritdoc cref="IMachineGrain.Mount"/>
    public ValueTask<Errno> Mount(TaskContext task, string mount, long maxPages, long minPages, long maxInodes) => calls.Once(
        _machine, (task, mount, maxPages, minPages, maxInodes),
        static (machine, call, id) => machine.Mount(call.task, call.mount, call.maxPages, call.minPages, call.maxInodes, id), _life);

    /// <inheritdoc cref="IMachineGrain.Umount"/>
    public ValueTask<Errno> Umount(string mount, bool lazy) =>
        calls.Once(_machine, (mount, lazy), static (machine, call, id) => machine.Umount(call.mount, call.lazy, id), _life);

    /// <inheritdoc cref="IMachineGrain.ResolveMount"/>
    public ValueTask<string?> ResolveMount(string mount) => calls.Ask(_machine, mount, static (machine, mount) => machine.ResolveMount(mount));

    /// <inheritdoc cref="IMachineGrain.Statfs"/>
    public ValueTask<MountStatus[]> Statfs() => calls.Ask(_machine, 0, static (machine, _) => machine.Statfs());

    /// <summary>A number and a grain for a new process, which still has to be spawned or forked.</summary>
    public async ValueTask<(long Pid, ProcessCalls Process)> NewProcess()
    {
        var pid = await calls.Once(_machine, 0, static (machine, _, id) => machine.NextPid(id), _life);
        return (pid, new ProcessCalls(grains.GetGrain<IProcessGrain>(Keys.Process(name, pid)), calls));
    }

    /// <inheritdoc cref="IMachineGrain.ShmGet"/>
    public ValueTask<ShmAnswer> ShmGet(TaskContext task, long lengthBytes, bool noReserve) => calls.Once(
        _machine, (task, lengthBytes, noReserve), static (machine, call, id) => machine.ShmGet(call.task, call.lengthBytes, call.noReserve, id), _life);

    /// <inheritdoc cref="IMachineGrain.ShmLookup"/>
    public ValueTask<ShmAnswer> ShmLookup(long id) => calls.Ask(_machine, id, static (machine, id) => machine.ShmLookup(id));

    /// <inheritdoc cref="IMachineGrain.ShmRemove"/>
    public ValueTask<Errno> ShmRemove(long id) =>
        calls.Once(_machine, id, static (machine, segment, id) => machine.ShmRemove(segment, id), _life);

    /// <inheritdoc cref="IHstateGrain.SetMaxHugePages"/>
    public ValueTask<Errno> SetMaxHugePages(SetPoolRequest request) =>
        calls.Once(_hstate, request, static (hstate, request, id) => hstate.SetMaxHugePages(request, id));

    /// <inheritdoc cref="IHstateGrain.SetOvercommit"/>
    public ValueTask SetOvercommit(long pages) => calls.Once(_hstate, pages, static (hstate, pages, id) => hstate.SetOvercommit(pages, id));

    /// <inheritdoc cref="IHstateGrain.CreateCgroup"/>
    public ValueTask<int> CreateCgroup(string cgroup, int parent) =>
        calls.Once(_hstate, (cgroup, parent), static (hstate, call, id) => hstate.CreateCgroup(call.cgroup, call.parent, id));

    /// <inheritdoc cref="IHstateGrain.RemoveCgroup"/>
    public ValueTask RemoveCgroup(int cgroup) => calls.Once(_hstate, cgroup, static (hstate, cgroup, id) => hstate.RemoveCgroup(cgroup, id));

    /// <inheritdoc cref="IHstateGrain.SetCgroupLimit"/>
    public ValueTask<Errno> SetCgroupLimit(int cgroup, bool rsvd, long pages) =>
        calls.Once(_hstate, (cgroup, rsvd, pages), static (hstate, call, id) => hstate.SetCgroupLimit(call.cgroup, call.rsvd, call.pages, id));

    /// <inheritdoc cref="IHstateGrain.ReadCounters"/>
    public ValueTask<HstateCounters> ReadCounters() => calls.Ask(_hstate, 0, static (hstate, _) => hstate.ReadCounters());
}
