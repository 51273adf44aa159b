using Hugesim.Abstractions;

namespace Hugesim.Audit;

/// <summary>
/// Checks the invariants of a machine in a running cluster. The walk starts at the machine grain and asks every grain that belongs to the
/// machine for its state; grains that have ended are not brought back. While processes run, the states are of different moments, and what is under way
/// shows as a violation: audit a machine at rest.
/// </summary>
public static class MachineAudit
{
    // Messages on their way at once.
    private const int Batch = 128;

    /// <summary>Walks the machine and checks it.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="machine">The machine's name.</param>
    /// <returns>What does not hold; with a kernel that has accounting bugs, also what those bugs did.</returns>
    /// <exception cref="ArgumentException">No machine of that name has booted.</exception>
    public static ValueTask<IReadOnlyList<AuditViolation>> RunAsync(IGrainFactory grains, string machine) => RunAsync(new AuditMessages(grains), machine);

    /// <summary>Walks the machine and checks it.</summary>
    /// <param name="source">Where the states come from.</param>
    /// <param name="machine">The machine's name.</param>
    /// <returns>What does not hold; with a kernel that has accounting bugs, also what those bugs did.</returns>
    /// <exception cref="ArgumentException">No machine of that name has booted.</exception>
    public static async ValueTask<IReadOnlyList<AuditViolation>> RunAsync(IAuditSource source, string machine)
    {
        ArgumentNullException.ThrowIfNull(source);
        var inventory = await source.MachineAsync(machine);
        if (inventory is null && await source.HstateAsync(Keys.Hstate(machine)) is not null)
        {
            const string Message = "the machine grain has no state, so that nobody knows the processes and mounts: nothing more can be checked";
            return [new AuditViolation(AuditRules.Lost, Message, [machine])];
        }

        return MachineInvariants.Check(await CollectAsync(source, machine, inventory));
    }

    /// <summary>Walks the machine.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="machine">The machine's name.</param>
    /// <exception cref="ArgumentException">No machine of that name has booted.</exception>
    public static ValueTask<MachineSnapshot> CollectAsync(IGrainFactory grains, string machine) => CollectAsync(new AuditMessages(grains), machine);

    /// <summary>Walks the machine.</summary>
    /// <param name="source">Where the states come from.</param>
    /// <param name="machine">The machine's name.</param>
    /// <exception cref="ArgumentException">No machine of that name has booted.</exception>
    public static async ValueTask<MachineSnapshot> CollectAsync(IAuditSource source, string machine)
    {
        ArgumentNullException.ThrowIfNull(source);
        return await CollectAsync(source, machine, await source.MachineAsync(machine));
    }

    private static async ValueTask<MachineSnapshot> CollectAsync(IAuditSource source, string machine, MachineInventory? known)
    {
        var inventory = known ?? throw new ArgumentException($"no machine '{machine}' has booted", nameof(machine));
        var processes = await Ask(inventory.Processes, source.ProcessAsync);
        var mounts = await Ask(inventory.Mounts, source.MountAsync);
        var vmas = await Ask(processes.Values.SelectMany(p => p.Ranges.Select(r => r.Vma)), source.VmaAsync);
        var inodes = await Ask(
            vmas.Values.Where(v => v.IsInInode).Select(v => v.Inode)
                .Concat(processes.Values.SelectMany(p => p.Files))
                .Concat(mounts.Values.SelectMany(m => m.Inodes))
                .Concat(inventory.Segments.Select(s => s.Inode)),
            source.InodeAsync);

        var frames = new FrameAudit[]?[inventory.Nodes];
        for (var node = 0; node < frames.Length; node++)
        {
            frames[node] = await source.FramesAsync(Keys.Frames(machine, node));
        }

        string[] subpoolKeys =
        [
            .. mounts.Where(m => m.Value.HasSubpool).Select(m => m.Key)
                .Concat(vmas.Values.Select(v => v.Subpool).Concat(inodes.Values.Select(i => i.Subpool)).OfType<string>())
                .Concat(frames.SelectMany(node => node ?? []).Select(f => f.Subpool).OfType<string>()).Distinct(),
        ];
        var subpools = await Ask(subpoolKeys, source.SubpoolAsync);
        var hstate = await source.HstateAsync(Keys.Hstate(machine));
        string[] lost =
        [
            .. hstate is null ? [$"hstate {Keys.Hstate(machine)}"] : Array.Empty<string>(),
            .. frames.Select((node, i) => node is null ? $"frames {Keys.Frames(machine, i)}" : null).OfType<string>(),
            .. inventory.Processes.Where(key => !processes.ContainsKey(key)).Select(key => $"process {key}"),
            .. inventory.Mounts.Where(key => !mounts.ContainsKey(key)).Select(key => $"mount {key}"),
            .. subpoolKeys.Where(key => !subpools.ContainsKey(key)).Select(key => $"subpool {key}"),
        ];
        return new MachineSnapshot
        {
            Machine = machine,
            Inventory = inventory,
            Hstate = hstate,
            Frames = frames,
            Processes = processes,
            Mounts = mounts,
            Vmas = vmas,
            Inodes = inodes,
            Subpools = subpools,
            Lost = lost,
        };
    }

    private static async ValueTask<Dictionary<string, T>> Ask<T>(IEnumerable<string> keys, Func<string, ValueTask<T?>> ask)
        where T : class
    {
        var answers = new Dictionary<string, T>(StringComparer.Ordinal);
        string[] all = [.. keys.Distinct()];
        for (var first = 0; first < all.Length; first += Batch)
        {
            // The calls are on their way before the first is awaited, and each of them is awaited once.
            var calls = new ValueTask<T?>[Math.Min(Batch, all.Length - first)];
            for (var i = 0; i < calls.Length; i++)
            {
                calls[i] = ask(all[first + i]);
            }

            for (var i = 0; i < calls.Length; i++)
            {
                if (await calls[i] is { } state)
                {
                    answers.Add(all[first + i], state);
                }
            }
        }

        return answers;
    }
}
