using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.Model;
using Orleans;
using Shouldly;

namespace Hugesim.Tests.Machine;

/// <summary>A machine on a cluster, and processes on it that map, fault, fork and share a file until they are told to stop.</summary>
internal sealed class LoadedMachine(IGrainFactory grains, string name, RepeatedCalls? calls = null)
{
    private readonly MachineCalls _machine = new(grains, name, calls ?? new RepeatedCalls(TimeProvider.System));

    private const string Mount = "A";
    private const int PoolPages = 200;
    private MachineContext? _context;
    private long _rounds;

    public string Name => name;

    public MachineContext Context => _context!;

    public IMachineGrain Machine => grains.GetGrain<IMachineGrain>(name);

    public IHstateGrain Hstate => grains.GetGrain<IHstateGrain>(Keys.Hstate(name));

    /// <summary>Rounds of work that were done.</summary>
    public long Rounds => Interlocked.Read(ref _rounds);

    public IFramesGrain Frames(int node) => grains.GetGrain<IFramesGrain>(Keys.Frames(name, node));

    public async Task BootAsync(int nodes = 1)
    {
        _context = await _machine.Boot(new BootMachine("7.3+repair", nodes, 1000));
        (await _machine.SetMaxHugePages(new SetPoolRequest(PoolPages, -1, ~0L))).ShouldBe(Errno.None);
        (await _machine.Mount(TaskContext.Default, Mount, 100, 10, -1)).ShouldBe(Errno.None);
    }

    public async Task<(long Pid, ProcessCalls Process)> NewPidAsync() => await _machine.NewProcess();

    public async Task<ProcessCalls> SpawnAsync()
    {
        var (_, process) = await NewPidAsync();
        await process.Spawn(_context!, TaskContext.Default);
        return process;
    }

    public static async Task<long> MapAsync(ProcessCalls process, long pages, bool shared = false, int fd = -1)
    {
        var mapped = await process.Mmap(new MmapCall(
            0, pages * Units.PageBytes, Fixed: false, Read: true, Write: true, shared, NoReserve: false, fd, 0, Populate: false));
        return mapped.Error == Errno.None ? mapped.Address : throw new InvalidOperationException($"mmap of {pages} pages: {mapped.Error}");
    }

    /// <summary>Works until the token says to stop; a process that lives stays as it is.</summary>
    public Task WorkAsync(int worker, CancellationToken stop) => WorkAsync(worker, int.MaxValue, stop);

    /// <summary>Works for some rounds.</summary>
    public async Task WorkAsync(int worker, int rounds, CancellationToken stop = default)
    {
        var process = await SpawnAsync();
        var fd = (await process.Open(new OpenCall(Mount, $"f{worker % 2}", false, true, false, false))).Fd;
        var file = await MapAsync(process, 4, shared: true, fd);
        for (var round = 0; round < rounds && !stop.IsCancellationRequested; round++)
        {
            await RoundAsync(process, fd, file, round);
            Interlocked.Increment(ref _rounds);
        }
    }

    /// <summary>Several workers at once.
    public Task LoadAsync(int workers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => WorkAsync(worker, stop), CancellationToken.None)));

    /// <summary>Several workers at once until they have done so many rounds together.</summary>
    public async Task WorkForAsync(int workers, int rounds)
    {
        using var stop = new CancellationTokenSource();
        var load = LoadAsync(workers, stop.Token);
        await ReachAsync(Rounds + rounds, load);
        await stop.CancelAsync();
        await load;
    }

    /// <summary>Waits until so many rounds are done, or the load has ended, which is a failure that awaiting it shows.</summary>
    public async Task ReachAsync(long rounds, Task load)
    {
        while (Rounds < rounds && !load.IsCompleted)
        {
            await Task.WhenAny(load, Task.Delay(10));
        }

        if (load.IsCompleted)
        {
            await load;
        }
    }

    /// <summary>All counters as text.</summary>
    public async Task<string> DescribeAsync()
    {
        var counters = await _machine.ReadCounters();
        var mounts = await _machine.Statfs();
        return $"nr={counters.Nr} free={counters.Free} resv={counters.Resv} surplus={counters.Surplus} "
            + string.Join(' ', counters.Nodes.Select(node => node.ToString()).Concat(counters.Cgroups.Select(group => group.ToString()))
                .Concat(mounts.Select(mount => mount.ToString())));
    }

    public async Task<IReadOnlyList<AuditViolation>> AuditAsync() => await MachineAudit.RunAsync(grains, name);

    // Private pages of which a child copies some, and pages of a file that others have, too.
    private async Task RoundAsync(ProcessCalls process, int fd, long file, int round)
    {
        var memory = await MapAsync(process, 3);
        (await process.Touch(memory, 3, write: true, round)).Signal.ShouldBe(0, "who maps successfully faults successfully");
        await process.Touch(file, 4, write: true, round);
        if (round % 3 == 1)
        {
            // The inode asks all mappings of the file, while some of them fault on it.
            (await process.Fallocate(fd, 0, 4 * Units.PageBytes, keepSize: true, punch: true)).ShouldBe(Errno.None);
        }

        if (round % 4 == 0)
        {
            var (pid, child) = await NewPidAsync();
            await process.Fork(pid, child);
            await child.Touch(memory, 1, write: true, -round);
            await child.Exit();
        }

        (await process.Touch(memory, 3, write: false, 0)).Values.ShouldBe([round, round, round]);
        (await process.Munmap(memory, 3 * Units.PageBytes)).ShouldBe(Errno.None);
    }
}
