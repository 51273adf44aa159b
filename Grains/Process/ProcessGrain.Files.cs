using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Files and shared memory segments.</content>
public sealed partial class ProcessGrain
{
    private const int FirstFd = 3;

    private IMachineGrain MachineGrain => GrainFactory.GetGrain<IMachineGrain>(Machine.Machine);

    /// <inheritdoc/>
    public async ValueTask<OpenAnswer> Open(OpenCall call)
    {
        if (await MachineGrain.ResolveMount(call.Mount) is not { } mount)
        {
            return new OpenAnswer(Errno.ENOENT, -1);
        }

        var found = await GrainFactory.GetGrain<IMountGrain>(mount).Open(call.Name, call.Create, call.Exclusive);
        if (found.Error != Errno.None)
        {
            return new OpenAnswer(found.Error, -1);
        }

        if (call.Truncate)
        {
            await GrainFactory.GetGrain<IInodeGrain>(found.Inode).Truncate(0);
        }

        return Install(found.Inode, found.Subpool, call.ReadOnly);
    }

    /// <inheritdoc/>
    public async ValueTask<OpenAnswer> Memfd()
    {
        if (Flows.Profile.MemfdHugetlb != Errno.None)
        {
            return new OpenAnswer(Flows.Profile.MemfdHugetlb, -1);
        }

        var key = $"{Key}/memfd{_nextVma++}";
        var inode = GrainFactory.GetGrain<IInodeGrain>(key);
        await inode.Create(new InodeCreate(Machine, null, null, Named: false, 0));
        await inode.Open();
        return Install(key, null, readOnly: false);
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Close(int fd)
    {
        if (!Files.Remove(fd, out var file))
        {
            return Errno.EBADF;
        }

        var released = await GrainFactory.GetGrain<IInodeGrain>(file.Inode).Close();
        await EndMount(released.Mount);
        return Errno.None;
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Unlink(string mount, string name) =>
        await MachineGrain.ResolveMount(mount) is { } key ? await GrainFactory.GetGrain<IMountGrain>(key).Unlink(name) : Errno.ENOENT;

    /// <inheritdoc/>
    public async ValueTask<Errno> Truncate(int fd, long bytes)
    {
        if (!Files.TryGetValue(fd, out var file))
        {
            return Errno.EBADF;
        }

        return file.ReadOnly ? Errno.EINVAL : await GrainFactory.GetGrain<IInodeGrain>(file.Inode).Truncate(bytes);
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Fallocate(int fd, long offset, long length, bool keepSize, bool punch)
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

        var inode = GrainFactory.GetGrain<IInodeGrain>(file.Inode);
        return punch ? await inode.PunchHole(offset, length) : await inode.Fallocate(Current, offset, length, keepSize);
    }

    /// <inheritdoc/>
    public async ValueTask<StatAnswer> Fstat(int fd) =>
        Files.TryGetValue(fd, out var file)
            ? new StatAnswer(Errno.None, await GrainFactory.GetGrain<IInodeGrain>(file.Inode).Stat())
            : new StatAnswer(Errno.EBADF, default);

    /// <inheritdoc/>
    public async ValueTask<PreadAnswer> Pread(int fd, long offset)
    {
        if (!Files.TryGetValue(fd, out var file))
        {
            return new PreadAnswer(Errno.EBADF, 0, 0);
        }

        var answer = await GrainFactory.GetGrain<IInodeGrain>(file.Inode).Read(offset);
        return new PreadAnswer(Errno.None, answer.Bytes, answer.Value);
    }

    /// <inheritdoc/>
    public ValueTask<Errno> CheckFd(int fd, bool write) =>
        new(Files.TryGetValue(fd, out var file) && !(write && file.ReadOnly) ? Errno.None : Errno.EBADF);

    /// <inheritdoc/>
    public async ValueTask<MmapAnswer> Shmat(long id, long address, bool readOnly)
    {
        var segment = await MachineGrain.ShmAttach(id);
        if (segment.Error != Errno.None)
        {
            return new MmapAnswer(segment.Error, 0, 0);
        }

        // The segment reserved at shmget; mapping it reserves nothing (S_PRIVATE in hugetlbfs_file_mmap).
        var call = new MmapCall(address, segment.LengthBytes, Fixed: false, Read: true, !readOnly, Shared: true, NoReserve: false, -1, 0, false);
        var number = _nextVma;
        var mapped = await MapAt(call, new OpenFile(-1, segment.Inode, null, readOnly), reserveAtMap: false);
        if (mapped.Error == Errno.None)
        {
            Segments.Add(number, mapped.Address / Units.PageBytes);
        }

        await GrainFactory.GetGrain<IInodeGrain>(segment.Inode).Close();
        return mapped with { Length = segment.LengthBytes };
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> Shmdt(long address)
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

    private OpenAnswer Install(string inode, string? subpool, bool readOnly)
    {
        var fd = FirstFd;
        while (Files.ContainsKey(fd))
        {
            fd++;
        }

        Files.Add(fd, new OpenFile(fd, inode, subpool, readOnly));
        return new OpenAnswer(Errno.None, fd);
    }
}
