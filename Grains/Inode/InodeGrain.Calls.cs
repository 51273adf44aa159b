using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Calls that change something: each is done once, however often it arrives.</content>
public sealed partial class InodeGrain
{
    /// <inheritdoc/>
    public ValueTask Forget() => ForgetEnded();

    ValueTask<long> IInodeGrain.Create(InodeCreate request, Operation operation) =>
        Serve(operation, this, request, static (inode, request) => inode.Create(request));

    ValueTask IInodeGrain.Open(Operation operation) => Serve(operation, this, 0, static (inode, _) => inode.Open());

    ValueTask<bool> IInodeGrain.TryOpen(Operation operation) => Serve(operation, this, 0, static (inode, _) => inode.TryOpen());

    ValueTask<InodeReleased> IInodeGrain.Close(Operation operation) => Serve(operation, this, 0, static (inode, _) => inode.Close());

    ValueTask<InodeReleased> IInodeGrain.Unlink(Operation operation) => Serve(operation, this, 0, static (inode, _) => inode.Unlink());

    ValueTask<Errno> IInodeGrain.Reserve(TaskContext task, long from, long to, Operation operation) =>
        Serve(operation, this, (task, from, to), static (inode, call) => inode.Reserve(call.task, call.from, call.to));

    ValueTask<Errno> IInodeGrain.Map(MapInode request, Operation operation) =>
        Serve(operation, this, request, static (inode, request) => inode.Map(request));

    ValueTask IInodeGrain.AddMapping(VmaLife vma, Operation operation) =>
        Serve(operation, this, vma, static (inode, vma) => inode.AddMapping(vma));

    ValueTask<InodeReleased> IInodeGrain.RemoveMapping(string vma, Operation operation) =>
        Serve(operation, this, vma, static (inode, vma) => inode.RemoveMapping(vma));

    ValueTask<InodePage> IInodeGrain.FaultShared(InodeFault fault, Operation operation) =>
        Serve(operation, this, fault, static (inode, fault) => inode.FaultShared(fault));

    ValueTask<InodePage> IInodeGrain.FindPage(long index, Operation operation) =>
        Serve(operation, this, index, static (inode, index) => inode.FindPage(index));

    ValueTask<bool> IInodeGrain.UnmapRefPrivate(string owner, long page, long index, long pfn, Operation operation) =>
        Serve(operation, this, (owner, page, index, pfn), static (inode, call) => inode.UnmapRefPrivate(call.owner, call.page, call.index, call.pfn));

    ValueTask<Errno> IInodeGrain.Truncate(long bytes, Operation operation) =>
        Serve(operation, this, bytes, static (inode, bytes) => inode.Truncate(bytes));

    ValueTask<Errno> IInodeGrain.PunchHole(long offsetBytes, long lengthBytes, Operation operation) =>
        Serve(operation, this, (offsetBytes, lengthBytes), static (inode, hole) => inode.PunchHole(hole.offsetBytes, hole.lengthBytes));

    ValueTask<Errno> IInodeGrain.Fallocate(TaskContext task, long offsetBytes, long lengthBytes, bool keepSize, Operation operation) =>
        Serve(operation, this, (task, offsetBytes, lengthBytes, keepSize),
            static (inode, call) => inode.Fallocate(call.task, call.offsetBytes, call.lengthBytes, call.keepSize));

    ValueTask<InodePage> IInodeGrain.InstallShared(InodeFault fault, Operation operation) =>
        Serve(operation, this, fault, static (inode, fault) => inode.InstallShared(fault));

    ValueTask<InodePage> IInodeGrain.MigratePage(long index, long pfn, int node, Operation operation) =>
        Serve(operation, this, (index, pfn, node), static (inode, call) => inode.MigratePage(call.index, call.pfn, call.node));

    ValueTask IInodeGrain.InjectFailures(InjectedFailures failures, Operation operation) =>
        Serve(operation, this, failures, static (inode, failures) => inode.InjectFailures(failures));
}
