using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>A mounted hugetlbfs.</summary>
[KeepAlive]
public sealed class MountGrain : Grain, IMountGrain
{
    private readonly Dictionary<string, string> _names = [];

    // Inodes that may still have pages: named ones, and unlinked ones until they are found unused.
    private readonly List<string> _inodes = [];
    private MachineContext? _machine;
    private bool _hasSubpool;
    private long _maxInodes;
    private bool _detached;
    private bool _ended;
    private long _nextIno;

    private string Key => this.GetPrimaryKeyString();

    private string? SubpoolKey => _hasSubpool ? Key : null;

    private ISubpoolGrain Subpool => GrainFactory.GetGrain<ISubpoolGrain>(Key);

    /// <inheritdoc/>
    public async ValueTask<Errno> Mount(MachineContext machine, TaskContext task, long maxPages, long minPages, long maxInodes)
    {
        if (maxInodes == 0)
        {
            // hugetlbfs_fill_super finds no inode for its root.
            return Errno.ENOMEM;
        }

        (_machine, _maxInodes) = (machine, maxInodes);
        _hasSubpool = maxPages >= 0 || minPages >= 0;
        return _hasSubpool ? await Subpool.Create(machine, task, maxPages, minPages) : Errno.None;
    }

    /// <inheritdoc/>
    public async ValueTask<LookupAnswer> Lookup(string name, bool create, bool exclusive)
    {
        if (_names.TryGetValue(name, out var inode))
        {
            return create && exclusive
                ? new LookupAnswer(Errno.EEXIST, "", null, false)
                : new LookupAnswer(Errno.None, inode, SubpoolKey, false);
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

        inode = Keys.Inode(Key, _nextIno++);
        _names.Add(name, inode);
        _inodes.Add(inode);
        await GrainFactory.GetGrain<IInodeGrain>(inode).Create(new InodeCreate(_machine!, SubpoolKey, Key, Named: true, 0));
        return new LookupAnswer(Errno.None, inode, SubpoolKey, true);
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Unlink(string name)
    {
        if (!_names.Remove(name, out var inode))
        {
            return Errno.ENOENT;
        }

        await GrainFactory.GetGrain<IInodeGrain>(inode).Unlink();
        return Errno.None;
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Umount(bool lazy)
    {
        if (await IsBusy())
        {
            _detached = lazy;
            return lazy ? Errno.None : Errno.EBUSY;
        }

        await End();
        return Errno.None;
    }

    /// <inheritdoc/>
    public async ValueTask EndIfUnused()
    {
        if (_detached && !_ended && !await IsBusy())
        {
            await End();
        }
    }

    /// <inheritdoc/>
    public ValueTask<MountBlocks> Statfs() => _hasSubpool ? Subpool.Statfs() : new(new MountBlocks(0, 0));

    /// <inheritdoc/>
    public ValueTask<MountAudit?> Audit()
    {
        if (_machine is not null && !_ended)
        {
            return new(new MountAudit([.. _inodes], _hasSubpool, [.. _names.Select(n => new NamedInode(n.Key, n.Value))]));
        }

        DeactivateOnIdle();
        return default;
    }

    private async ValueTask<bool> IsBusy()
    {
        foreach (var inode in _inodes.ToArray())
        {
            if (await GrainFactory.GetGrain<IInodeGrain>(inode).ReferenceCount() > 0)
            {
                return true;
            }

            if (!_names.ContainsValue(inode))
            {
                _inodes.Remove(inode);
            }
        }

        return false;
    }

    private async ValueTask<int> CountInodes()
    {
        foreach (var inode in _inodes.Where(inode => !_names.ContainsValue(inode)).ToArray())
        {
            if (await GrainFactory.GetGrain<IInodeGrain>(inode).ReferenceCount() == 0)
            {
                _inodes.Remove(inode);
            }
        }

        return _inodes.Count;
    }

    // kill_litter_super: the names go, and with them the inodes; then hugetlbfs_put_super lets go of the subpool.
    private async ValueTask End()
    {
        _ended = true;
        foreach (var name in _names.Keys.ToArray())
        {
            await Unlink(name);
        }

        if (_hasSubpool)
        {
            await Subpool.PutSubpool();
        }

        DeactivateOnIdle();
    }
}
