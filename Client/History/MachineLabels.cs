using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Model;

namespace Hugesim.History;

/// <summary>What the grains of a machine are called in its scenario: <c>p's m</c> for a mapping, <c>A/x</c> for a file.</summary>
public sealed class MachineLabels
{
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);

    /// <summary>Reads the names that a step left.</summary>
    /// <exception cref="ArgumentException">The step was recorded without looking into the machine.</exception>
    public MachineLabels(RecordedStep step)
        : this(step.Snapshot ?? throw new ArgumentException("the machine was not looked into", nameof(step)), step.Names)
    {
    }

    /// <summary>Reads the names that its processes have.</summary>
    /// <param name="snapshot">The machine.</param>
    /// <param name="processes">Its processes.</param>
    public MachineLabels(MachineSnapshot snapshot, IReadOnlyList<NamedProcess> processes)
    {
        foreach (var mount in snapshot.Mounts)
        {
            var name = mount.Key.Split('/')[1];
            _labels[mount.Key] = $"mount {name}";
            foreach (var file in mount.Value.Names)
            {
                _labels[file.Inode] = $"{name}/{file.Name}";
            }
        }

        for (var i = 0; i < snapshot.Inventory.Segments.Length; i++)
        {
            _labels[snapshot.Inventory.Segments[i].Inode] = $"shared memory segment {i + 1}";
        }

        foreach (var process in processes.Where(process => process.Death is null))
        {
            _labels[process.Key] = process.Name;
            if (snapshot.Processes.TryGetValue(process.Key, out var space))
            {
                foreach (var ranges in space.Ranges.GroupBy(range => range.Vma))
                {
                    var names = process.Mappings.Where(m => ranges.Any(r => Overlaps(m.AddressBytes, m.LengthBytes, r.Start, r.End))).Select(m => m.Name);
                    _labels[ranges.Key] = $"{process.Name}'s {string.Join("/", names.DefaultIfEmpty("unnamed mapping"))}";
                }
            }
        }

        foreach (var (key, vma) in snapshot.Vmas)
        {
            // The inode of an anonymous mapping has no other name.
            _labels.TryAdd(vma.Inode, $"memory of {Of(key)}");
        }
    }

    /// <summary>The label of a grain's key; the key itself where the scenario has no name for it.</summary>
    public string Of(string key) => _labels.GetValueOrDefault(key, key);

    private static bool Overlaps(long addressBytes, long lengthBytes, long startPage, long endPage) =>
        addressBytes < endPage * Units.PageBytes && startPage * Units.PageBytes < addressBytes + lengthBytes;
}
