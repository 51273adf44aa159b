namespace Hugesim.Model;

/// <summary>Paths that few schedules take. An exploration that is any good must take each of them.</summary>
public enum Rare
{
    /// <summary>A fault finds its page reserved by another process when it commits its own: row R17, the fault gives back.</summary>
    NeedsCommitRace,

    /// <summary>hugetlb_reserve_pages finds that a fault has added pages meanwhile: row R17, the reservation gives back.</summary>
    ReserveOvertakenByFault,

    /// <summary>restore_reserve_on_error: a page was allocated and not instantiated (row R27).</summary>
    RestoreReserveOnError,

    /// <summary>restore_reserve_on_error has no memory for the map's entry (row R27).</summary>
    RestoreReserveOnErrorFailed,

    /// <summary>Surplus pages go back to the buddy allocator with the reservation that they were made for (row R14).</summary>
    SurplusReturnedLate,

    /// <summary>The owner takes a page from another mapping, which is marked HPAGE_RESV_UNMAPPED (row R22).</summary>
    UnmappedSet,

    /// <summary>A subpool grants a part of what is asked, and the rest comes from the global pool (row R21).</summary>
    SubpoolHalfSatisfied,

    /// <summary>The pool refuses the rest: what the subpool granted goes back.</summary>
    SubpoolGrantUndone,

    /// <summary>An unmap takes a page away whose fault waits for the inode: the fault starts again.</summary>
    FaultOvertakenByUnmap,
}

/// <summary>
/// Tells that a rare path was taken ("sometimes" assertions). While nobody listens, a mark costs one look at a field; who listens hears the marks of its own thread,
/// which under the deterministic scheduler are all.
/// </summary>
public static class RarePath
{
    private static int s_listeners;

    [ThreadStatic]
    private static Action<Rare>? s_listener;

    /// <summary>The path is taken.</summary>
    public static void Reached(Rare path)
    {
        if (s_listeners != 0)
        {
            s_listener?.Invoke(path);
        }
    }

    /// <summary>Hears the marks of this thread while an action runs.</summary>
    public static void Listen(Action<Rare> listener, Action action)
    {
        var outer = s_listener;
        Interlocked.Increment(ref s_listeners);
        s_listener = listener;
        try
        {
            action();
        }
        finally
        {
            s_listener = outer;
            Interlocked.Decrement(ref s_listeners);
        }
    }
}
