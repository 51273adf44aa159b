using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>What a mapping asks of its inode.</content>
public sealed partial class VmaGrain
{
    private Flow<string?> LeaveInode() => Calls.Release(Inode, Key, static (inode, vma, id) => inode.RemoveMapping(vma, id), _inodeLife);

    private Flow<long> CreateInode(InodeCreate request) => Calls.Repeated.Once(Inode, request, static (inode, create, id) => inode.Create(create, id));

    private ValueTask AddMapping(VmaLife vma) => Calls.Repeated.Once(Inode, vma, static (inode, vma, id) => inode.AddMapping(vma, id), _inodeLife);

    private Flow<InodePage> FindPage(long index) => Calls.Repeated.Once(Inode, index, static (inode, index, id) => inode.FindPage(index, id), _inodeLife);

    private Flow<InodePage> FaultShared(InodeFault fault) =>
        Calls.Repeated.Once(Inode, fault, static (inode, fault, id) => inode.FaultShared(fault, id), _inodeLife);

    private async ValueTask TakeFromOthers(long page, long index, long pfn)
    {
        while (!await Calls.Repeated.Once(
            Inode, (Key, page, index, pfn), static (inode, taken, id) => inode.UnmapRefPrivate(taken.Key, taken.page, taken.index, taken.pfn, id), _inodeLife))
        {
            // One of the others is on its way to another silo.
        }
    }

    private Flow<InodePage> MigratePage(long index, long pfn, int node) => Calls.Repeated.Once(
        Inode, (index, pfn, node), static (inode, page, id) => inode.MigratePage(page.index, page.pfn, page.node, id), _inodeLife);

    // Calls the inode without the lock, so that the inode can unmap here meanwhile. Null: it unmapped this very page, and a reference that
    // came with the answer was dropped.
    private async Flow<InodePage?> AskInode(long page, Func<Flow<InodePage>> call, bool holdsLock = false)
    {
        (_faultingPage, _overtaken) = (page, false);
        if (!holdsLock)
        {
            _lock.Exit();
        }

        InodePage answer;
        try
        {
            answer = await call();
        }
        finally
        {
            if (!holdsLock)
            {
                await _lock.Enter();
            }

            _faultingPage = -1;
        }

        if (!_overtaken)
        {
            return answer;
        }

        if (answer.Pfn != Pfn.None)
        {
            // A page that is or was in the cache has nothing to restore.
            long[] restores = Flows.Profile.Has(KernelBug.RestoreCachedPage) ? [answer.Pfn] : [];
            await Flows.Free(await Flows.Frames.Put([answer.Pfn], mapped: true, restores));
        }

        return null;
    }
}
