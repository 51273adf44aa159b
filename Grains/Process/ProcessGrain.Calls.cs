using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Calls that change something: each is done once, however often it arrives.</content>
public sealed partial class ProcessGrain
{
    /// <inheritdoc/>
    public ValueTask Forget() => ForgetEnded();

    ValueTask<long> IProcessGrain.Spawn(MachineContext machine, TaskContext task, Operation operation) =>
        Serve(operation, this, (machine, task), static (process, call) => process.Spawn(call.machine, call.task));

    ValueTask<long> IProcessGrain.Fork(long childPid, Operation operation) =>
        Serve(operation, this, childPid, static (process, child) => process.Fork(child));

    ValueTask<long[]> IProcessGrain.Expect(MachineContext machine, long[] vmas, Operation operation) =>
        Serve(operation, this, (machine, vmas), static (process, call) => process.Expect(call.machine, call.vmas));

    ValueTask<long> IProcessGrain.Adopt(ProcessImage image, Operation operation) =>
        Serve(operation, this, image, static (process, image) => process.Adopt(image));

    ValueTask IProcessGrain.Exec(Operation operation) => Serve(operation, this, 0, static (process, _) => process.Exec());

    ValueTask IProcessGrain.Exit(Operation operation) => Serve(operation, this, 0, static (process, _) => process.Exit());

    ValueTask IProcessGrain.SetCatch(bool catching, Operation operation) =>
        Serve(operation, this, catching, static (process, catching) => process.SetCatch(catching));

    ValueTask IProcessGrain.SetTask(TaskContext task, Operation operation) =>
        Serve(operation, this, task, static (process, task) => process.SetTask(task));

    ValueTask<MmapAnswer> IProcessGrain.Mmap(MmapCall call, Operation operation) =>
        Serve(operation, this, call, static (process, call) => process.Mmap(call));

    ValueTask<Errno> IProcessGrain.Munmap(long address, long length, Operation operation) =>
        Serve(operation, this, (address, length), static (process, call) => process.Munmap(call.address, call.length));

    ValueTask<Errno> IProcessGrain.Mprotect(long address, long length, bool read, bool write, Operation operation) =>
        Serve(operation, this, (address, length, read, write), static (process, call) => process.Mprotect(call.address, call.length, call.read, call.write));

    ValueTask<MmapAnswer> IProcessGrain.Mremap(MremapCall call, Operation operation) =>
        Serve(operation, this, call, static (process, call) => process.Mremap(call));

    ValueTask<Errno> IProcessGrain.Madvise(long address, long length, int advice, Operation operation) =>
        Serve(operation, this, (address, length, advice), static (process, call) => process.Madvise(call.address, call.length, call.advice));

    ValueTask<Errno> IProcessGrain.Mlock(long address, long length, Operation operation) =>
        Serve(operation, this, (address, length), static (process, call) => process.Mlock(call.address, call.length));

    ValueTask<TouchAnswer> IProcessGrain.Touch(long address, long pages, bool write, int value, Operation operation) =>
        Serve(operation, this, (address, pages, write, value), static (process, call) => process.Touch(call.address, call.pages, call.write, call.value));

    ValueTask<Errno> IProcessGrain.KernelTouch(long address, bool write, int value, Operation operation) =>
        Serve(operation, this, (address, write, value), static (process, call) => process.KernelTouch(call.address, call.write, call.value));

    ValueTask<OpenAnswer> IProcessGrain.Open(OpenCall call, Operation operation) =>
        Serve(operation, this, call, static (process, call) => process.Open(call));

    ValueTask<OpenAnswer> IProcessGrain.Memfd(Operation operation) => Serve(operation, this, 0, static (process, _) => process.Memfd());

    ValueTask<Errno> IProcessGrain.Close(int fd, Operation operation) => Serve(operation, this, fd, static (process, fd) => process.Close(fd));

    ValueTask<Errno> IProcessGrain.Unlink(string mount, string name, Operation operation) =>
        Serve(operation, this, (mount, name), static (process, call) => process.Unlink(call.mount, call.name));

    ValueTask<Errno> IProcessGrain.Truncate(int fd, long bytes, Operation operation) =>
        Serve(operation, this, (fd, bytes), static (process, call) => process.Truncate(call.fd, call.bytes));

    ValueTask<Errno> IProcessGrain.Fallocate(int fd, long offset, long length, bool keepSize, bool punch, Operation operation) =>
        Serve(operation, this, (fd, offset, length, keepSize, punch),
            static (process, call) => process.Fallocate(call.fd, call.offset, call.length, call.keepSize, call.punch));

    ValueTask<MmapAnswer> IProcessGrain.Shmat(long id, long address, bool readOnly, Operation operation) =>
        Serve(operation, this, (id, address, readOnly), static (process, call) => process.Shmat(call.id, call.address, call.readOnly));

    ValueTask<Errno> IProcessGrain.Shmdt(long address, Operation operation) =>
        Serve(operation, this, address, static (process, address) => process.Shmdt(address));

    ValueTask<Errno> IProcessGrain.Mbind(MbindCall call, Operation operation) =>
        Serve(operation, this, call, static (process, call) => process.Mbind(call));

    ValueTask<int> IProcessGrain.MovePage(long address, int node, Operation operation) =>
        Serve(operation, this, (address, node), static (process, call) => process.MovePage(call.address, call.node));

    ValueTask<Errno> IProcessGrain.UffdRegister(long address, long length, Operation operation) =>
        Serve(operation, this, (address, length), static (process, call) => process.UffdRegister(call.address, call.length));

    ValueTask<Errno> IProcessGrain.UffdCopy(long address, int content, Operation operation) =>
        Serve(operation, this, (address, content), static (process, call) => process.UffdCopy(call.address, call.content));

    ValueTask<Errno> IProcessGrain.InjectFailures(long address, InjectedFailures failures, Operation operation) =>
        Serve(operation, this, (address, failures), static (process, call) => process.InjectFailures(call.address, call.failures));
}
