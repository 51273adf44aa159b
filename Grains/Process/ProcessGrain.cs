using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>A process.</summary>
[KeepAlive, Immovable]
public sealed partial class ProcessGrain : StatefulGrain<ProcessState>, IProcessGrain, ILookedInto<ProcessAudit>
{
    private const int Sigbus = 7;
    private const int Sigkill = 9;
    private const int Sigsegv = 11;

    private readonly SortedDictionary<int, OpenFile> _files = [];

    // Attached segments: number of the mapping to its address in huge pages.
    private readonly Dictionary<long, long> _shm = [];
    private AddressSpace _mm = new();
    private MachineContext? _machine;
    private TaskContext _task = TaskContext.Default;
    private HugePageFlows? _flows;
    private bool _catching;
    private bool _exited;
    private long _nextVma;
    private long _parent;

    // The mapping that was called last, which most often is the one to be called next.
    private IVmaGrain? _vma;
    private long _vmaNumber;

    /// <inheritdoc/>
    protected override string Kind => "process";

    private MachineContext Machine => Alive(_machine)!;

    private HugePageFlows Flows => _flows ??= Calls.Flows(Machine, null);

    private AddressSpace Mm => Alive(_mm);

    private SortedDictionary<int, OpenFile> Files => Alive(_files);

    private Dictionary<long, long> Segments => Alive(_shm);

    private TaskContext Current => Alive(_task);

    private long Pid => long.Parse(Key.AsSpan(Key.LastIndexOf('/') + 1), CultureInfo.InvariantCulture);

    private Flow<long> Spawn(MachineContext machine, TaskContext task)
    {
        RequireNew();
        (_machine, _task) = (machine, task);
        Begin();
        return new(Life);
    }

    // A process begins once: another beginning is from a client or a parent of which there are two.
    private void RequireNew()
    {
        if (IsAlive)
        {
            throw Second("its life is to begin again");
        }
    }

    private async Flow<long> Fork(long childPid)
    {
        var child = Keys.Process(Machine.Machine, childPid);
        var vmas = new List<VmaImage>();
        var keys = new List<VmaNumber>();
        MappedRange[] parents = [.. Mm.Ranges.DistinctBy(r => r.Vma)];
        var childGrain = GrainFactory.GetGrain<IProcessGrain>(child);
        long[] numbers = [.. parents.Select(parent => parent.Vma)];
        var lives = await Lane.Once(childGrain, (Machine, numbers), static (child, call, id) => child.Expect(call.Machine, call.numbers, id));
        VmaNumber[] children = [.. numbers.Zip(lives, (number, life) => new VmaNumber(number, life))];
        for (var i = 0; i < parents.Length; i++)
        {
            var childVma = new VmaLife(Keys.Vma(child, numbers[i]), lives[i]);
            var image = await OfVma(parents[i], childVma, static (vma, childVma, id) => vma.Fork(childVma, id));
            if (image.Areas.Length > 0)
            {
                vmas.Add(image);
                keys.Add(children[i]);
            }
        }

        foreach (var file in Files.Values)
        {
            await OpenInode(file.Inode, file.InodeLife);
        }

        var processImage = new ProcessImage(
            Machine, Current, _catching, _nextVma, [.. Files.Values], [.. vmas], [.. keys],
            [.. Segments.Select(s => new AttachedSegment(s.Key, s.Value))], [.. children.Except(keys)], Pid);
        return await Lane.Once(childGrain, processImage, static (child, image, id) => child.Adopt(image, id));
    }

    private async Flow<long[]> Expect(MachineContext machine, long[] vmas)
    {
        var lives = new long[vmas.Length];
        for (var i = 0; i < vmas.Length; i++)
        {
            lives[i] = await Lane.Once(Vma(vmas[i]), machine, static (vma, machine, id) => vma.Expect(machine, id));
        }

        return lives;
    }

    private async Flow<long> Adopt(ProcessImage image)
    {
        RequireNew();
        Begin();
        (_machine, _task, _catching, _nextVma, _parent) = (image.Machine, image.Task, image.Catching, image.NextVma, image.Parent);
        foreach (var file in image.Files)
        {
            Files.Add(file.Fd, file);
        }

        foreach (var segment in image.Segments)
        {
            Segments.Add(segment.Vma, segment.Start);
        }

        for (var i = 0; i < image.Vmas.Length; i++)
        {
            var (number, life) = image.VmaNumbers[i];
            foreach (var area in image.Vmas[i].Areas)
            {
                Mm.Add(new MappedRange(area.Start, area.End, number, life));
            }

            await Lane.Once(Vma(number), image.Vmas[i], static (vma, image, id) => vma.Adopt(image, id), life);
        }

        foreach (var vma in image.Unforked)
        {
            await CloseVma(new MappedRange(0, long.MaxValue, vma.Number, vma.Life));
        }

        return Life;
    }

    private async ValueTask Exec()
    {
        _catching = Alive(false);
        await UnmapRange(0, long.MaxValue);
    }

    private async ValueTask Exit()
    {
        // do_exit: the address space goes before the files.
        await UnmapRange(0, long.MaxValue);
        foreach (var fd in Files.Keys.ToArray())
        {
            await Close(fd);
        }

        await OfMachine(Key, static (machine, process, id) => machine.ProcessExited(process, id));
        _exited = true;
        EndLife();
    }

    /// <inheritdoc/>
    public ValueTask<ProcessAudit?> Audit() => new(Look() ?? Absent<ProcessAudit>());

    /// <inheritdoc/>
    public ProcessAudit? Look() => IsAlive
        ? new ProcessAudit([.. Files.Values.Select(f => f.Inode)], [.. Mm.Ranges.Select(r => new RangeAudit(Keys.Vma(Key, r.Vma), r.Start, r.End))], _parent)
        : null;

    private ValueTask SetCatch(bool catching)
    {
        _catching = Alive(catching);
        return ValueTask.CompletedTask;
    }

    private ValueTask SetTask(TaskContext task)
    {
        _task = Alive(task);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<TaskContext> GetTask() => new(Current);

    private async Flow<TouchAnswer> Touch(long address, long pages, bool write, int value)
    {
        var first = address / Units.PageBytes;
        var values = new List<int>();
        var request = new AccessRequest(Current, first, first + pages - 1, write ? AccessKind.Store : AccessKind.Load, value);
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

    private async Flow<Errno> KernelTouch(long address, bool write, int value)
    {
        var page = address / Units.PageBytes;
        var request = new AccessRequest(Current, page, page, write ? AccessKind.Store : AccessKind.Load, value);
        return (await AccessRange(request, [])).Fault == AccessFault.None ? Errno.None : Errno.EFAULT;
    }

    /// <inheritdoc/>
    protected override ProcessState? Capture() => !IsAlive ? null : new(
        _machine!, _task, _catching, _nextVma, [.. _mm.Ranges], [.. _files.Values], [.. _shm.Select(s => new AttachedSegment(s.Key, s.Value))], _parent);

    /// <inheritdoc/>
    protected override void Restore(ProcessState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_machine, _task, _catching, _nextVma, _mm) = (state.Machine, state.Task, state.IsCatching, state.NextVma, new AddressSpace(state.Ranges));
        _parent = state.Parent;
        foreach (var file in state.Files)
        {
            _files.Add(file.Fd, file);
        }

        foreach (var segment in state.Segments)
        {
            _shm.Add(segment.Vma, segment.Start);
        }
    }

    private bool IsAlive => _machine is not null && !_exited;

    // A part of the state of a process that has begun and not exited.
    private T Alive<T>(T part) => IsAlive ? part : throw Lost();

    // Pages [request.First, request.Last], mapping by mapping, up to the first that fails.
    private async Flow<(AccessFault Fault, long Page)> AccessRange(AccessRequest request, List<int> values)
    {
        var page = request.First;
        while (page <= request.Last)
        {
            if (Mm.Find(page) is not { } range)
            {
                return (AccessFault.NotMapped, page);
            }

            var answer = await OfVma(
                range, request with { First = page, Last = Math.Min(request.Last, range.End - 1) }, static (vma, access, id) => vma.Access(access, id));
            values.AddRange(answer.Values);
            page = answer.Page;
            if (answer.Fault != AccessFault.None)
            {
                return (answer.Fault, page);
            }
        }

        return (AccessFault.None, page);
    }

    // Called by this process and its file's inode alone.
    private Flow<T> OfVma<TCall, T>(MappedRange range, TCall call, Func<IVmaGrain, TCall, Operation, ValueTask<T>> body) =>
        Lane.Once(Vma(range.Vma), call, body, range.Life);

    private ValueTask OfVma<TCall>(MappedRange range, TCall call, Func<IVmaGrain, TCall, Operation, ValueTask> body) =>
        Lane.Once(Vma(range.Vma), call, body, range.Life);

    private IVmaGrain Vma(long vma)
    {
        if (_vma is null || _vmaNumber != vma)
        {
            (_vma, _vmaNumber) = (GrainFactory.GetGrain<IVmaGrain>(Keys.Vma(Key, vma)), vma);
        }

        return _vma;
    }

    private async Flow<VmaClosed> CloseVma(MappedRange range)
    {
        var closed = await OfVma(range, range, static (vma, range, id) => vma.Close(range.Start, range.End, id));
        if (closed.Empty)
        {
            await Vma(range.Vma).Forget();
        }

        return closed;
    }

    private async ValueTask EndMount(string? mount)
    {
        if (mount is null)
        {
            return;
        }

        var grain = GrainFactory.GetGrain<IMountGrain>(mount);
        if (await Calls.Repeated.Once(grain, 0, static (mount, _, id) => mount.EndIfUnused(id)))
        {
            await OfMachine(mount, static (machine, mount, id) => machine.MountEnded(mount, id));
            await grain.Forget();
        }
    }
}
