using Hugesim.Model;

namespace Hugesim.Bench;

/// <summary>A reserve map of many regions of one page with holes between them; pages are announced, added and removed at random.</summary>
internal sealed class ReserveMapBench
{
    private const long Stride = 4;

    // Prime: a step of this size meets every region once, in a scattered order as in a long-lived map.
    private const long Prime = 999_983;

    private readonly long _regions;
    private readonly ReserveMap _map = new();
    private ulong _random = 1;

    public ReserveMapBench(int regions)
    {
        _regions = regions;
        for (long i = 0; i < regions; i++)
        {
            Touch(i * Prime % regions * Stride);
        }
    }

    /// <summary>region_chg, region_add and region_del of a page.</summary>
    public BenchSide Side => new($"reserve map of {_regions} regions", operations =>
    {
        for (var done = 0L; done < operations; done++)
        {
            _random = (_random * 6364136223846793005UL) + 1442695040888963407UL;
            var page = ((long)((_random >> 33) % (ulong)_regions) * Stride) + 2;
            Touch(page);
            _map.RegionDel(page, page + 1);
        }

        return ValueTask.CompletedTask;
    });

    private void Touch(long page)
    {
        _ = _map.RegionChg(page, page + 1, out var needed);
        _map.RegionAdd(page, page + 1, needed);
    }
}
