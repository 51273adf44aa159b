using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Model;
using Orleans;
using Shouldly;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>A simulated machine whose processes do several things at the same time, which a scenario cannot say.</summary>
internal sealed class SuiteMachine
{
    private const string Mount = "A";

    private readonly IGrainFactory _grains;
    private readonly string _name;
    private readonly long _pages;
    private readonly List<IProcessGrain> _processes = [];
    private MachineContext? _context;
    private int _files;

    private SuiteMachine(IGrainFactory grains, string name, long pages) => (_grains, _name, _pages) = (grains, name, pages);

    private IMachineGrain Machine => _grains.GetGrain<IMachineGrain>(_name);

    private IHstateGrain Hstate => _grains.GetGrain<IHstateGrain>(Keys.Hstate(_name));

    /// <summary>Boots a machine, lets a program run on it, and looks at what is left: as the suite's runner does, and as the audit does.</summary>
    public static async Task RunAsync(IGrainFactory grains, string name, long pages, Func<SuiteMachine, Task> program)
    {
        var machine = new SuiteMachine(grains, name, pages);
        await machine.Boot();
        await program(machine);
        await machine.Finish();
    }

    /// <summary>A new process that catches signals.</summary>
    public async Task<IProcessGrain> Spawn()
    {
        var process = Process(await Machine.NextPid());
        await process.Spawn(_context!, TaskContext.Default);
        await process.SetCatch(true);
        return process;
    }

    /// <summary>fork.</summary>
    public async Task<IProcessGrain> Fork(IProcessGrain parent)
    {
        var pid = await Machine.NextPid();
        await parent.Fork(pid);
        return Process(pid);
    }

    /// <summary>Opens a new file that is unlinked at once.</summary>
    public async Task<int> UnlinkedFile(IProcessGrain process)
    {
        var file = $"f{_files++}";
        var opened = await process.Open(new OpenCall(Mount, file, false, true, false, false));
        opened.Error.ShouldBe(Errno.None);
        (await process.Unlink(Mount, file)).ShouldBe(Errno.None);
        return opened.Fd;
    }

    /// <summary>mmap of a file from its beginning; it must succeed.</summary>
    public static async Task<long> Map(IProcessGrain process, int fd, long pages, bool shared)
    {
        var mapped = await process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, shared, NoReserve: false, fd, 0, Populate: false));
        mapped.Error.ShouldBe(Errno.None, "mmap");
        return mapped.Address;
    }

    /// <summary>Stores a value in every page; no access may fail.</summary>
    public static async Task Write(IProcessGrain process, long address, long pages, int value) =>
        Succeeded(await process.Touch(address, pages, write: true, value));

    /// <summary>Loads every page; no access may fail.</summary>
    public static async Task<int[]> Read(IProcessGrain process, long address, long pages) =>
        Succeeded(await process.Touch(address, pages, write: false, 0)).Values;

    /// <summary>shmget; it must succeed.</summary>
    public async Task<long> Segment(long pages)
    {
        var segment = await Machine.ShmGet(TaskContext.Default, pages * Units.PageBytes, noReserve: false);
        segment.Error.ShouldBe(Errno.None, "shmget");
        return segment.Id;
    }

    /// <summary>shmctl(IPC_RMID).</summary>
    public async Task Remove(long segment) => (await Machine.ShmRemove(segment)).ShouldBe(Errno.None);

    /// <summary>Free and reserved pages.</summary>
    public async Task<(long Free, long Resv)> Counters()
    {
        var counters = await Hstate.ReadCounters();
        return (counters.Free, counters.Resv);
    }

    private static TouchAnswer Succeeded(TouchAnswer answer)
    {
        answer.Signal.ShouldBe(0, $"page {answer.FailedPage}");
        return answer;
    }

    private IProcessGrain Process(long pid)
    {
        var process = _grains.GetGrain<IProcessGrain>(Keys.Process(_name, pid));
        _processes.Add(process);
        return process;
    }

    private async Task Boot()
    {
        _context = await Machine.Boot(new BootMachine(KernelProfiles.Newest.Name, 1, 1000));
        await Hstate.SetMaxHugePages(new SetPoolRequest(_pages, -1, ~0L));
        (await Machine.Mount(TaskContext.Default, Mount, -1, -1, -1)).ShouldBe(Errno.None);
    }

    private async Task Finish()
    {
        (await MachineAudit.RunAsync(_grains, _name)).ShouldBeEmpty("the race is over and all processes live");
        foreach (var process in _processes)
        {
            await process.Exit();
        }

        (await Machine.Umount(Mount, lazy: false)).ShouldBe(Errno.None);
        (await Counters()).ShouldBe((_pages, 0), "all processes are gone");
    }
}
