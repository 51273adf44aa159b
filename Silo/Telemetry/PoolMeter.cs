using System.Diagnostics.Metrics;
using Hugesim.Model;

namespace Hugesim.Telemetry;

/// <summary>
/// The metrics <c>system.memory.linux.hugepages.*</c> of OpenTelemetry's conventions, for every machine whose pool lives in this process. What the kernel
/// counts for each NUMA node has the node as an attribute; the sum over nodes is the number of /proc/meminfo.
/// </summary>
internal static class PoolMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Hugesim";

    private const string Prefix = "system.memory.linux.hugepages.";
    private const string Pages = "{page}";

    private static readonly KeyValuePair<string, object?> s_free = new(Prefix + "state", "free");
    private static readonly KeyValuePair<string, object?> s_used = new(Prefix + "state", "used");

    /// <summary>Adds the instruments.</summary>
    public static void AddTo(Meter meter, PoolRegistry registry)
    {
        UpDown(meter, "limit", Pages, "Total number of hugepages available.", registry, pool => ByNode(pool, node => node.NrPages));
        UpDown(meter, "page_size", "By", "System hugepage size in bytes.", registry, pool => [new(pool.PageSizeKiB * 1024, Of(pool))]);
        UpDown(meter, "reserved", Pages, "Number of reserved hugepages: a part of the free ones.", registry, pool => [new(pool.Pool.ResvPages, Of(pool))]);
        UpDown(meter, "surplus", Pages, "Number of surplus hugepages.", registry, pool => ByNode(pool, node => node.SurplusPages));
        UpDown(meter, "usage", Pages, "Number of hugepages in use by state.", registry, pool =>
        [
            .. ByNode(pool, node => node.FreePages, s_free), .. ByNode(pool, node => node.NrPages - node.FreePages, s_used),
        ]);
        meter.CreateObservableGauge(
            Prefix + "utilization", () => registry.Pools.Where(pool => pool.Pool.NrPages > 0).SelectMany(Utilization), "1",
            "Percentage of hugepages in use by state.");
    }

    private static void UpDown(
        Meter meter, string name, string unit, string description, PoolRegistry registry, Func<WatchedPool, IEnumerable<Measurement<long>>> measure) =>
        meter.CreateObservableUpDownCounter(Prefix + name, () => registry.Pools.SelectMany(measure), unit, description);

    private static IEnumerable<Measurement<long>> ByNode(WatchedPool pool, Func<NodePool, long> count, params KeyValuePair<string, object?>[] state) =>
        pool.Pool.Nodes.Select((node, number) => new Measurement<long>(count(node), [.. Of(pool), new("hugesim.numa_node", number), .. state]));

    private static IEnumerable<Measurement<double>> Utilization(WatchedPool pool)
    {
        var free = (double)pool.Pool.FreePages / pool.Pool.NrPages;
        yield return new Measurement<double>(free, [.. Of(pool), s_free]);
        yield return new Measurement<double>(1 - free, [.. Of(pool), s_used]);
    }

    private static KeyValuePair<string, object?>[] Of(WatchedPool pool) =>
        [new("hugesim.machine", pool.Machine), new("hugesim.page_size", $"{pool.PageSizeKiB}kB")];
}
