using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Files and shared memory segments.</content>
public sealed partial class ProcessGrain
{
    private const int FirstFd = 3;

    private IMachineGrain MachineGrain => GrainFactory.GetGrain<IMachineGrain>(Machine.Machine);

    private async Flow<OpenAnswer> Open(OpenCall call)
    {
        if (await ResolveMount(call.Mount) is not { } mount)
        {
            return new OpenAnswer(Errno.ENOENT, -1);
        }

        var found = await Calls.Repeated.Once(
            GrainFactory.GetGrain<IMountGrain>(mount), call, static (mount, call, id) => mount.Open(call.Name, call.Create, call.Exclusive, id));
        if (found.Error != Errno.None)
        {
            return new OpenAnswer(found.Error, -1);
        }

        if (call.Truncate)
        {
            await Truncate(found.Inode, found.InodeLife, 0);
        }

        return Install(found.Inode, found.InodeLife, found.Subpool, call.ReadOnly);
    }

    private async Flow<OpenAnswer> Memfd()
    {
        if (Flows.Profile.MemfdHugetlb != Errno.None)
        {
            return new OpenAnswer(Flows.Profile.MemfdHugetlb, -1);
        }

        var key = $"{Key}/memfd{_nextVma++}";
        var create = new InodeCreate(Machine, null, null, Named: false, 0);
        var life = await OfInode(key, 0, create, static (inode, create, id) => inode.Create(create, id));
        await OpenInode(key, life);
        return Install(key, life, null, readOnly: false);
    }

    private async Flow<Errno> Close(int fd)
    {
        if (!Files.Remove(fd, out var file))
        {
            return Errno.EBADF;
        }

        await CloseInode(file.Inode, file.InodeLife);
        return Errno.None;
    }

    private async Flow<Errno> Unlink(string mount, string name) =>
        await ResolveMount(mount) is { } key
            ? await Calls.Repeated.Once(GrainFactory.GetGrain<IMountGrain>(key), name, static (mount, name, id) => mount.Unlink(name, id))
            : Errno.ENOENT;

    private async Flow<Errno> Truncate(int fd, long bytes)
    {
        if (!Files.TryGetValue(fd, out var file))
        {
            return Errno.EBADF;
        }

        return file.ReadOnly ? Errno.EINVAL : await Truncate(file.Inode, file.InodeLife, bytes);
    }

    private async Flow<Errno> Fallocate(int fd, long offset, long length, bool keepSize, bool punch)
    {
        // vfs_fallocate looks at the range before it looks at how the file was opened.
        if (!Files.TryGetValue(fd, out var file) || (file.ReadOnly && offset >= 0 && length > 0))
        {
            return Errno.EBADF;
        }

        if (!Flows.Profile.Fallocate)
        {
            return offset < 0 || length <= 0 ? Errno.EINVAL : Errno.EOPNOTSUPP;
        }

        return punch
            ? await PunchHole(file.Inode, file.InodeLife, offset, length)
            : await OfInode(
                file.Inode, file.InodeLife, (Current, offset, length, keepSize), static (inode, call, id) => inode.Fallocate(call.Current, call.offset, call.length, call.keepSize, id));
    }

    /// <inheritdoc/>
    public async ValueTask<StatAnswer> Fstat(int fd) =>
        Files.TryGetValue(fd, out var file)
            ? new StatAnswer(Errno.None, await Calls.Repeated.Ask(Inode(file.Inode), 0, static (inode, _) => inode.Stat()))
            : new StatAnswer(Errno.EBADF, default);

    /// <inheritdoc/>
    public async ValueTask<PreadAnswer> Pread(int fd, long offset)
    {
        if (!Files.TryGetValue(fd, out var file))
        {
            return new PreadAnswer(Errno.EBADF, 0, 0);
        }

        var answer = await Calls.Repeated.Ask(Inode(file.Inode), offset, static (inode, offset) => inode.Read(offset));
        return new PreadAnswer(Errno.None, answer.Bytes, answer.Value);
    }

    /// <inheritdoc/>
    public ValueTask<Errno> CheckFd(int fd, bool write) =>
        new(Files.TryGetValue(fd, out var file) && !(write && file.ReadOnly) ? Errno.None : Errno.EBADF);

    private async Flow<MmapAnswer> Shmat(long id, long address, bool readOnly)
    {
        var segment = await OfMachine(id, static (machine, segment, id) => machine.ShmAttach(segment, id));
        if (segment.Error != Errno.None)
        {
            return new MmapAnswer(segment.Error, 0, 0);
        }

        // The segment reserved at shmget; mapping it reserves nothing (S_PRIVATE in hugetlbfs_file_mmap).
        var call = new MmapCall(address, segment.LengthBytes, Fixed: false, Read: true, !readOnly, Shared: true, NoReserve: false, -1, 0, false);
        var number = _nextVma;
        var mapped = await MapAt(call, new OpenFile(-1, segment.Inode, null, readOnly, segment.InodeLife), reserveAtMap: false);
        if (mapped.Error == Errno.None)
        {
            Segments.Add(number, mapped.Address / Units.PageBytes);
        }

        await CloseInode(segment.Inode, segment.InodeLife);
        return mapped with { Length = segment.LengthBytes };
    }

    private async Flow<Errno> Shmdt(long address)
    {
        var page = address / Units.PageBytes;
        var attached = Segments.FirstOrDefault(s => s.Value == page, new KeyValuePair<long, long>(-1, -1)).Key;
        if (attached < 0 || address % Units.PageBytes != 0)
        {
            return Errno.EINVAL;
        }

        foreach (var range in Mm.Ranges.Where(r => r.Vma == attached).ToArray())
        {
            await UnmapRange(range.Start, range.End);
        }

        return Errno.None;
    }

    private Flow<string?> ResolveMount(string name) => Calls.Repeated.Ask(MachineGrain, name, static (machine, name) => machine.ResolveMount(name));

    // hugetlb_vmdelete_list waits for the mappings of the file, and some are on their way to another silo: the call begins again, as after -ERESTARTSYS.
    private async Flow<Errno> Truncate(string inode, long life, long bytes)
    {
        while (true)
        {
            var error = await OfInode(inode, life, bytes, static (inode, bytes, id) => inode.Truncate(bytes, id));
            if (error != Errno.ERESTARTSYS)
            {
                return error;
            }
        }
    }

    private async Flow<Errno> PunchHole(string inode, long life, long offset, long length)
    {
        while (true)
        {
            var error = await OfInode(inode, life, (offset, length), static (inode, hole, id) => inode.PunchHole(hole.offset, hole.length, id));
            if (error != Errno.ERESTARTSYS)
            {
                return error;
            }
        }
    }

    private ValueTask OpenInode(string inode, long life) => OfInode(inode, life, 0, static (inode, _, id) => inode.Open(id));

    // fput, and what it ends.
    private async ValueTask CloseInode(string inode, long life) =>
        await EndMount(await Calls.Release(Inode(inode), 0, static (inode, _, id) => inode.Close(id), life));

    private IInodeGrain Inode(string inode) => GrainFactory.GetGrain<IInodeGrain>(inode);

    private Flow<T> OfInode<TCall, T>(string inode, long life, TCall call, Func<IInodeGrain, TCall, Operation, ValueTask<T>> body) =>
        Calls.Repeated.Once(Inode(inode), call, body, life);

    private ValueTask OfInode<TCall>(string inode, long life, TCall call, Func<IInodeGrain, TCall, Operation, ValueTask> body) =>
        Calls.Repeated.Once(Inode(inode), call, body, life);

    private Flow<T> OfMachine<TCall, T>(TCall call, Func<IMachineGrain, TCall, Operation, ValueTask<T>> body) =>
        Calls.Repeated.Once(MachineGrain, call, body, Machine.Life);

    private ValueTask OfMachine<TCall>(TCall call, Func<IMachineGrain, TCall, Operation, ValueTask> body) =>
        Calls.Repeated.Once(MachineGrain, call, body, Machine.Life);

    private OpenAnswer Install(string inode, long life, string? subpool, bool readOnly)
    {
        var fd = FirstFd;
        while (Files.ContainsKey(fd))
        {
            fd++;
        }

        Files.Add(fd, new OpenFile(fd, inode, subpool, readOnly, life));
        return new OpenAnswer(Errno.None, fd);
    }
}
