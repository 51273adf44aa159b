using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Calls that change something: each is done once, however often it arrives.</content>
public sealed partial class MachineGrain
{
    ValueTask<MachineContext> IMachineGrain.Boot(BootMachine request, Operation operation) =>
        Serve(operation, this, request, static (machine, request) => machine.Boot(request));

    ValueTask<Errno> IMachineGrain.Mount(TaskContext task, string name, long maxPages, long minPages, long maxInodes, Operation operation) =>
        Serve(operation, this, (task, name, maxPages, minPages, maxInodes),
            static (machine, call) => machine.Mount(call.task, call.name, call.maxPages, call.minPages, call.maxInodes));

    ValueTask<Errno> IMachineGrain.Umount(string name, bool lazy, Operation operation) =>
        Serve(operation, this, (name, lazy), static (machine, call) => machine.Umount(call.name, call.lazy));

    ValueTask<long> IMachineGrain.NextPid(Operation operation) => Serve(operation, this, 0, static (machine, _) => machine.NextPid());

    ValueTask IMachineGrain.MountEnded(string mount, Operation operation) =>
        Serve(operation, this, mount, static (machine, mount) => machine.MountEnded(mount));

    ValueTask IMachineGrain.ProcessExited(string process, Operation operation) =>
        Serve(operation, this, process, static (machine, process) => machine.ProcessExited(process));

    ValueTask<ShmAnswer> IMachineGrain.ShmGet(TaskContext task, long lengthBytes, bool noReserve, Operation operation) =>
        Serve(operation, this, (task, lengthBytes, noReserve), static (machine, call) => machine.ShmGet(call.task, call.lengthBytes, call.noReserve));

    ValueTask<ShmAnswer> IMachineGrain.ShmAttach(long id, Operation operation) =>
        Serve(operation, this, id, static (machine, id) => machine.ShmAttach(id));

    ValueTask<Errno> IMachineGrain.ShmRemove(long id, Operation operation) =>
        Serve(operation, this, id, static (machine, id) => machine.ShmRemove(id));
}
