using System.Diagnostics;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>The span of a routine under hugetlb_lock, with the pool's counters before and after it. Nothing while nobody listens.</summary>
internal readonly struct PoolSpan : IDisposable
{
    private readonly Activity? _span;
    private readonly HugePagePool _pool;

    private PoolSpan(Activity? span, HugePagePool pool) => (_span, _pool) = (span, pool);

    /// <summary>The routine begins.</summary>
    public static PoolSpan Begin(string routine, HugePagePool pool, string tag, long value)
    {
        var span = KernelTracing.Routine(routine);
        if (span is not null)
        {
            span.SetTag(tag, value);
            SetCounters(span, "hugesim.before.", pool);
        }

        return new PoolSpan(span, pool);
    }

    /// <summary>The routine's answer.</summary>
    public void Answer(string tag, long value) => _span.With(tag, value);

    /// <summary>The pool has too little.</summary>
    public void RefuseByPool(string what, long pages)
    {
        if (_span is not null)
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
        if (_span is not null)
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
        if (_span is not null)
        {
            SetCounters(_span, "hugesim.after.", _pool);
            _span.Dispose();
        }
    }

    private static string Limit(long pages) => pages >= HugetlbCgroup.NeverSet ? "max" : $"{pages}";

    private static void SetCounters(Activity span, string prefix, HugePagePool pool)
    {
        span.SetTag(prefix + "nr_pages", pool.NrPages);
        span.SetTag(prefix + "free_pages", pool.FreePages);
        span.SetTag(prefix + "resv_pages", pool.ResvPages);
        span.SetTag(prefix + "surplus_pages", pool.SurplusPages);
    }
}
