namespace Hugesim.Model;

/// <summary>
/// The accounting bugs that the recordings found in the kernels themselves. A profile has those of its kernel; <see cref="KernelProfile.Repaired"/>
/// has none.
/// </summary>
[Flags]
public enum KernelBug
{
    /// <summary>No bug.</summary>
    None = 0,

    /// <summary>The owner unmaps a page that a child still shares, and its reservation is restored: resv is negative until the child lets go.</summary>
    B1 = 1 << 0,

    /// <summary>mmap fails for lack of pages on a mount with size and min_size: resv is one too low for good.</summary>
    B2 = 1 << 1,

    /// <summary>A fault without reservation or a fallocate fails on a mount with size: its quota is lost for good.</summary>
    B3 = 1 << 2,

    /// <summary>mremap of a part of a private mapping: what stays behind loses its reserve map, and resv its way back.</summary>
    B4 = 1 << 3,

    /// <summary>mmap or a fault fails while the reserve of min_size is in use: the reserve is filled with pages that nobody took.</summary>
    B5 = 1 << 4,

    /// <summary>A child or an owner whose map cannot serve it copies a page on a min_size mount: the subpool's reserve is used, resv is not lowered.</summary>
    B6 = 1 << 5,

    /// <summary>A freed surplus page on a min_size mount goes to the buddy allocator though the subpool counts on it: resv over free.</summary>
    B7 = 1 << 6,

    /// <summary>
    /// <c>unmap_ref_private</c> takes the page away at the owner's address in every process that has the page of the file in a private mapping without
    /// reservations, whatever that mapping's own address is. If that is the owner's own process, the owner loses its page with what was in it, and the
    /// page that it gets instead is charged a second time; and a child is refused access to the wrong mapping afterwards.
    /// </summary>
    B8 = 1 << 7,
}
