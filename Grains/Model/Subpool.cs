namespace Hugesim.Model;

/// <summary>
/// The share of a mount in its page pool: a most (size) and a least (min_size). Pages taken through it come from its own reserve
/// first; what the routines return is what remains to be settled with the global pool. Not thread-safe: the owner's turn is what the
/// kernel's <c>spool->lock</c> is. Source: <c>struct hugepage_subpool</c> and the hugepage_subpool_* routines, mm/hugetlb.c.
/// </summary>
public sealed class Subpool
{
    /// <summary>A subpool over existing state, which it changes in place.</summary>
    /// <param name="state">The state; the caller stores it.</param>
    /// <exception cref="ArgumentException">The state breaks a rule of the subpool; the message says which.</exception>
    public Subpool(SubpoolState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        State = state;
        if (FindFault() is { } fault)
        {
            throw new ArgumentException($"subpool: {fault} in {state}", nameof(state));
        }
    }

    /// <summary>
    /// The subpool of a new mount. The caller must have reserved <paramref name="minHpages"/> pages in the global pool first, or fail the mount.
    /// Source: <c>hugepage_new_subpool</c>.
    /// </summary>
    /// <param name="maxHpages">Most huge pages, or -1.</param>
    /// <param name="minHpages">Least huge pages, or -1.</param>
    /// <exception cref="ArgumentException">A limit is below -1, or the least exceeds the most.</exception>
    public Subpool(long maxHpages, long minHpages)
        : this(new SubpoolState { MaxHpages = maxHpages, MinHpages = minHpages, RsvHpages = Math.Max(minHpages, 0) })
    {
    }

    /// <summary>The state, as it is now; not a copy.</summary>
    public SubpoolState State { get; }

    /// <summary>Whether nobody uses the subpool any more, so that it may go. Source: <c>subpool_is_free</c>.</summary>
    public bool IsFree
    {
        get
        {
            if (State.Count > 0)
            {
                return false;
            }

            // Without a maximum the pages in use are not counted; then a complete reserve is the sign that none is out.
            return HasMax ? State.UsedHpages == 0 : !HasMin || State.RsvHpages == State.MinHpages;
        }
    }

    private bool HasMax => State.MaxHpages != SubpoolState.NoLimit;

    private bool HasMin => State.MinHpages != SubpoolState.NoLimit;

    /// <summary>Accounts for pages about to be allocated or reserved. Source: <c>hugepage_subpool_get_pages</c>.</summary>
    /// <param name="delta">Huge pages asked for, at least 0.</param>
    /// <returns>Huge pages that the global pool must still provide, at most <paramref name="delta"/>; or <c>-ENOMEM</c>, with nothing changed, when the maximum would be exceeded.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delta"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The subpool was released.</exception>
    public long GetPages(long delta)
    {
        CheckUse(delta);
        if (HasMax)
        {
            if (delta > State.MaxHpages - State.UsedHpages)
            {
                return -(long)Errno.ENOMEM;
            }

            State.UsedHpages += delta;
        }

        var fromReserve = HasMin ? Math.Min(delta, State.RsvHpages) : 0;
        State.RsvHpages -= fromReserve;
        if (fromReserve > 0 && fromReserve < delta)
        {
            RarePath.Reached(Rare.SubpoolHalfSatisfied);
        }

        return Settled(delta, delta - fromReserve);
    }

    /// <summary>
    /// Accounts for pages freed or unreserved; they refill the minimum first. The caller asks <see cref="ReleaseIfFree"/> afterwards, because the last page of
    /// an unmounted file system takes the subpool with it. Source: <c>hugepage_subpool_put_pages</c>.
    /// </summary>
    /// <param name="delta">Huge pages given back, at least 0.</param>
    /// <returns>Huge pages whose global reservation must be dropped, at most <paramref name="delta"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delta"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The subpool was released.</exception>
    public long PutPages(long delta)
    {
        CheckUse(delta);
        if (HasMax)
        {
            State.UsedHpages -= delta;
        }

        // While the mount still uses its minimum or more, the minimum needs no pages set aside for it.
        var toReserve = HasMin && State.UsedHpages < State.MinHpages ? Math.Min(delta, State.MinHpages - State.RsvHpages) : 0;
        State.RsvHpages += toReserve;
        return Settled(delta, delta - toReserve);
    }

    /// <summary>
    /// Takes back only the use of pages whose global reservation failed: they never were anyone's, so the minimum must not be refilled with them.
    /// Source: the error path of <c>hugetlb_reserve_pages</c> since commit 1d3f9bb4c8af.
    /// </summary>
    /// <param name="pages">Huge pages that <see cref="GetPages"/> left to the global pool, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="pages"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The subpool was released.</exception>
    public void RestoreUsed(long pages)
    {
        CheckUse(pages);
        if (HasMax)
        {
            State.UsedHpages -= pages;
        }
    }

    /// <summary>Gives up a handle: the file system was unmounted. <see cref="ReleaseIfFree"/> is asked afterwards. Source: <c>hugepage_put_subpool</c>.</summary>
    /// <exception cref="InvalidOperationException">There is no handle left.</exception>
    public void PutSubpool()
    {
        CheckUse(0);
        if (State.Count <= 0)
        {
            throw new InvalidOperationException($"subpool: no handle left to give up in {State}");
        }

        State.Count--;
    }

    /// <summary>Lets the subpool go when nobody uses it. Source: <c>unlock_or_release_subpool</c>.</summary>
    /// <returns>
    /// Huge pages of the minimum to be given back to the global pool, 0 when there is none or it was given back before; -1 while the subpool is still in use.
    /// </returns>
    public long ReleaseIfFree()
    {
        if (State.Released)
        {
            return 0;
        }

        if (!IsFree)
        {
            return -1;
        }

        State.Released = true;
        return HasMin ? State.MinHpages : 0;
    }

    /// <summary>What statfs reports; both are -1 for a mount without a maximum. Source: <c>hugetlbfs_statfs</c>, fs/hugetlbfs/inode.c.</summary>
    /// <returns>Huge pages in all (f_blocks) and still to be had (f_bfree).</returns>
    public (long Blocks, long Bfree) Statfs() => (State.MaxHpages, State.MaxHpages - State.UsedHpages);

    private void CheckUse(long pages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pages);
        if (State.Released)
        {
            throw new InvalidOperationException($"subpool: used after its release in {State}");
        }
    }

    private long Settled(long delta, long remaining)
    {
        if (remaining < 0 || remaining > delta || FindFault() is not null)
        {
            throw new InvalidOperationException($"subpool: {FindFault() ?? "impossible answer"} after {delta} pages in {State}");
        }

        return remaining;
    }

    /// <summary>The rules that hold at all times. The pages in use are not among them: with the kernel's own bugs switched on they can leave their bounds.</summary>
    private string? FindFault()
    {
        var reserveLimit = HasMin ? State.MinHpages : 0;
        return State.MaxHpages < SubpoolState.NoLimit || State.MinHpages < SubpoolState.NoLimit ? "a limit is below -1"
            : HasMax && State.MinHpages > State.MaxHpages ? "the minimum exceeds the maximum"
            : State.RsvHpages < 0 || State.RsvHpages > reserveLimit ? "the reserve is outside of [0, minimum]"
            : State.Count < 0 ? "the number of handles is negative"
            : null;
    }
}
