using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Silo;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>
/// Error paths that no program can bring about: no memory for the descriptor of a region, and a page that cannot be copied. The failures are injected into one
/// inode or VMA of a machine on real grains. Quoted sentences are the reservation document's, where nothing else is said.
/// </summary>
public sealed class InjectedFailureTests
{
    private const string Mount = "A";
    private static readonly SharedGrainHosts s_hosts = new();
    private static int s_machines;

    [Theory]
    [Trait("Row", "R24")]
    [InlineData("4.10")]
    [InlineData("7.3")]
    public Task HolePunch_RegionCannotBeSplit_CountersFollowTheEntryThatStays(string kernel) => OnMachine(kernel, 8, async bench =>
    {
        var (file, mapped) = await bench.MapShared(6);
        await bench.Write(mapped, 1);
        await bench.Write(mapped, 3);
        (await bench.FreeAndResv()).ShouldBe((6, 4));
        await bench.Inode.InjectFailures(InjectedFailures.Failslab);

        // The first split takes the descriptor that the map has at hand, the second one needs another.
        await bench.Punch(file, 1);
        (await bench.FreeAndResv()).ShouldBe((7, 4));
        await bench.Punch(file, 3);

        // "The problem here is that the reservation map will indicate that there is a reservation for the page. However, the subpool and global reservation
        // counts will not reflect the reservation. To handle this situation, the routine hugetlb_fix_reserve_counts() is called to adjust the counters so that
        // they correspond with the reservation map entry that could not be deleted."
        (await bench.FreeAndResv()).ShouldBe((8, 5));
        await bench.Inode.InjectFailures(InjectedFailures.None);
        await bench.Write(mapped, 3);
        (await bench.FreeAndResv()).ShouldBe((7, 4), "the page is reserved");
        await bench.Write(mapped, 1);
        (await bench.FreeAndResv()).ShouldBe((6, 4), "the other one is not");
        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((8, 0));
    });

    [Theory]
    [Trait("Row", "R24")]
    [InlineData("4.10")]
    [InlineData("7.3")]
    public Task FixReserveCounts_NoPageLeftToReserve_CountGoesNegative(string kernel) => OnMachine(kernel, 4, async bench =>
    {
        await bench.Hstate.SetOvercommit(2);
        var (file, mapped) = await bench.MapShared(6);
        await bench.Write(mapped, 1);
        await bench.Write(mapped, 3);
        await bench.Hstate.SetOvercommit(0);
        await bench.Inode.InjectFailures(InjectedFailures.Failslab);

        // The two pages go back to the buddy allocator, so that all that is free is promised and hugetlb_acct_memory fails.
        await bench.Punch(file, 1);
        await bench.Punch(file, 3);
        (await bench.FreeAndResv()).ShouldBe((4, 4));

        // The map says 5. The kernel's warning of commit da56388c: "Huge Page Reserved count may go negative".
        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((4, -1));
    });

    [Theory]
    [Trait("Row", "R24")]
    [InlineData("4.10")]
    [InlineData("7.3")]
    public Task HolePunch_RegionCannotBeSplitOnAMountWithMinSize_SubpoolGivesTheReservation(string kernel) => OnMachine(kernel, 8, async bench =>
    {
        var (file, mapped) = await bench.MapShared(6);
        await bench.Write(mapped, 1);
        await bench.Write(mapped, 3);
        (await bench.FreeAndResv()).ShouldBe((6, 4));
        await bench.Inode.InjectFailures(InjectedFailures.Failslab);
        await bench.Punch(file, 1);
        (await bench.FreeAndResv()).ShouldBe((7, 5), "the page went back to the subpool's reserve");

        // The page's end filled the reserve, and hugetlb_fix_reserve_counts takes that reservation for the entry: "adjust the subpool usage count, and the global
        // reserve count if needed".
        await bench.Punch(file, 3);
        (await bench.FreeAndResv()).ShouldBe((8, 6));

        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((8, 6), "all of min_size is reserved again");
    }, minPages: 6);

    [Fact]
    [Trait("Row", "R23")]
    [Trait("Row", "R11")]
    public Task Mmap_NoDescriptorForTheRegion_FailsAndNothingHasChanged() => OnMachine("4.10", 8, async bench =>
    {
        var (file, _) = await bench.MapShared(2);
        await bench.Inode.InjectFailures(InjectedFailures.Failslab);

        // "region_chg() is responsible for pre-allocating any data structures necessary to ensure the subsequent operations (specifically region_add())) will succeed."
        (await bench.Map(file, 2, shared: true, offset: 4)).Error.ShouldBe(Errno.ENOMEM);

        (await bench.FreeAndResv()).ShouldBe((8, 2));
        await bench.Inode.InjectFailures(InjectedFailures.None);
        (await bench.Map(file, 2, shared: true, offset: 4)).Error.ShouldBe(Errno.None);
        (await bench.FreeAndResv()).ShouldBe((8, 4));
        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((8, 0));
    });

    [Fact]
    [Trait("Row", "R12")]
    [Trait("Row", "R23")]
    public Task Fault_NoDescriptorForTheEntry_TakesNothing() => OnMachine("4.10", 4, async bench =>
    {
        var mapped = (await bench.Map(-1, 3, shared: false)).Address;
        await bench.Write(mapped, 0);
        await bench.Vma(0).InjectFailures(InjectedFailures.Failslab);

        // vma_needs_reservation < 0: alloc_huge_page answers -ENOMEM, the fault VM_FAULT_OOM.
        var touched = await bench.Process.Touch(mapped + 2 * Units.PageBytes, 1, write: true, 1);

        (touched.Signal, touched.Killed).ShouldBe((9, true));
        (await bench.FreeAndResv()).ShouldBe((4, 0), "the dead process gave everything back");
    });

    [Theory]
    [Trait("Row", "R27")]
    [InlineData("5.10", false, false, 1)]
    [InlineData("5.10", true, false, 2)]
    [InlineData("5.10", true, true, 1)]
    [InlineData("7.3", false, false, 2)]
    [InlineData("7.3", true, false, 2)]
    [InlineData("7.3", true, true, 0)]
    public Task UffdCopy_PageCannotBeRead_LeaksNoReservation(string kernel, bool shared, bool noReserve, long resv) => OnMachine(kernel, 4, async bench =>
    {
        // 5.10 "simply modifies the PagePrivate so that a reservation will not be leaked": a private page loses its reservation, a shared one that had none gets one
        // to go with its entry in the map. From 5.13 on everything is as before.
        var mapped = shared ? (await bench.MapShared(2, noReserve)).Mapped : (await bench.Map(-1, 2, shared: false)).Address;
        var before = noReserve ? 0 : 2;
        (await bench.FreeAndResv()).ShouldBe((4, before));
        await bench.Fail(shared, InjectedFailures.FailUsercopy);

        (await bench.UffdCopy(mapped)).ShouldBe(Errno.EFAULT);

        (await bench.FreeAndResv()).ShouldBe((4, resv));
        await bench.Fail(shared, InjectedFailures.None);
        (await bench.UffdCopy(mapped)).ShouldBe(Errno.None);
        var consumes = (shared && resv > 0) || (kernel == "7.3" && !noReserve);
        (await bench.FreeAndResv()).ShouldBe((3, resv - (consumes ? 1 : 0)));
        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((4, 0));
    });

    [Fact]
    [Trait("Row", "R27")]
    public Task RestoreReserveOnError_NoDescriptorEither_ReservationCountsAsConsumed() => OnMachine("7.3", 4, async bench =>
    {
        var mapped = (await bench.Map(-1, 2, shared: false)).Address;
        await bench.Fail(shared: false, InjectedFailures.FailUsercopy | InjectedFailures.Failslab);

        (await bench.UffdCopy(mapped)).ShouldBe(Errno.EFAULT);

        // "In this case, it will simply clear the PagePrivate flag of the page. In this way, the global reserve count will not be incremented when the page is freed.
        // However, the reservation map will continue to look as though the reservation was consumed."
        (await bench.FreeAndResv()).ShouldBe((4, 1));
        await bench.Fail(shared: false, InjectedFailures.None);

        // "A page can still be allocated for the address, but it will not use a reserved page as originally intended."
        (await bench.UffdCopy(mapped)).ShouldBe(Errno.None);
        (await bench.FreeAndResv()).ShouldBe((3, 1));
        await bench.EndAll();
        (await bench.FreeAndResv()).ShouldBe((4, 0));
    });

    private static async Task OnMachine(string kernel, long poolPages, Func<Bench, Task> test, long minPages = -1)
    {
        await using var host = await s_hosts.GetAsync(new GrainHostOptions());
        await host.RunAsync(async grains =>
        {
            await test(await Bench.Boot(grains, $"injected{Interlocked.Increment(ref s_machines)}", kernel, poolPages, minPages));
            return 0;
        });
    }

    /// <summary>A machine with one mount, one file and one process.</summary>
    private sealed class Bench(IGrainFactory grains, string name, string process)
    {
        public IHstateGrain Hstate => grains.GetGrain<IHstateGrain>(Keys.Hstate(name));

        public IProcessGrain Process => grains.GetGrain<IProcessGrain>(process);

        public IInodeGrain Inode => grains.GetGrain<IInodeGrain>(Keys.Inode(Keys.Mount(name, Mount, 0), 0));

        public static async Task<Bench> Boot(IGrainFactory grains, string name, string kernel, long poolPages, long minPages)
        {
            var machine = grains.GetGrain<IMachineGrain>(name);
            var context = await machine.Boot(new BootMachine(kernel, 1, 1000));
            var bench = new Bench(grains, name, Keys.Process(name, await machine.NextPid()));
            await bench.Hstate.SetMaxHugePages(new SetPoolRequest(poolPages, -1, ~0L));
            await machine.Mount(TaskContext.Default, Mount, -1, minPages, -1);
            await bench.Process.Spawn(context, TaskContext.Default);
            return bench;
        }

        public IVmaGrain Vma(long number) => grains.GetGrain<IVmaGrain>(Keys.Vma(process, number));

        public ValueTask Fail(bool shared, InjectedFailures failures) => shared ? Inode.InjectFailures(failures) : Vma(0).InjectFailures(failures);

        public async Task<(int File, long Mapped)> MapShared(long pages, bool noReserve = false)
        {
            var file = (await Process.Open(new OpenCall(Mount, "x", false, true, false, false))).Fd;
            return (file, (await Map(file, pages, shared: true, noReserve: noReserve)).Address);
        }

        public async Task<MmapAnswer> Map(int file, long pages, bool shared, long offset = 0, bool noReserve = false) => await Process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, shared, noReserve, file, offset * Units.PageBytes, Populate: false));

        public async Task Write(long mapped, long page) =>
            (await Process.Touch(mapped + page * Units.PageBytes, 1, write: true, 1)).Signal.ShouldBe(0);

        public async Task Punch(int file, long page) =>
            (await Process.Fallocate(file, page * Units.PageBytes, Units.PageBytes, keepSize: true, punch: true)).ShouldBe(Errno.None);

        public async Task<Errno> UffdCopy(long address)
        {
            (await Process.UffdRegister(address, Units.PageBytes)).ShouldBe(Errno.None);
            return await Process.UffdCopy(address, 7);
        }

        public async Task<(long Free, long Resv)> FreeAndResv()
        {
            var counters = await Hstate.ReadCounters();
            return (counters.Free, counters.Resv);
        }

        public async Task EndAll()
        {
            await Process.Unlink(Mount, "x");
            await Process.Exit();
        }
    }
}
