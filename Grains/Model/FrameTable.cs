namespace Hugesim.Model;

/// <summary>A huge page frame in use: what <c>struct folio</c> and its hugetlb flags tell of it.</summary>
public sealed class Frame
{
    /// <summary>References: page table entries plus the page cache.</summary>
    public int RefCount { get; set; }

    /// <summary>folio_mapcount: page table entries that map the frame.</summary>
    public int MapCount { get; set; }

    /// <summary>folio_test_anon: an anonymous page, not one of a file's page cache.</summary>
    public bool Anon { get; set; }

    /// <summary>folio_test_hugetlb_restore_reserve: freeing the page restores the reservation that its allocation consumed.</summary>
    public bool RestoreReserve { get; set; }

    /// <summary>The subpool that the page was allocated through (row R15), or null.</summary>
    public string? Subpool { get; set; }

    /// <summary>The cgroup charged for the page, or -1.</summary>
    public int Cgroup { get; set; } = -1;

    /// <summary>The cgroup charged for the page's own reservation, where no map holds one; or -1.</summary>
    public int RsvdCgroup { get; set; } = -1;

    /// <summary>What the page contains, as one number: copies carry it, so that copy-on-write is checked by data.</summary>
    public int Content { get; set; }

    /// <summary>A frame that is equal and goes its own way.</summary>
    public Frame Copy() => (Frame)MemberwiseClone();
}

/// <summary>A frame in use and its number.</summary>
public sealed record FrameState(long Pfn, Frame Frame);

/// <summary>The frames in use on one NUMA node, by frame number. The rules of reference counting, no accounting.</summary>
public sealed class FrameTable
{
    private readonly Dictionary<long, Frame> _frames = [];

    /// <summary>No frame in use.</summary>
    public FrameTable()
    {
    }

    /// <summary>The table as it was when <see cref="Capture"/> was called.</summary>
    public FrameTable(IEnumerable<FrameState> frames)
    {
        foreach (var (pfn, frame) in frames)
        {
            _frames.Add(pfn, frame.Copy());
        }
    }

    /// <summary>All frames in use as plain data.</summary>
    public FrameState[] Capture() => [.. _frames.Select(f => new FrameState(f.Key, f.Value.Copy()))];

    /// <summary>Frames in use.</summary>
    public int Count => _frames.Count;

    /// <summary>All frames in use with their numbers.</summary>
    public IEnumerable<KeyValuePair<long, Frame>> All => _frames;

    /// <summary>Starts the life of a frame that came off the free list.</summary>
    /// <exception cref="InvalidOperationException">The frame is in use: the pool handed it out twice.</exception>
    public void Take(long pfn, Frame frame)
    {
        if (!_frames.TryAdd(pfn, frame))
        {
            throw new InvalidOperationException($"frame {pfn} was handed out while in use with {_frames[pfn].RefCount} references");
        }
    }

    /// <summary>The frame of that number.</summary>
    /// <exception cref="InvalidOperationException">The frame is not in use.</exception>
    public Frame Get(long pfn) =>
        _frames.TryGetValue(pfn, out var frame) ? frame : throw new InvalidOperationException($"frame {pfn} is not in use");

    /// <summary>Takes a frame out of the table as it is, whatever refers to it.</summary>
    /// <exception cref="InvalidOperationException">The frame is not in use.</exception>
    public Frame Remove(long pfn)
    {
        var frame = Get(pfn);
        _frames.Remove(pfn);
        return frame;
    }

    /// <summary>One more reference; <c>folio_get</c>, and with <paramref name="mapped"/> also a page table entry.</summary>
    public void AddReference(long pfn, bool mapped)
    {
        var frame = Get(pfn);
        frame.RefCount++;
        frame.MapCount += mapped ? 1 : 0;
    }

    /// <summary>One reference less: <c>folio_put</c>, and with <paramref name="mapped"/> also <c>hugetlb_remove_rmap</c>.</summary>
    /// <returns>The frame if that was the last reference and it left the table, or null.</returns>
    /// <exception cref="InvalidOperationException">More page table entries were taken away than there are.</exception>
    public Frame? DropReference(long pfn, bool mapped)
    {
        var frame = Get(pfn);
        frame.RefCount--;
        frame.MapCount -= mapped ? 1 : 0;
        if (frame.MapCount < 0 || frame.RefCount < frame.MapCount)
        {
            throw new InvalidOperationException($"frame {pfn} has {frame.RefCount} references and {frame.MapCount} mappings");
        }

        if (frame.RefCount > 0)
        {
            return null;
        }

        _frames.Remove(pfn);
        return frame;
    }

    /// <summary>
    /// May a write fault on a private mapping use the page as it is? <c>hugetlb_wp</c>: nobody else maps it, and it is anonymous.
    /// </summary>
    public bool CanReuse(long pfn)
    {
        var frame = Get(pfn);
        return frame.MapCount == 1 && frame.Anon;
    }
}
