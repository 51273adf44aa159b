using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>An emulated machine.</summary>
[KeepAlive, Immovable]
public sealed partial class MachineGrain : StatefulGrain<MachineState>, IMachineGrain, ILookedInto<MachineInventory>
{
    private readonly List<(string Name, string Key)> _mounts = [];

    // Unmounted lazily, and perhaps still in use.
    private readonly List<string> _detached = [];
    private readonly HashSet<string> _processes = [];
    private readonly Dictionary<long, (string Inode, long LengthBytes, bool Removed, long Life)> _segments = [];
    private MachineContext? _machine;
    private StateLoss? _loss;
    private int _nodes;
    private long _nextMount;
    private long _nextPid = 1;
    private long _nextSegment;

    /// <inheritdoc/>
    protected override string Kind => "machine";

    // A machine of which nothing is lost.
    private MachineContext Machine => _loss is null ? _machine ?? throw Lost() : throw ErrorOf(_loss);

    private async Flow<MachineContext> Boot(BootMachine request)
    {
        var machine = new MachineContext(Key, KernelProfiles.Get(request.Profile).Name);
        var boot = new HstateBoot(machine.Profile, request.Nodes, request.CapacityPagesPerNode);
        var links = Calls.Machine(Key);
        await links.Hstate.Once(boot, static (hstate, hardware, id) => hstate.Boot(hardware, id));
        for (var node = 0; node < request.Nodes; node++)
        {
            await links.Frames(node).Once(machine, static (frames, context, id) => frames.Boot(context, id));
        }

        Begin();
        (_machine, _nodes, _loss) = (machine with { Life = Life }, request.Nodes, null);
        return _machine;
    }

    private async Flow<Errno> Mount(TaskContext task, string name, long maxPages, long minPages, long maxInodes)
    {
        var key = Keys.Mount(Key, name, _nextMount++);
        var mount = GrainFactory.GetGrain<IMountGrain>(key);
        var error = await Calls.Repeated.Once(
            mount, (Machine, task, maxPages, minPages, maxInodes),
            static (mount, call, id) => mount.Mount(call.Machine, call.task, call.maxPages, call.minPages, call.maxInodes, id));
        if (error == Errno.None)
        {
            _mounts.Add((name, key));
        }
        else
        {
            await mount.Forget();
        }

        return error;
    }

    private async Flow<Errno> Umount(string name, bool lazy)
    {
        _ = Machine;
        var at = _mounts.FindLastIndex(m => m.Name == name);
        if (at < 0)
        {
            return Errno.EINVAL;
        }

        var mount = GrainFactory.GetGrain<IMountGrain>(_mounts[at].Key);
        var answer = await Calls.Repeated.Once(mount, lazy, static (mount, lazy, id) => mount.Umount(lazy, id));
        if (answer.Error == Errno.None)
        {
            if (!answer.Ended)
            {
                _detached.Add(_mounts[at].Key);
            }

            _mounts.RemoveAt(at);
        }

        if (answer.Ended)
        {
            await mount.Forget();
        }

        return answer.Error;
    }

    /// <inheritdoc/>
    public ValueTask<string?> ResolveMount(string name)
    {
        _ = Machine;
        return new(_mounts.FindLast(m => m.Name == name).Key);
    }

    /// <inheritdoc/>
    public ValueTask<bool> HasMount(string mount)
    {
        _ = Machine;
        return new(_mounts.Exists(m => m.Key == mount) || _detached.Contains(mount));
    }

    /// <inheritdoc/>
    public async ValueTask<MountStatus[]> Statfs()
    {
        _ = Machine;
        var answers = new List<MountStatus>();
        foreach (var (name, key) in _mounts)
        {
            var blocks = await Calls.Repeated.Ask(GrainFactory.GetGrain<IMountGrain>(key), 0, static (mount, _) => mount.Statfs());
            answers.Add(new MountStatus(name, blocks.Blocks, blocks.FreeBlocks));
        }

        return [.. answers];
    }

    private Flow<long> NextPid()
    {
        _processes.Add(Keys.Process(Machine.Machine, _nextPid));
        return new(_nextPid++);
    }

    private ValueTask MountEnded(string mount)
    {
        _ = Machine;
        _detached.Remove(mount);
        return ValueTask.CompletedTask;
    }

    private ValueTask ProcessExited(string process)
    {
        _ = Machine;
        _processes.Remove(process);
        return ValueTask.CompletedTask;
    }

    private async Flow<ShmAnswer> ShmGet(TaskContext task, long lengthBytes, bool noReserve)
    {
        if (lengthBytes <= 0)
        {
            return new ShmAnswer(Errno.EINVAL, -1, "", 0);
        }

        _ = Machine;
        var id = _nextSegment++;
        var key = $"{Key}/shm{id}";
        var pages = (lengthBytes + Units.PageBytes - 1) / Units.PageBytes;
        var inode = GrainFactory.GetGrain<IInodeGrain>(key);
        var create = new InodeCreate(Machine, null, null, Named: false, pages * Units.PageBytes);
        var life = await Calls.Repeated.Once(inode, create, static (inode, create, id) => inode.Create(create, id));
        await Calls.Repeated.Once(inode, 0, static (inode, _, id) => inode.Open(id), life);
        var reserves = !noReserve || !KernelProfiles.Get(Machine.Profile).MapNoreserve;
        if (reserves && await Calls.Repeated.Once(inode, (task, pages), static (inode, call, id) => inode.Reserve(call.task, 0, call.pages, id), life) != Errno.None)
        {
            await Close(key, life);
            return new ShmAnswer(Errno.ENOMEM, -1, "", 0);
        }

        _segments.Add(id, (key, lengthBytes, false, life));
        return new ShmAnswer(Errno.None, id, key, lengthBytes, life);
    }

    /// <inheritdoc/>
    public async ValueTask<ShmAnswer> ShmLookup(long id) =>
        await Lives(id)
            ? new ShmAnswer(Errno.None, id, _segments[id].Inode, _segments[id].LengthBytes, _segments[id].Life)
            : new ShmAnswer(Errno.EINVAL, id, "", 0);

    private async Flow<ShmAnswer> ShmAttach(long id)
    {
        var segment = await ShmLookup(id);
        if (segment.Error == Errno.None)
        {
            var inode = GrainFactory.GetGrain<IInodeGrain>(segment.Inode);
            if (!await Calls.Repeated.Once(inode, 0, static (inode, _, id) => inode.TryOpen(id), segment.InodeLife))
            {
                return await WithoutInode(id, inode);
            }
        }

        return segment;
    }

    private async Flow<Errno> ShmRemove(long id)
    {
        if (!await Lives(id))
        {
            return Errno.EINVAL;
        }

        var segment = _segments[id];
        if (!segment.Removed)
        {
            // Attached processes keep the inode alive; the segment itself lets go.
            _segments[id] = segment with { Removed = true };
            await Close(segment.Inode, segment.Life);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public ValueTask<MachineInventory?> Audit() => new(Look() ?? Absent<MachineInventory>());

    /// <inheritdoc/>
    public MachineInventory? Look() => _machine is { } machine
        ? new MachineInventory(
            machine.Profile, _nodes, [.. _processes], [.. _mounts.Select(m => m.Key), .. _detached],
            [.. _segments.Values.Select(s => new SegmentAudit(s.Inode, !s.Removed))], _loss)
        : null;

    // The last process that had a removed segment attached has let go of it meanwhile; of any other the inode is lost, which it says itself.
    private async Flow<ShmAnswer> WithoutInode(long id, IInodeGrain inode)
    {
        if (!_segments[id].Removed)
        {
            await Calls.Repeated.Ask(inode, 0, static (inode, _) => inode.Stat());
        }

        _segments.Remove(id);
        return new ShmAnswer(Errno.EINVAL, id, "", 0);
    }

    private Flow<string?> Close(string inode, long life) =>
        Calls.Release(GrainFactory.GetGrain<IInodeGrain>(inode), 0, static (inode, _, id) => inode.Close(id), life);

    // A removed segment lives until the last process detaches.
    private async Flow<bool> Lives(long id)
    {
        _ = Machine;
        if (!_segments.TryGetValue(id, out var segment))
        {
            return false;
        }

        var inode = GrainFactory.GetGrain<IInodeGrain>(segment.Inode);
        if (segment.Removed && await Calls.Repeated.Ask(inode, 0, static (inode, _) => inode.ReferenceCount()) is null or 0)
        {
            _segments.Remove(id);
            return false;
        }

        return true;
    }
}
