namespace Hugesim.Model;

/// <summary>A range of addresses that one mapping covers.</summary>
/// <param name="Start">First huge page.</param>
/// <param name="End">Huge page after the last one.</param>
/// <param name="Vma">Number of the mapping.</param>
/// <param name="Life">Which life of that mapping it is, for those who call it; 0 where nobody said.</param>
public readonly record struct MappedRange(long Start, long End, long Vma, long Life = 0);

/// <summary>
/// Which mapping lies where in an address space: the maple tree of <c>struct mm_struct</c>, as far as the process itself needs it. What an area
/// allows and reserves is the mapping's own business. Addresses are in huge pages.
/// </summary>
public sealed class AddressSpace
{
    // Where the kernel looks for room when it has the choice: below the stack, downwards.
    private const long Top = 0x7fff_0000_0000L / Units.PageBytes;

    private readonly List<MappedRange> _ranges = [];

    /// <summary>An empty address space.</summary>
    public AddressSpace()
    {
    }

    /// <summary>The address space that has these ranges.</summary>
    /// <param name="ranges">Ranges by address, as <see cref="Ranges"/> gave them.</param>
    public AddressSpace(IEnumerable<MappedRange> ranges) => _ranges.AddRange(ranges);

    /// <summary>All ranges by address.</summary>
    public IReadOnlyList<MappedRange> Ranges => _ranges;

    /// <summary>The range that holds a page.</summary>
    public MappedRange? Find(long page) => _ranges.Find(r => r.Start <= page && page < r.End) is { End: > 0 } found ? found : null;

    /// <summary>The parts of the ranges that lie in [start, end), by address. An empty range holds none.</summary>
    public List<MappedRange> Within(long start, long end) =>
        [.. _ranges.Where(r => start < end && r.Start < end && start < r.End)
            .Select(r => r with { Start = Math.Max(r.Start, start), End = Math.Min(r.End, end) })];

    /// <summary>Is every page of [start, end) mapped?</summary>
    public bool Covers(long start, long end)
    {
        foreach (var range in Within(start, end))
        {
            if (range.Start != start)
            {
                return false;
            }

            start = range.End;
        }

        return start >= end;
    }

    /// <summary>Enters a range; nothing may be there.</summary>
    /// <exception cref="InvalidOperationException">Something is mapped there.</exception>
    public void Add(MappedRange range)
    {
        if (Within(range.Start, range.End).Count > 0)
        {
            throw new InvalidOperationException($"pages [{range.Start},{range.End}) are mapped already");
        }

        var at = _ranges.FindIndex(r => r.Start > range.Start);
        _ranges.Insert(at < 0 ? _ranges.Count : at, range);
    }

    /// <summary>Takes [start, end) out, cutting ranges that reach over its borders.</summary>
    public void Remove(long start, long end)
    {
        for (var i = _ranges.Count - 1; i >= 0; i--)
        {
            var range = _ranges[i];
            if (range.Start >= end || range.End <= start)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (range.End > end)
            {
                _ranges.Insert(i, range with { Start = end });
            }

            if (range.Start < start)
            {
                _ranges.Insert(i, range with { End = start });
            }
        }
    }

    /// <summary>
    /// get_unmapped_area: the wanted address if it is free, or the highest free one. 0 wants nothing.
    /// </summary>
    public long FindFree(long wanted, long pages)
    {
        if (wanted > 0 && Within(wanted, wanted + pages).Count == 0)
        {
            return wanted;
        }

        var end = Top;
        for (var i = _ranges.Count - 1; i >= 0 && end - pages < _ranges[i].End; i--)
        {
            end = Math.Min(end, _ranges[i].Start);
        }

        return end - pages;
    }
}
