using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Hugesim.Model;

namespace Hugesim.Benchmarks;

/// <summary>
/// Cost of the reserve map by its number of disjoint regions: it should grow like the logarithm. The pages touched are random, so that
/// a large map pays for its cache misses.
/// </summary>
[MemoryDiagnoser]
public class ReserveMapBenchmarks
{
    private ReserveMapWorkload _workload = new(1);

    /// <summary>Disjoint regions of one page each.</summary>
    [Params(1_000, 100_000, 1_000_000)]
    public int Regions { get; set; }

    [GlobalSetup]
    public void Setup() => _workload = new ReserveMapWorkload(Regions);

    /// <summary>A page is announced, added and removed again.</summary>
    [Benchmark]
    public long ChgAddDel() => _workload.ChgAddDel();

    /// <summary>The pages of half of the map are counted.</summary>
    [Benchmark]
    public long CountWide() => _workload.CountWide();
}

/// <summary>The same measurements in seconds instead of minutes, without a process for each.</summary>
public static class ReserveMapQuick
{
    private const int Operations = 200_000;
    private const int Rounds = 5;

    /// <summary>Prints nanoseconds for each operation and size: the best of several rounds, in which the sizes take turns.</summary>
    public static void Run()
    {
        int[] sizes = [1_000, 100_000, 1_000_000];
        var workloads = Array.ConvertAll(sizes, size => new ReserveMapWorkload(size));
        var best = new (double ChgAddDel, double Count)[sizes.Length];
        Array.Fill(best, (double.MaxValue, double.MaxValue));
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < sizes.Length; i++)
            {
                best[i].ChgAddDel = Math.Min(best[i].ChgAddDel, Nanoseconds(workloads[i].ChgAddDel));
                best[i].Count = Math.Min(best[i].Count, Nanoseconds(workloads[i].CountWide));
            }
        }

        Console.WriteLine($"{"regions",10} {"chg+add+del",14} {"count",10}   (ns/op)");
        for (var i = 0; i < sizes.Length; i++)
        {
            Console.WriteLine($"{sizes[i],10} {best[i].ChgAddDel,14:F0} {best[i].Count,10:F0}");
        }
    }

    private static double Nanoseconds(Func<long> operation)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Operations; i++)
        {
            _ = operation();
        }

        return clock.Elapsed.TotalNanoseconds / Operations;
    }
}

/// <summary>A map of one-page regions with holes of three pages, and random operations on it.</summary>
internal sealed class ReserveMapWorkload
{
    private const long Stride = 4;
    private readonly long _regions;
    private readonly ReserveMap _map = new();
    private ulong _random = 1;

    public ReserveMapWorkload(int regions)
    {
        _regions = regions;

        // In a scattered order, as a long-lived map would have come about; a prime step meets every region once.
        const long prime = 999_983;
        for (long i = 0; i < regions; i++)
        {
            var page = i * prime % regions * Stride;
            Touch(page, page + 1);
        }

        if (_map.Regions.Count != regions)
        {
            throw new InvalidOperationException($"{_map.Regions.Count} regions instead of {regions}");
        }
    }

    public long ChgAddDel()
    {
        // The middle page of a hole: a region of its own, so that the tree gains and loses a node.
        var page = (Next(_regions) * Stride) + 2;
        return Touch(page, page + 1) + _map.RegionDel(page, page + 1);
    }

    public long CountWide()
    {
        var from = Next(_regions * Stride / 2);
        return _map.RegionCount(from, from + (_regions * Stride / 2));
    }

    private long Touch(long from, long to)
    {
        _ = _map.RegionChg(from, to, out var needed);
        return _map.RegionAdd(from, to, needed);
    }

    private long Next(long bound)
    {
        _random = (_random * 6364136223846793005UL) + 1442695040888963407UL;
        return (long)((_random >> 33) % (ulong)bound);
    }
}
