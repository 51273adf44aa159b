using Hugesim.Abstractions;
using Hugesim.Model;
using Shouldly;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>The suite's tests whose point is that several processes are at work at once, as programs against the grains.</summary>
internal static class SuiteRaces
{
    /// <summary>
    /// <c>alloc-instantiate-race shared</c>: two processes touch the last page at the same time. Between the allocation and the entry in the page cache
    /// the loser of the race must not find the pool empty and die (<c>hugetlb_fault_mutex_table</c>).
    /// </summary>
    public static async Task AllocInstantiateShared(SuiteMachine machine)
    {
        var (parent, address) = await LastPage(machine, shared: true);
        var (first, second) = (await machine.Fork(parent), await machine.Fork(parent));

        await Task.WhenAll(SuiteMachine.Write(first, address, 1, 1), SuiteMachine.Write(second, address, 1, 1));

        (await SuiteMachine.Read(parent, address, 1)).ShouldBe([1]);
        (await machine.Counters()).ShouldBe((0, 0), "both have the same page");
    }

    /// <summary><c>alloc-instantiate-race private</c>: two threads of one process touch the last page at the same time.</summary>
    public static async Task AllocInstantiatePrivate(SuiteMachine machine)
    {
        var (process, address) = await LastPage(machine, shared: false);

        await Task.WhenAll(SuiteMachine.Write(process, address, 1, 1), SuiteMachine.Write(process, address, 1, 1));

        (await SuiteMachine.Read(process, address, 1)).ShouldBe([1]);
        (await machine.Counters()).ShouldBe((0, 0), "both have the same page");
    }

    /// <summary>
    /// <c>mmap-cow</c>: children map the parent's file privately, write, and find what they wrote: there is a page for each, and one for the file.
    /// </summary>
    public static async Task MmapCow(SuiteMachine machine)
    {
        const int Children = 3;
        var parent = await machine.Spawn();
        var file = await machine.UnlinkedFile(parent);
        var address = await SuiteMachine.Map(parent, file, 1, shared: true);
        await SuiteMachine.Write(parent, address, 1, 99);
        var children = await Forks(machine, parent, Children);

        await Task.WhenAll(children.Select(async (child, i) =>
        {
            var own = await SuiteMachine.Map(child, file, 1, shared: false);
            await SuiteMachine.Write(child, own, 1, i);
            (await child.CheckMapped(own, Units.PageBytes)).ShouldBe(Errno.None, "msync");
            (await SuiteMachine.Read(child, own, 1)).ShouldBe([i]);
            (await child.Munmap(own, Units.PageBytes)).ShouldBe(Errno.None);
        }));

        (await SuiteMachine.Read(parent, address, 1)).ShouldBe([99]);
    }

    /// <summary><c>shm-fork</c>: children attach a segment of all free pages, write, read and detach it over and over.</summary>
    public static async Task ShmFork(SuiteMachine machine)
    {
        var (pages, _) = await machine.Counters();
        var parent = await machine.Spawn();
        var segment = await machine.Segment(pages);
        var children = await Forks(machine, parent, 3);

        await Task.WhenAll(children.Select(async child =>
        {
            for (var round = 0; round < 5; round++)
            {
                var attached = await child.Shmat(segment, 0, readOnly: false);
                attached.Error.ShouldBe(Errno.None, "shmat");
                await SuiteMachine.Write(child, attached.Address, pages, 7);
                (await SuiteMachine.Read(child, attached.Address, pages)).ShouldAllBe(value => value == 7);
                (await child.Shmdt(attached.Address)).ShouldBe(Errno.None, "shmdt");
            }
        }));

        (await machine.Counters()).ShouldBe((0, 0), "the segment keeps its pages");
        await machine.Remove(segment);
    }

    /// <summary>
    /// <c>fallocate_stress</c>: one punches holes in a file of all free pages and fills them, one touches the same pages, one maps and unmaps them. The
    /// suite's threads are processes here, so that they are at work at the same time. One page is left over: a fault and an mmap of the same page, which nobody has
    /// reserved since it was punched, take one each until they find out (row R17).
    /// </summary>
    public static async Task FallocateStress(SuiteMachine machine)
    {
        const int Rounds = 6;
        var (free, _) = await machine.Counters();

        // An mmap and a fault that meet at a hole need its page twice for a moment (row R17), on a real kernel too: one page is to spare.
        var pages = free - 1;
        var filler = await machine.Spawn();
        var file = await machine.UnlinkedFile(filler);
        (await filler.Fallocate(file, 0, pages * Units.PageBytes, keepSize: false, punch: false)).ShouldBe(Errno.None);
        (await machine.Counters()).Free.ShouldBe(1);
        var (toucher, mapper) = (await machine.Fork(filler), await machine.Fork(filler));

        await Task.WhenAll(Fill(), Touch(), MapAndUnmap());

        foreach (var process in new[] { filler, toucher, mapper })
        {
            (await process.Close(file)).ShouldBe(Errno.None);
        }

        (await machine.Counters()).ShouldBe((free, 0), "free and reserved pages as before");

        async Task Fill()
        {
            for (var round = 0; round < Rounds; round++)
            {
                var offset = round * 5 % pages * Units.PageBytes;
                (await filler.Fallocate(file, offset, Units.PageBytes, keepSize: true, punch: true)).ShouldBe(Errno.None, "punch");
                (await filler.Fallocate(file, offset, Units.PageBytes, keepSize: false, punch: false)).ShouldBe(Errno.None, "fallocate");
            }
        }

        async Task Touch()
        {
            var address = await SuiteMachine.Map(toucher, file, pages, shared: true);
            for (var round = 0; round < 2 * Rounds; round++)
            {
                var page = address + (round * 3 % pages * Units.PageBytes);
                await SuiteMachine.Write(toucher, page, 1, (await SuiteMachine.Read(toucher, page, 1))[0]);
            }

            (await toucher.Munmap(address, pages * Units.PageBytes)).ShouldBe(Errno.None);
        }

        async Task MapAndUnmap()
        {
            for (var round = 0; round < Rounds; round++)
            {
                var address = await SuiteMachine.Map(mapper, file, pages, shared: true);
                (await mapper.Munmap(address, pages * Units.PageBytes)).ShouldBe(Errno.None);
            }
        }
    }

    // All pages but one are in use, and the last one is mapped.
    private static async Task<(IProcessGrain Process, long Address)> LastPage(SuiteMachine machine, bool shared)
    {
        var (free, _) = await machine.Counters();
        var process = await machine.Spawn();
        var address = await SuiteMachine.Map(process, await machine.UnlinkedFile(process), free - 1, shared: true);
        await SuiteMachine.Write(process, address, free - 1, 0);
        return (process, await SuiteMachine.Map(process, await machine.UnlinkedFile(process), 1, shared));
    }

    private static async Task<IProcessGrain[]> Forks(SuiteMachine machine, IProcessGrain parent, int count)
    {
        var children = new IProcessGrain[count];
        for (var i = 0; i < count; i++)
        {
            children[i] = await machine.Fork(parent);
        }

        return children;
    }
}
