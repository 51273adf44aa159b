using System.Globalization;
using Hugesim.Abstractions;
using Orleans.Runtime;

namespace Hugesim.Grains;

/// <summary>Switches machines off: all that they consist of ends, and takes no memory any more.</summary>
public static class MachinePower
{
    /// <summary>
    /// Ends the processes, segments and mounts of a machine, and then the machine. Parts that are lost or do not answer are passed over: the rest is ended all the same.
    /// </summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="machine">The machine.</param>
    public static async ValueTask OffAsync(IGrainFactory grains, ClusterMachine machine)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(machine);
        var grain = grains.GetGrain<IMachineGrain>(machine.Name);
        if (await Ask(() => grain.Audit()) is { } inventory)
        {
            foreach (var process in inventory.Processes)
            {
                await Try(async () => await grains.GetGrain<IProcessGrain>(process).Exit());
            }

            foreach (var segment in inventory.Segments.Where(segment => segment.Holds))
            {
                var id = long.Parse(segment.Inode.AsSpan(segment.Inode.LastIndexOf("/shm", StringComparison.Ordinal) + "/shm".Length), CultureInfo.InvariantCulture);
                await Try(async () => await grain.ShmRemove(id));
            }

            foreach (var mount in (await Ask(() => grain.Statfs()) ?? []).Reverse())
            {
                await Try(async () => await grain.Umount(mount.Name, lazy: true));
            }
        }

        await Try(async () => await grains.GetGrain<IHstateGrain>(Keys.Hstate(machine.Name)).PowerOff());
        for (var node = 0; node < machine.Nodes; node++)
        {
            var frames = grains.GetGrain<IFramesGrain>(Keys.Frames(machine.Name, node));
            await Try(async () => await frames.PowerOff());
        }

        await Try(async () => await grain.PowerOff());
    }

    private static async ValueTask Try(Func<ValueTask> call) => await Ask(async () =>
    {
        await call();
        return "";
    });

    private static async ValueTask<T?> Ask<T>(Func<ValueTask<T>> call)
        where T : class?
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is StateLostException or StaleEpochException or OrleansException or TimeoutException or InvalidOperationException)
        {
            return null;
        }
    }
}
