using System.Globalization;

namespace Hugesim.Scenarios;

/// <summary>One counter under a name of its own, such as <c>free</c>, <c>n0.free</c>, <c>A.bfree</c> or <c>cg:L.rsvd</c>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value in huge pages.</param>
public readonly record struct NamedCounter(string Name, long Value);

/// <summary>A counter that a step changed, made appear or made disappear.</summary>
/// <param name="Name">The counter's name.</param>
/// <param name="Before">The value before the step, or null if it was not there.</param>
/// <param name="After">The value after the step, or null if it is gone.</param>
public sealed record CounterChange(string Name, long? Before, long? After)
{
    /// <summary>The change as people read it: <c>free 4 -> 3</c>.</summary>
    public override string ToString() => (Before, After) switch
    {
        (null, _) => string.Create(CultureInfo.InvariantCulture, $"{Name} = {After}"),
        (_, null) => $"{Name} gone",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Name} {Before} -> {After}"),
    };
}

/// <summary>Compares the counters of two moments.</summary>
public static class CounterChanges
{
    /// <summary>All counters in the order in which a recording shows them.</summary>
    public static IReadOnlyList<NamedCounter> Flatten(MachineCounters counters)
    {
        var all = new List<NamedCounter>
        {
            new("nr", counters.Nr),
            new("free", counters.Free),
            new("resv", counters.Resv),
            new("surp", counters.Surp),
            new("oc", counters.Oc),
        };
        foreach (var node in counters.Nodes)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"n{node.Node}");
            all.AddRange([new(name + ".nr", node.Nr), new(name + ".free", node.Free), new(name + ".surplus", node.Surplus)]);
        }

        for (var i = 0; i < counters.Mounts.Count; i++)
        {
            // A second mount on the same place hides the first; both are counted.
            var mount = counters.Mounts[i];
            var hidden = counters.Mounts.Take(i).Count(other => other.Name == mount.Name);
            var name = hidden == 0 ? mount.Name : string.Create(CultureInfo.InvariantCulture, $"{mount.Name}#{hidden + 1}");
            all.AddRange([new(name + ".blocks", mount.Blocks), new(name + ".bfree", mount.FreeBlocks)]);
        }

        foreach (var cgroup in counters.Cgroups)
        {
            var name = cgroup.Name.Length > 0 ? "cg:" + cgroup.Name : "cg";
            all.AddRange([new(name + ".usage", cgroup.Usage), new(name + ".rsvd", cgroup.Reserved)]);
        }

        return all;
    }

    /// <summary>What differs between two moments.</summary>
    public static IReadOnlyList<CounterChange> Between(MachineCounters before, MachineCounters after)
    {
        var old = Flatten(before);
        var now = Flatten(after);
        var changes = new List<CounterChange>();
        foreach (var counter in now)
        {
            var earlier = old.Where(other => other.Name == counter.Name).Select(other => (long?)other.Value).FirstOrDefault();
            if (earlier != counter.Value)
            {
                changes.Add(new CounterChange(counter.Name, earlier, counter.Value));
            }
        }

        changes.AddRange(old.Where(counter => now.All(other => other.Name != counter.Name))
            .Select(counter => new CounterChange(counter.Name, counter.Value, null)));
        return changes;
    }
}
