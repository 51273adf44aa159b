using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>Calls that change something: each is done once, however often it arrives.</content>
public sealed partial class MountGrain
{
    /// <inheritdoc/>
    public ValueTask Forget() => ForgetEnded();

    ValueTask<Errno> IMountGrain.Mount(MachineContext machine, TaskContext task, long maxPages, long minPages, long maxInodes, Operation operation) =>
        Serve(operation, this, (machine, task, maxPages, minPages, maxInodes),
            static (mount, call) => mount.Mount(call.machine, call.task, call.maxPages, call.minPages, call.maxInodes));

    ValueTask<LookupAnswer> IMountGrain.Open(string name, bool create, bool exclusive, Operation operation) =>
        Serve(operation, this, (name, create, exclusive), static (mount, call) => mount.Open(call.name, call.create, call.exclusive));

    ValueTask<Errno> IMountGrain.Unlink(string name, Operation operation) => Serve(operation, this, name, static (mount, name) => mount.Unlink(name));

    ValueTask<UmountAnswer> IMountGrain.Umount(bool lazy, Operation operation) => Serve(operation, this, lazy, static (mount, lazy) => mount.Umount(lazy));

    ValueTask<bool> IMountGrain.EndIfUnused(Operation operation) => Serve(operation, this, 0, static (mount, _) => mount.EndIfUnused());
}
