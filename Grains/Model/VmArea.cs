namespace Hugesim.Model;

/// <summary>
/// One virtual memory area of a huge page mapping: <c>struct vm_area_struct</c>, with the two bits that the kernel keeps in the reserve
/// map pointer. Addresses are in huge pages.
/// </summary>
public sealed class VmArea
{
    /// <summary>First page of the area.</summary>
    public required long Start { get; set; }

    /// <summary>Page after the last one.</summary>
    public required long End { get; set; }

    /// <summary>vm_pgoff: huge page index into the file of <see cref="Start"/>.</summary>
    public required long PgOff { get; set; }

    /// <summary>VM_READ.</summary>
    public bool Read { get; set; }

    /// <summary>VM_WRITE.</summary>
    public bool Write { get; set; }

    /// <summary>VM_MAYWRITE: not shared with a file that is open for reading only.</summary>
    public bool MayWrite { get; init; } = true;

    /// <summary>VM_MAYSHARE: made with MAP_SHARED.</summary>
    public bool Shared { get; init; }

    /// <summary>VM_NORESERVE.</summary>
    public bool NoReserve { get; init; }

    /// <summary>VM_DONTCOPY (MADV_DONTFORK): a forked child does not get the area.</summary>
    public bool DontCopy { get; set; }

    /// <summary>VM_HUGEPAGE or VM_NOHUGEPAGE: without effect on hugetlb, but areas that differ in them are split.</summary>
    public ThpAdvice Thp { get; set; }

    /// <summary>Registered with userfaultfd for missing pages.</summary>
    public bool UffdMissing { get; set; }

    /// <summary>The area has an anon_vma: an anonymous page was instantiated in it, here or in an ancestor.</summary>
    public bool AnonVma { get; set; }

    /// <summary>vm_private_data names a reserve map (private areas; the map itself is shared by the pieces of a split).</summary>
    public bool HasResvMap { get; set; }

    /// <summary>HPAGE_RESV_OWNER: this task owns the reservations of the mapping.</summary>
    public bool Owner { get; set; }

    /// <summary>HPAGE_RESV_UNMAPPED: the owner has unmapped a page from this task because of a failed COW.</summary>
    public bool Unmapped { get; set; }

    /// <summary>Memory policy set by mbind.</summary>
    public MemoryPolicy Policy { get; set; }

    /// <summary>Pages.</summary>
    public long Length => End - Start;

    /// <summary>vma_hugecache_offset: index into the file, and into the reserve map, of the page at an address.</summary>
    public long IndexOf(long page) => page - Start + PgOff;

    /// <summary>An area that is equal and goes its own way.</summary>
    public VmArea Copy() => (VmArea)MemberwiseClone();

    /// <summary>A copy that covers [start, end).</summary>
    public VmArea Slice(long start, long end)
    {
        var copy = Copy();
        copy.PgOff = IndexOf(start);
        copy.Start = start;
        copy.End = end;
        return copy;
    }
}

/// <summary>What madvise said of transparent huge pages.</summary>
public enum ThpAdvice
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>MADV_HUGEPAGE.</summary>
    Huge,

    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHuge,
}

/// <summary>A page table entry of a huge page.</summary>
/// <param name="Pfn">The frame.</param>
/// <param name="Writable">huge_pte_write.</param>
/// <param name="Anon">The frame is anonymous, not of the page cache.</param>
public readonly record struct Pte(long Pfn, bool Writable, bool Anon);
