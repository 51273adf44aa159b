using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>
/// The system calls of a process, as a client outside of the silos makes them: each is repeated until it is answered, and done once. What they mean stands at
/// <see cref="IProcessGrain"/>.
/// </summary>
/// <param name="grain">The process.</param>
/// <param name="calls">The client's calls.</param>
public sealed class ProcessCalls(IProcessGrain grain, RepeatedCalls calls)
{
    private readonly CallLane _lane = calls.NewLane();

    // Which life of the process this client knows; 0 before it is spawned or forked.
    private long _life;

    /// <summary>The process itself.</summary>
    public IProcessGrain Grain => grain;

    /// <inheritdoc cref="IProcessGrain.Spawn"/>
    public async ValueTask Spawn(MachineContext machine, TaskContext task) =>
        _life = await _lane.Once(grain, (machine, task), static (process, call, id) => process.Spawn(call.machine, call.task, id));

    /// <inheritdoc cref="IProcessGrain.Fork"/>
    /// <param name="childPid">The child's number.</param>
    /// <param name="child">The child, which learns which life of it began.</param>
    public async ValueTask Fork(long childPid, ProcessCalls? child = null)
    {
        var life = await Once(childPid, static (process, child, id) => process.Fork(child, id));
        if (child is not null)
        {
            child._life = life;
        }
    }

    /// <inheritdoc cref="IProcessGrain.Exec"/>
    public ValueTask Exec() => Once(0, static (process, _, id) => process.Exec(id));

    /// <inheritdoc cref="IProcessGrain.Exit"/>
    public async ValueTask Exit()
    {
        await Once(0, static (process, _, id) => process.Exit(id));
        await grain.Forget();
    }

    /// <inheritdoc cref="IProcessGrain.SetCatch"/>
    public ValueTask SetCatch(bool catching) => Once(catching, static (process, catching, id) => process.SetCatch(catching, id));

    /// <inheritdoc cref="IProcessGrain.SetTask"/>
    public ValueTask SetTask(TaskContext task) => Once(task, static (process, task, id) => process.SetTask(task, id));

    /// <inheritdoc cref="IProcessGrain.GetTask"/>
    public ValueTask<TaskContext> GetTask() => calls.Ask(grain, 0, static (process, _) => process.GetTask());

    /// <inheritdoc cref="IProcessGrain.Mmap"/>
    public ValueTask<MmapAnswer> Mmap(MmapCall call) => Once(call, static (process, call, id) => process.Mmap(call, id));

    /// <inheritdoc cref="IProcessGrain.Munmap"/>
    public ValueTask<Errno> Munmap(long address, long length) =>
        Once((address, length), static (process, call, id) => process.Munmap(call.address, call.length, id));

    /// <inheritdoc cref="IProcessGrain.Mprotect"/>
    public ValueTask<Errno> Mprotect(long address, long length, bool read, bool write) =>
        Once((address, length, read, write), static (process, call, id) => process.Mprotect(call.address, call.length, call.read, call.write, id));

    /// <inheritdoc cref="IProcessGrain.Mremap"/>
    public ValueTask<MmapAnswer> Mremap(MremapCall call) => Once(call, static (process, call, id) => process.Mremap(call, id));

    /// <inheritdoc cref="IProcessGrain.Madvise"/>
    public ValueTask<Errno> Madvise(long address, long length, int advice) =>
        Once((address, length, advice), static (process, call, id) => process.Madvise(call.address, call.length, call.advice, id));

    /// <inheritdoc cref="IProcessGrain.Mlock"/>
    public ValueTask<Errno> Mlock(long address, long length) =>
        Once((address, length), static (process, call, id) => process.Mlock(call.address, call.length, id));

    /// <inheritdoc cref="IProcessGrain.CheckMapped"/>
    public ValueTask<Errno> CheckMapped(long address, long length) =>
        calls.Ask(grain, (address, length), static (process, call) => process.CheckMapped(call.address, call.length));

    /// <inheritdoc cref="IProcessGrain.Touch"/>
    public async ValueTask<TouchAnswer> Touch(long address, long pages, bool write, int value)
    {
        var answer = await Once(
            (address, pages, write, value), static (process, call, id) => process.Touch(call.address, call.pages, call.write, call.value, id));
        if (answer.Killed)
        {
            await grain.Forget();
        }

        return answer;
    }

    /// <inheritdoc cref="IProcessGrain.KernelTouch"/>
    public ValueTask<Errno> KernelTouch(long address, bool write, int value) =>
        Once((address, write, value), static (process, call, id) => process.KernelTouch(call.address, call.write, call.value, id));

    /// <inheritdoc cref="IProcessGrain.Open"/>
    public ValueTask<OpenAnswer> Open(OpenCall call) => Once(call, static (process, call, id) => process.Open(call, id));

    /// <inheritdoc cref="IProcessGrain.Memfd"/>
    public ValueTask<OpenAnswer> Memfd() => Once(0, static (process, _, id) => process.Memfd(id));

    /// <inheritdoc cref="IProcessGrain.Close"/>
    public ValueTask<Errno> Close(int fd) => Once(fd, static (process, fd, id) => process.Close(fd, id));

    /// <inheritdoc cref="IProcessGrain.Unlink"/>
    public ValueTask<Errno> Unlink(string mount, string name) =>
        Once((mount, name), static (process, call, id) => process.Unlink(call.mount, call.name, id));

    /// <inheritdoc cref="IProcessGrain.Truncate"/>
    public ValueTask<Errno> Truncate(int fd, long bytes) => Once((fd, bytes), static (process, call, id) => process.Truncate(call.fd, call.bytes, id));

    /// <inheritdoc cref="IProcessGrain.Fallocate"/>
    public ValueTask<Errno> Fallocate(int fd, long offset, long length, bool keepSize, bool punch) => Once(
        (fd, offset, length, keepSize, punch),
        static (process, call, id) => process.Fallocate(call.fd, call.offset, call.length, call.keepSize, call.punch, id));

    /// <inheritdoc cref="IProcessGrain.Fstat"/>
    public ValueTask<StatAnswer> Fstat(int fd) => calls.Ask(grain, fd, static (process, fd) => process.Fstat(fd));

    /// <inheritdoc cref="IProcessGrain.Pread"/>
    public ValueTask<PreadAnswer> Pread(int fd, long offset) => calls.Ask(grain, (fd, offset), static (process, call) => process.Pread(call.fd, call.offset));

    /// <inheritdoc cref="IProcessGrain.CheckFd"/>
    public ValueTask<Errno> CheckFd(int fd, bool write) => calls.Ask(grain, (fd, write), static (process, call) => process.CheckFd(call.fd, call.write));

    /// <inheritdoc cref="IProcessGrain.Shmat"/>
    public ValueTask<MmapAnswer> Shmat(long id, long address, bool readOnly) => Once(
        (id, address, readOnly), static (process, call, operation) => process.Shmat(call.id, call.address, call.readOnly, operation));

    /// <inheritdoc cref="IProcessGrain.Shmdt"/>
    public ValueTask<Errno> Shmdt(long address) => Once(address, static (process, address, id) => process.Shmdt(address, id));

    /// <inheritdoc cref="IProcessGrain.Describe"/>
    public ValueTask<RangeView> Describe(long address, long length) =>
        calls.Ask(grain, (address, length), static (process, call) => process.Describe(call.address, call.length));

    /// <inheritdoc cref="IProcessGrain.MappedPages"/>
    public ValueTask<long> MappedPages() => calls.Ask(grain, 0, static (process, _) => process.MappedPages());

    /// <inheritdoc cref="IProcessGrain.Mbind"/>
    public ValueTask<Errno> Mbind(MbindCall call) => Once(call, static (process, call, id) => process.Mbind(call, id));

    /// <inheritdoc cref="IProcessGrain.MovePage"/>
    public ValueTask<int> MovePage(long address, int node) =>
        Once((address, node), static (process, call, id) => process.MovePage(call.address, call.node, id));

    /// <inheritdoc cref="IProcessGrain.UffdRegister"/>
    public ValueTask<Errno> UffdRegister(long address, long length) =>
        Once((address, length), static (process, call, id) => process.UffdRegister(call.address, call.length, id));

    /// <inheritdoc cref="IProcessGrain.UffdCopy"/>
    public ValueTask<Errno> UffdCopy(long address, int content) =>
        Once((address, content), static (process, call, id) => process.UffdCopy(call.address, call.content, id));

    /// <inheritdoc cref="IProcessGrain.UffdZero"/>
    public ValueTask<Errno> UffdZero(long address) => calls.Ask(grain, address, static (process, address) => process.UffdZero(address));

    /// <inheritdoc cref="IProcessGrain.InjectFailures"/>
    public ValueTask<Errno> InjectFailures(long address, InjectedFailures failures) =>
        Once((address, failures), static (process, call, id) => process.InjectFailures(call.address, call.failures, id));

    private ValueTask<T> Once<TCall, T>(TCall call, Func<IProcessGrain, TCall, Operation, ValueTask<T>> body) => _lane.Once(grain, call, body, _life);

    private ValueTask Once<TCall>(TCall call, Func<IProcessGrain, TCall, Operation, ValueTask> body) => _lane.Once(grain, call, body, _life);
}
