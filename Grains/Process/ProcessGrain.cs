using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>A process.</summary>
[KeepAlive]
public sealed partial class ProcessGrain : Grain, IProcessGrain
{
    private const int Sigbus = 7;
    private const int Sigkill = 9;
    private const int Sigsegv = 11;

    private readonly AddressSpace _mm = new();
    private readonly SortedDictionary<int, OpenFile> _files = [];
    private MachineContext? _machine;
    private TaskContext _task = TaskContext.Default;
    private HugePageFlows? _flows;
    private bool _catching;
    private bool _exited;
    private long _nextVma;

    private MachineContext Machine => _machine ?? throw new InvalidOperationException($"process {Key} was used before it was spawned");

    private HugePageFlows Flows => _flows ??= new HugePageFlows(GrainFactory, Machine, null);

    private string Key => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public ValueTask Spawn(MachineContext machine, TaskContext task)
    {
        (_machine, _task) = (machine, task);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask Fork(long childPid)
    {
        var child = Keys.Process(Machine.Machine, childPid);
        var vmas = new List<VmaImage>();
        var keys = new List<long>();
        foreach (var vma in _mm.Ranges.Select(r => r.Vma).Distinct())
        {
            var image = await Vma(vma).Fork(Keys.Vma(child, vma));
            if (image.Areas.Length > 0)
            {
                vmas.Add(image);
                keys.Add(vma);
            }
        }

        foreach (var file in _files.Values)
        {
            await GrainFactory.GetGrain<IInodeGrain>(file.Inode).Open();
        }

        await GrainFactory.GetGrain<IProcessGrain>(child).Adopt(
            new ProcessImage(Machine, _task, _catching, _nextVma, [.. _files.Values], [.. vmas], [.. keys],
            [.. _shm.Select(s => new AttachedSegment(s.Key, s.Value))]));
    }

    /// <inheritdoc/>
    public async ValueTask Adopt(ProcessImage image)
    {
        (_machine, _task, _catching, _nextVma) = (image.Machine, image.Task, image.Catching, image.NextVma);
        foreach (var file in image.Files)
        {
            _files.Add(file.Fd, file);
        }

        foreach (var segment in image.Segments)
        {
            _shm.Add(segment.Vma, segment.Start);
        }

        for (var i = 0; i < image.Vmas.Length; i++)
        {
            foreach (var area in image.Vmas[i].Areas)
            {
                _mm.Add(new MappedRange(area.Start, area.End, image.VmaNumbers[i]));
            }

            await Vma(image.VmaNumbers[i]).Adopt(image.Vmas[i]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask Exec()
    {
        _catching = false;
        await UnmapRange(0, long.MaxValue);
    }

    /// <inheritdoc/>
    public async ValueTask Exit()
    {
        // do_exit: the address space goes before the files.
        await UnmapRange(0, long.MaxValue);
        foreach (var fd in _files.Keys.ToArray())
        {
            await Close(fd);
        }

        await MachineGrain.ProcessExited(Key);
        _exited = true;
        DeactivateOnIdle();
    }

    /// <inheritdoc/>
    public ValueTask<ProcessAudit?> Audit()
    {
        if (_machine is not null && !_exited)
        {
            var ranges = _mm.Ranges.Select(r => new RangeAudit(Keys.Vma(Key, r.Vma), r.Start, r.End));
            return new(new ProcessAudit([.. _files.Values.Select(f => f.Inode)], [.. ranges]));
        }

        DeactivateOnIdle();
        return default;
    }

    /// <inheritdoc/>
    public ValueTask SetCatch(bool catching)
    {
        _catching = catching;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetTask(TaskContext task)
    {
        _task = task;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<TaskContext> GetTask() => new(_task);

    /// <inheritdoc/>
    public async ValueTask<TouchAnswer> Touch(long address, long pages, bool write, int value)
    {
        var first = address / Units.PageBytes;
        var values = new List<int>();
        var request = new AccessRequest(_task, first, first + pages - 1, write ? AccessKind.Store : AccessKind.Load, value);
        var (fault, page) = await AccessRange(request, values);
        var (signal, code) = fault switch
        {
            AccessFault.Bus => (Sigbus, 2),
            AccessFault.OutOfMemory => (Sigkill, 0),
            AccessFault.NotMapped => (Sigsegv, 1),
            AccessFault.Forbidden => (Sigsegv, 2),
            _ => (0, 0),
        };
        var killed = signal == Sigkill || (signal != 0 && !_catching);
        if (killed)
        {
            await Exit();
        }

        return new TouchAnswer([.. values], signal, code, page - first, killed, fault == AccessFault.Uffd);
    }

    /// <inheritdoc/>
    public async ValueTask<Errno> KernelTouch(long address, bool write, int value)
    {
        var page = address / Units.PageBytes;
        var request = new AccessRequest(_task, page, page, write ? AccessKind.Store : AccessKind.Load, value);
        return (await AccessRange(request, [])).Fault == AccessFault.None ? Errno.None : Errno.EFAULT;
    }

    // Pages [request.First, request.Last], mapping by mapping, up to the first that fails.
    private async ValueTask<(AccessFault Fault, long Page)> AccessRange(AccessRequest request, List<int> values)
    {
        var page = request.First;
        while (page <= request.Last)
        {
            if (_mm.Find(page) is not { } range)
            {
                return (AccessFault.NotMapped, page);
            }

            var answer = await Vma(range.Vma).Access(request with { First = page, Last = Math.Min(request.Last, range.End - 1) });
            values.AddRange(answer.Values);
            page = answer.Page;
            if (answer.Fault != AccessFault.None)
            {
                return (answer.Fault, page);
            }
        }

        return (AccessFault.None, page);
    }

    private IVmaGrain Vma(long vma) => GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(Key, vma));

    private ValueTask EndMount(string? mount) =>
        mount is null ? ValueTask.CompletedTask : GrainFactory.GetGrain<IMountGrain>(mount).EndIfUnused();
}
