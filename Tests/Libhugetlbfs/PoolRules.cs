namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>
/// What the suite's <c>counters</c> test knows about the pool: by which rule each operation changes total, free, reserved and surplus pages.
/// It is the suite's own view of <c>set_max_huge_pages</c>, <c>hugetlb_acct_memory</c> and <c>free_huge_page</c>, and knows nothing of the simulator.
/// </summary>
internal readonly record struct PoolRules(long Total, long Free, long Resv, long Surplus)
{
    private long Persistent => Total - Surplus;

    /// <summary>
    /// The pool is set to a size. Growing turns surplus pages into persistent ones before it makes new ones. Shrinking gives up free pages that nobody
    /// has reserved; what is still too much becomes surplus.
    /// </summary>
    public PoolRules Resize(long pages)
    {
        if (pages >= Persistent)
        {
            var adopted = Math.Min(Surplus, pages - Persistent);
            var made = pages - Persistent - adopted;
            return new(Total + made, Free + made, Resv, Surplus - adopted);
        }

        var committed = Resv + Total - Free;
        var released = Math.Max(0, Persistent - Math.Max(pages, committed));
        return new(Total - released, Free - released, Resv, Surplus + Persistent - released - pages);
    }

    /// <summary>A mapping reserves its pages; surplus pages make up for what is missing.</summary>
    public PoolRules Map(long pages)
    {
        var missing = Math.Max(0, Resv + pages - Free);
        return new(Total + missing, Free + missing, Resv + pages, Surplus + missing);
    }

    /// <summary>A page that was reserved is touched for the first time.</summary>
    public PoolRules Touch(long pages) => this with { Free = Free - pages, Resv = Resv - pages };

    /// <summary>
    /// A mapping and its file go. Pages in use leave the pool while there is surplus, else they become free; then surplus pages that only the
    /// reservation had called for leave.
    /// </summary>
    public PoolRules Unmap(long pages, long touched)
    {
        var left = Math.Min(touched, Surplus);
        var unused = Math.Min(pages - touched, Surplus - left);
        return new(Total - left - unused, Free + touched - left - unused, Resv - (pages - touched), Surplus - left - unused);
    }
}
