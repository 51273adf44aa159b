using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>The span of a routine under hugetlb_lock, with the pool's counters before and after it. Nothing while nobody listens.</summary>
internal readonly struct PoolSpan : IDisposable
{
    private static readonly FourTags s_before = new("hugesim.before.nr_pages", "hugesim.before.free_pages", "hugesim.before.resv_pages", "hugesim.before.surplus_pages");
    private static readonly FourTags s_after = new("hugesim.after.nr_pages", "hugesim.after.free_pages", "hugesim.after.resv_pages", "hugesim.after.surplus_pages");

    private readonly FlowSpan _span;
    private readonly HugePagePool _pool;

    private PoolSpan(FlowSpan span, HugePagePool pool) => (_span, _pool) = (span, pool);

    /// <summary>The routine begins.</summary>
    public static PoolSpan Begin(string routine, HugePagePool pool, string tag, long value)
    {
        var span = KernelTracing.Routine(routine);
        if (span.IsRecorded)
        {
            span.With(tag, value).With(s_before, pool.NrPages, pool.FreePages, pool.ResvPages, pool.SurplusPages);
        }

        return new PoolSpan(span, pool);
    }

    /// <summary>The routine's answer.</summary>
    public void Answer(string tag, long value) => _span.With(tag, value);

    /// <summary>The pool has too little.</summary>
    public void RefuseByPool(string what, long pages)
    {
        if (_span.IsRecorded)
        {
            _span.Fail(
                "ENOMEM",
                $"{what} of {pages}: free {_pool.FreePages} - resv {_pool.ResvPages} = {_pool.AvailablePages} available, "
                + $"surplus {_pool.SurplusPages} of overcommit {_pool.OvercommitPages}");
        }
    }

    /// <summary>A limit of the task's cgroup refuses.</summary>
    public void RefuseByCgroup(HugetlbCgroups cgroups, int cgroup, string counter, long pages)
    {
        if (_span.IsRecorded)
        {
            var group = cgroups.Groups[cgroup];
            _span.Fail(
                "ENOMEM",
                $"charge of {pages} to {counter} of cgroup '{group.Name}' or one above it: usage {group.UsagePages} of {Limit(group.MaxPages)}, "
                + $"rsvd {group.RsvdPages} of {Limit(group.RsvdMaxPages)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_span.IsRecorded)
        {
            _span.With(s_after, _pool.NrPages, _pool.FreePages, _pool.ResvPages, _pool.SurplusPages);
            _span.Dispose();
        }
    }

    private static string Limit(long pages) => pages >= HugetlbCgroup.NeverSet ? "max" : $"{pages}";
}
