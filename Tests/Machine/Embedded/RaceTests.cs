using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Embedded;
using Hugesim.Model;
using Hugesim.Silo;
using Orleans;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>
/// Processes at work at the same time, under many schedules: no schedule may leave grains waiting for each other (the engine then throws, naming
/// them), hand a frame out twice (the frames grain throws), or end with a counter that does not add up.
/// </summary>
public sealed class RaceTests
{
    private const int Schedules = 300;

    [Fact]
    public void SharedFaults_AgainstTruncateAndPunch_EndWithNothingLost() => UnderManySchedules(8, async (bench, p) =>
    {
        var file = await bench.SharedFile(4);
        var q = await bench.Spawn();
        var r = await bench.Spawn();
        var (atP, atQ) = (await bench.MapFile(p, file, 4, shared: true), await bench.MapFile(q, file, 4, shared: true));
        await Task.WhenAll(Faults(p, atP, 4), Faults(q, atQ, 4), Cut(bench, r, file));

        // A page that a truncate took away must not stay mapped anywhere: who faults now gets the page that the others see.
        await p.Touch(atP, 4, write: false, 0);
        await q.Touch(atQ, 4, write: false, 0);
        (await q.Describe(atQ, 4 * Units.PageBytes)).Pages.Select(page => page.Pfn)
            .ShouldBe((await p.Describe(atP, 4 * Units.PageBytes)).Pages.Select(page => page.Pfn));
        return [p, q, r];
    });

    [Fact]
    public void PrivateCopiesOfCachedPages_AgainstTruncateAndPunch_EndWithNothingLost() => UnderManySchedules(10, async (bench, p) =>
    {
        var file = await bench.SharedFile(3);
        var q = await bench.Spawn();
        var r = await bench.Spawn();
        await q.Touch(await bench.MapFile(q, file, 3, shared: true), 3, write: true, 1);
        var mapped = await bench.MapFile(p, file, 3, shared: false);
        await p.Touch(mapped, 3, write: false, 0);
        await Task.WhenAll(Faults(p, mapped, 3), Cut(bench, r, file));
        return [p, q, r];
    });

    [Fact]
    public void OwnersCowWithoutPages_AgainstChildAndItsFork_EndWithNothingLost() => UnderManySchedules(3, async (bench, p) =>
    {
        var mapped = (await p.Mmap(Anonymous(3))).Address;
        await p.Touch(mapped, 3, write: true, 5);
        var (child, grandchild) = (await bench.NewPid(), await bench.NewPid());
        await p.Fork(child.Pid);
        await child.Grain.SetCatch(true);
        await Task.WhenAll(
            Faults(p, mapped, 3),
            Faults(child.Grain, mapped, 3),
            child.Grain.Fork(grandchild.Pid).AsTask());
        (await p.Touch(mapped, 3, write: false, 0)).Values.ShouldBe([1, 1, 1], "the owner keeps what it wrote");
        return [p, child.Grain, grandchild.Grain];
    });

    [Fact]
    public void ManyMappings_CompetingForAPoolThatIsTooSmall_EndWithNothingLost() => UnderManySchedules(5, async (bench, p) =>
    {
        IProcessGrain[] all = [p, await bench.Spawn(), await bench.Spawn(), await bench.Spawn()];
        await Task.WhenAll(all.Select(async process =>
        {
            for (var i = 0; i < 3; i++)
            {
                var mapped = await process.Mmap(Anonymous(2));
                if (mapped.Error == Errno.None)
                {
                    (await process.Touch(mapped.Address, 2, write: true, 1)).Signal.ShouldBe(0, "who maps successfully faults successfully");
                    await process.Munmap(mapped.Address, mapped.Length);
                }
            }
        }));
        return all;
    });

    [Fact]
    public void MovedPagesOfAFile_AgainstTruncatePunchAndFaults_EndWithNothingLost() => UnderManySchedules(10, async (bench, p) =>
    {
        var file = await bench.SharedFile(4);
        var q = await bench.Spawn();
        var r = await bench.Spawn();
        var (atP, atQ) = (await bench.MapFile(p, file, 4, shared: true), await bench.MapFile(q, file, 4, shared: true));
        await p.SetCatch(true);
        await p.Touch(atP, 4, write: true, 1);
        await Task.WhenAll(Moves(p, atP, 4), Faults(q, atQ, 2), Cut(bench, r, file));

        await p.Touch(atP, 4, write: false, 0);
        await q.Touch(atQ, 4, write: false, 0);
        (await q.Describe(atQ, 4 * Units.PageBytes)).Pages.Select(page => page.Pfn)
            .ShouldBe((await p.Describe(atP, 4 * Units.PageBytes)).Pages.Select(page => page.Pfn));
        return [p, q, r];
    }, nodes: 2);

    private static async Task Moves(IProcessGrain process, long address, long pages)
    {
        for (var page = 0L; page < pages; page++)
        {
            await process.MovePage(address + page * Units.PageBytes, 1);
            await process.MovePage(address + page * Units.PageBytes, 0);
        }
    }

    private static async Task Faults(IProcessGrain process, long address, long pages)
    {
        await process.SetCatch(true);
        for (var round = 0; round < 2; round++)
        {
            for (var page = 0L; page < pages; page++)
            {
                await process.Touch(address + page * Units.PageBytes, 1, write: true, 1);
            }
        }
    }

    private static async Task Cut(Bench bench, IProcessGrain process, string file)
    {
        var fd = (await process.Open(new OpenCall(Bench.Mount, file, false, false, false, false))).Fd;
        await process.Truncate(fd, Units.PageBytes);
        await process.Truncate(fd, 4 * Units.PageBytes);
        await process.Fallocate(fd, 0, 2 * Units.PageBytes, keepSize: true, punch: true);
    }

    private static MmapCall Anonymous(long pages) =>
        new(0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, Shared: false, NoReserve: false, -1, 0, Populate: false);

    private static void UnderManySchedules(long poolPages, Func<Bench, IProcessGrain, Task<IProcessGrain[]>> scenario, int nodes = 1)
    {
        UnderManySchedules(poolPages, scenario, MessageFate.Deliver, nodes);

        // Orleans promises no order between two messages from one grain to another: an answer can arrive after a later request.
        UnderManySchedules(poolPages, scenario, MessageFate.Unordered, nodes);
    }

    private static void UnderManySchedules(long poolPages, Func<Bench, IProcessGrain, Task<IProcessGrain[]>> scenario, MessageFate fate, int nodes)
    {
        using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            Scheduler = SchedulerKind.Deterministic,
            Silos = 2,
            Faults = new SameFate(fate),
            ConfigureServices = services => services.AddEmbeddedHugesim(),
        });
        for (var seed = 0; seed < Schedules; seed++)
        {
            cluster.Reset(seed);
            try
            {
                cluster.Run(grains => RunOnce(new Bench(grains, poolPages, nodes), scenario));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}, messages {fate.Kind}: {failure.Message}", failure);
            }
        }
    }

    private static async Task RunOnce(Bench bench, Func<Bench, IProcessGrain, Task<IProcessGrain[]>> scenario)
    {
        await bench.Boot();
        var processes = await scenario(bench, await bench.Spawn());
        (await bench.Audit()).ShouldBeEmpty("the race is over and all processes live");
        foreach (var process in processes)
        {
            await process.Exit();
        }

        await bench.Machine.Umount(Bench.Mount, lazy: false);
        var counters = await bench.Hstate.ReadCounters();
        counters.Free.ShouldBe(counters.Nr, "pages in use when all processes are gone");
        counters.Resv.ShouldBe(0, "reservations when all processes are gone");
        counters.Cgroups[0].Usage.ShouldBe(0, "cgroup usage when all processes are gone");
        counters.Cgroups[0].Rsvd.ShouldBe(0, "cgroup reservations when all processes are gone");
    }

    /// <summary>All messages between grains fare alike.</summary>
    private sealed class SameFate(MessageFate fate) : FaultPlan
    {
        public override MessageFate OnMessage(in MessageInfo message, Chooser chooser) => fate;
    }

    /// <summary>One machine with one mount.</summary>
    private sealed class Bench(IGrainFactory grains, long poolPages, int nodes)
    {
        public const string Mount = "A";
        private const string Name = "race";

        private MachineContext? _context;

        public IMachineGrain Machine => grains.GetGrain<IMachineGrain>(Name);

        public IHstateGrain Hstate => grains.GetGrain<IHstateGrain>(Keys.Hstate(Name));

        public async Task<IReadOnlyList<AuditViolation>> Audit() => await MachineAudit.RunAsync(grains, Name);

        public async Task Boot()
        {
            _context = await Machine.Boot(new BootMachine(KernelProfiles.Newest.Name, nodes, 1000));
            await Hstate.SetMaxHugePages(new SetPoolRequest(poolPages, -1, ~0L));
            await Machine.Mount(TaskContext.Default, Mount, -1, -1, -1);
        }

        public async Task<(long Pid, IProcessGrain Grain)> NewPid()
        {
            var pid = await Machine.NextPid();
            return (pid, grains.GetGrain<IProcessGrain>(Keys.Process(Name, pid)));
        }

        public async Task<IProcessGrain> Spawn()
        {
            var (_, process) = await NewPid();
            await process.Spawn(_context!, TaskContext.Default);
            return process;
        }

        public async Task<string> SharedFile(long pages)
        {
            var maker = await Spawn();
            var fd = (await maker.Open(new OpenCall(Mount, "x", false, true, false, false))).Fd;
            await maker.Truncate(fd, pages * Units.PageBytes);
            await maker.Exit();
            return "x";
        }

        public async Task<long> MapFile(IProcessGrain process, string file, long pages, bool shared)
        {
            var fd = (await process.Open(new OpenCall(Mount, file, false, false, false, false))).Fd;
            var mapped = await process.Mmap(new MmapCall(
                0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, shared, NoReserve: false, fd, 0, Populate: false));
            mapped.Error.ShouldBe(Errno.None);
            return mapped.Address;
        }
    }
}
