using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>A mounted hugetlbfs.</summary>
[KeepAlive, Immovable, PreferLocalPlacement]
public sealed partial class MountGrain : StatefulGrain<MountState>, IMountGrain, ILookedInto<MountAudit>
{
    private readonly Dictionary<string, (string Inode, long Life)> _names = [];

    // Inodes that may still have pages: named ones, and unlinked ones until they are found unused.
    private readonly List<string> _inodes = [];
    private MachineLinks? _links;
    private MachineContext? _machine;
    private bool _hasSubpool;
    private long _maxInodes;
    private bool _detached;
    private bool _ended;
    private long _nextIno;

    /// <inheritdoc/>
    protected override string Kind => "mount";

    private Dictionary<string, (string Inode, long Life)> Names => Alive(_names);

    private List<string> Inodes => Alive(_inodes);

    private string? SubpoolKey => _hasSubpool ? Key : null;

    private GrainCalls<ISubpoolGrain> Subpool => (_links ??= Calls.Machine(MachineName)).Subpool(Key);

    private IMachineGrain Machine => GrainFactory.GetGrain<IMachineGrain>(MachineName);

    private async Flow<Errno> Mount(MachineContext machine, TaskContext task, long maxPages, long minPages, long maxInodes)
    {
        if (IsAlive)
        {
            throw Second("its life is to begin again");
        }

        if (maxInodes == 0)
        {
            // hugetlbfs_fill_super finds no inode for its root.
            return Errno.ENOMEM;
        }

        var hasSubpool = maxPages >= 0 || minPages >= 0;
        if (hasSubpool)
        {
            var create = new CreateSubpool(machine, task, maxPages, minPages);
            var error = await Subpool.Once(create, static (subpool, request, id) => subpool.Create(request, id));
            if (error != Errno.None)
            {
                EndLife();
                return error;
            }
        }

        (_machine, _maxInodes, _hasSubpool) = (machine, maxInodes, hasSubpool);
        Begin();
        return Errno.None;
    }

    private async Flow<LookupAnswer> Open(string name, bool create, bool exclusive)
    {
        var found = await Lookup(name, create, exclusive);
        if (found.Error == Errno.None)
        {
            // Before anybody can unlink the file or unmount: who looks it up has it open.
            await Calls.Repeated.Once(Inode(found.Inode), 0, static (inode, _, id) => inode.Open(id), found.InodeLife);
        }

        return found;
    }

    private async Flow<LookupAnswer> Lookup(string name, bool create, bool exclusive)
    {
        if (!IsAlive)
        {
            // Unmounted between the search for the mount and now, unless the machine still has it: then it is lost.
            return HasEnded || !await Calls.Repeated.Ask(Machine, Key, static (machine, mount) => machine.HasMount(mount))
                ? new LookupAnswer(Errno.ENOENT, "", null, false)
                : throw Lost();
        }

        if (Names.TryGetValue(name, out var file))
        {
            return create && exclusive
                ? new LookupAnswer(Errno.EEXIST, "", null, false)
                : new LookupAnswer(Errno.None, file.Inode, SubpoolKey, false, file.Life);
        }

        if (!create)
        {
            return new LookupAnswer(Errno.ENOENT, "", null, false);
        }

        // hugetlbfs_dec_free_inodes; the root folder has one, too.
        if (_maxInodes >= 0 && await CountInodes() >= _maxInodes - 1)
        {
            return new LookupAnswer(Errno.ENOSPC, "", null, false);
        }

        var inode = Keys.Inode(Key, _nextIno++);
        Names.Add(name, (inode, 0));
        Inodes.Add(inode);
        var created = new InodeCreate(_machine!, SubpoolKey, Key, Named: true, 0);
        var life = await Calls.Repeated.Once(Inode(inode), created, static (inode, created, id) => inode.Create(created, id));
        Names[name] = (inode, life);
        return new LookupAnswer(Errno.None, inode, SubpoolKey, true, life);
    }

    private async Flow<Errno> Unlink(string name)
    {
        if (!Names.Remove(name, out var file))
        {
            return Errno.ENOENT;
        }

        await Calls.Release(Inode(file.Inode), 0, static (inode, _, id) => inode.Unlink(id), file.Life);
        return Errno.None;
    }

    private async Flow<UmountAnswer> Umount(bool lazy)
    {
        if (await IsBusy())
        {
            _detached |= lazy;
            return new UmountAnswer(lazy ? Errno.None : Errno.EBUSY, Ended: false);
        }

        await End();
        return new UmountAnswer(Errno.None, Ended: true);
    }

    private async Flow<bool> EndIfUnused()
    {
        if (!_detached || _ended || await IsBusy())
        {
            return false;
        }

        await End();
        return true;
    }

    /// <inheritdoc/>
    public ValueTask<MountBlocks> Statfs() => Alive(_hasSubpool) ? Subpool.Ask(0, static (subpool, _) => subpool.Statfs()) : new(new MountBlocks(0, 0));

    /// <inheritdoc/>
    public ValueTask<MountAudit?> Audit() => new(Look() ?? Absent<MountAudit>());

    /// <inheritdoc/>
    public MountAudit? Look() => IsAlive
        ? new MountAudit([.. _inodes], _hasSubpool, [.. _names.Select(n => new NamedInode(n.Key, n.Value.Inode))])
        : null;

    /// <inheritdoc/>
    protected override MountState? Capture() => !IsAlive
        ? null
        : new(_machine!, _hasSubpool, _maxInodes, _detached, _nextIno, [.. _names.Select(n => KeyValuePair.Create(n.Key, n.Value.Inode))], [.. _inodes],
            [.. _names.Values.Select(file => file.Life)]);

    /// <inheritdoc/>
    protected override void Restore(MountState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_machine, _hasSubpool, _maxInodes, _detached, _nextIno) = (state.Machine, state.HasSubpool, state.MaxInodes, state.IsDetached, state.NextIno);
        for (var i = 0; i < state.Names.Length; i++)
        {
            _names.Add(state.Names[i].Key, (state.Names[i].Value, state.Lives is { } lives ? lives[i] : 0));
        }

        _inodes.AddRange(state.Inodes);
    }

    private IInodeGrain Inode(string key) => GrainFactory.GetGrain<IInodeGrain>(key);

    private bool IsAlive => _machine is not null && !_ended;

    private T Alive<T>(T part) => IsAlive ? part : throw Lost();

    // An inode without a name may have ended; one that has a name must be there.
    private async Flow<int> ReferencesTo(string inode)
    {
        if (await Calls.Repeated.Ask(Inode(inode), 0, static (inode, _) => inode.ReferenceCount()) is { } count)
        {
            return count;
        }

        return HasName(inode) ? await LostInode(inode) : 0;
    }

    // Unlike the other answers of an inode, its count does not fail by itself.
    private async Flow<int> LostInode(string inode) => (await Calls.Repeated.Ask(Inode(inode), 0, static (inode, _) => inode.Stat())).Links;

    private bool HasName(string inode) => Names.Values.Any(file => file.Inode == inode);

    private async Flow<bool> IsBusy()
    {
        foreach (var inode in Inodes.ToArray())
        {
            if (await ReferencesTo(inode) > 0)
            {
                return true;
            }

            if (!HasName(inode))
            {
                Inodes.Remove(inode);
            }
        }

        return false;
    }

    private async Flow<int> CountInodes()
    {
        foreach (var inode in Inodes.Where(inode => !HasName(inode)).ToArray())
        {
            if (await ReferencesTo(inode) == 0)
            {
                Inodes.Remove(inode);
            }
        }

        return Inodes.Count;
    }

    private async ValueTask EndSubpool()
    {
        if (await Subpool.Once(Key, static (subpool, _, id) => subpool.PutSubpool(id)))
        {
            await GrainFactory.GetGrain<ISubpoolGrain>(Key).Forget();
            _links!.Forget(Key);
        }
    }

    // kill_litter_super: the names go, and with them the inodes; then hugetlbfs_put_super lets go of the subpool.
    private async ValueTask End()
    {
        foreach (var name in Names.Keys.ToArray())
        {
            await Unlink(name);
        }

        _ended = true;

        if (_hasSubpool)
        {
            await EndSubpool();
        }

        EndLife();
    }
}
