using Hugesim.Model;

namespace Hugesim.Museum;

/// <summary>Every exhibit of the museum, each with all its data in one place.</summary>
public static partial class Exhibits
{
    /// <summary>The real kernel whose answers exhibits are compared with. It has not the bugs of those.</summary>
    private const string Live = "6.18.44";

    private static Exhibit[] Found =>
    [
        new("B1", KernelBug.B1, 2026, "A reservation is restored for a page that a child still shares")
        {
            Commits = "6.18.15 and 6.18.44 have it",
            Did = "Unmapping an anonymous page restores its reservation, whoever else maps it.",
            Shows = "The owner unmaps, exits or is killed while a child shares its page.",
            Wrong = "resv goes below zero until the child lets go, and mmaps in between overcommit.",
            Fix = "Restored only with the last reference (7.3).",
            Reference = "recordings 09, 22, 46, 61 and 72",
            Check = "resv-sum",
            Scenario = """
                pool 3
                proc p
                p mmap m 1 private
                p w m 0
                p fork c
                p munmap m
                """,
        },
        new("B2", KernelBug.B2, 2026, "A failed mmap on a mount with size and min_size costs one reservation")
        {
            Commits = "6.18.15 and 6.18.44 have it",
            Did = "When the pool refuses, the subpool's share goes back before the quota of the rest: it still looks full, refuses to keep its share, and resv is lowered instead.",
            Shows = "mmap asks for more than is free on such a mount.",
            Wrong = "resv is one too low for good, and min_size is no longer covered.",
            Fix = "The quota goes back first (7.3).",
            Reference = "recording 91",
            Check = "subpool",
            Scenario = """
                pool 4
                mount A size=6 min_size=2
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p mmap n 5 private fd=f
                """,
        },
        new("B3", KernelBug.B3, 2026, "A fault or fallocate that fails keeps its quota")
        {
            Commits = "6.18 and 7.3 have it",
            Did = "The error path of alloc_hugetlb_folio returns to the subpool only what the subpool had reserved.",
            Shows = "fallocate without a free page on a mount with size.",
            Wrong = "The mount's used pages are one too high for good; with min_size resv as well.",
            Fix = "Repaired here: the subpool is left as it was.",
            Reference = "recordings 40 and 92",
            Check = "subpool",
            Scenario = """
                pool 1
                mount A size=3
                proc p
                p open f A/x
                p mmap m 1 private
                p falloc f 0 1
                """,
        },
        new("B4", KernelBug.B4, 2026, "mremap of a part makes the rest forget its reservations")
        {
            Commits = "6.1 to 7.3 have it",
            Did = "Moving a part of an area clears the reserve map of all that stays behind.",
            Shows = "The middle page of a private mapping is moved, and everything is unmapped.",
            Wrong = "What stayed behind gives nothing back: resv is too high for good.",
            Fix = "Repaired here: the pieces go on sharing the map.",
            Reference = "recording 90",
            Check = "resv-sum",
            Scenario = """
                pool 6
                proc p
                p mmap m 4 private
                p w m 0
                p mmap x 1 private
                p mremap m 2 1 1 n at=x+64
                p exit
                """,
        },
        new("B5", KernelBug.B5, 2025, "A failed mmap fills the subpool's reserve with pages that nobody took")
        {
            Commits = "a833a693a490 (number 39 of the history); kernels up to 6.12 have it",
            Did = "When the pool refused, all pages went back to the subpool, also those that it had only asked for; its answer was ignored.",
            Shows = "mmap fails while the reserve of min_size is in use.",
            Wrong = "resv is too low for good; later it goes below zero.",
            Fix = "Only the subpool's own share goes back, which brought number 40.",
            Reference = "mm: hugetlb: fix incorrect fallback for subpool; recording 93",
            Check = "resv-sum",
            Scenario = """
                pool 4
                mount A size=6 min_size=2
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p mmap n 5 private fd=f
                """,
        },
        new("B6", KernelBug.B6, 2025, "A child's copy-on-write takes the subpool's reserve and leaves resv")
        {
            Commits = "kernels up to 6.12 have it",
            Did = "A child owns no reservations, so that its copy might not use one, even where the subpool had handed one out. Number 36 is the same for the owner.",
            Shows = "A child writes a page that it shares with its parent, on a mount with min_size.",
            Wrong = "resv is one too high.",
            Fix = "What the subpool gives counts as a reservation (6.18).",
            Reference = "recordings 65 and 67",
            Check = "resv-sum",
            Scenario = """
                pool 4
                mount A min_size=3
                proc p
                p open f A/x
                p mmap m 1 private fd=f
                p w m 0
                p fork c
                c w m 0
                """,
        },
        new("B7", KernelBug.B7, 2026, "A freed surplus page goes to the buddy allocator though it is promised")
        {
            Commits = "all kernels have it",
            Did = "A freed page of a node with surplus leaves the pool, also when the subpool has just taken its reservation back.",
            Shows = "The pool of a mount with min_size is shrunk, and a page of the mount is freed.",
            Wrong = "resv is over free; later SIGBUS.",
            Fix = "Repaired here: a promised page goes to the free list.",
            Reference = "recordings 68 and 73",
            Check = "resv-free",
            Scenario = """
                pool 2
                overcommit 2
                mount A min_size=2
                proc p
                p open f A/x
                p mmap m 3 shared fd=f
                p w m 0..2
                pool 1
                p trunc f 0
                """,
        },
        new("B8", KernelBug.B8, 2026, "unmap_ref_private takes pages away at the owner's address, whoever's address that is")
        {
            Commits = "all kernels since 04f2cbe3 have it",
            Did = "The walk over the mappings of a file page unmaps at the owner's address in each of them, and marks them as robbed.",
            Shows = "A process maps a file page twice, the second time without reservation; it forks, and the owner's copy finds no page.",
            Wrong = "The mark falls on a mapping that has lost nothing: it is refused pages that are free. The owner is charged twice in rsvd.",
            Fix = "Repaired here: only the owner's mapping and its copies in children are looked at.",
            Reference = "docs/kernels.md, from recordings",
            Check = MuseumChecks.Promise,
            Promised = new Dictionary<string, string> { ["p r n 0"] = "ok val=0" },
            Scenario = """
                pool 1
                mount A
                proc p
                p catch
                p open f A/x
                p mmap m 1 private fd=f
                p w m 0 7
                p mmap n 1 private noreserve fd=f
                p fork c
                p kwrite m 0 8
                pool 4
                p r n 0
                """,
        },
        new("R17", KernelBug.UncompensatedCommit, 2015, "The race between vma_needs_reservation and vma_commit_reservation")
        {
            Commits = "33039678c8da",
            Did = "A fault that finds no reservation takes a page of its own. If mmap reserves the same page before the fault commits, it is counted twice.",
            Shows = "A process faults a page in without reservation while another one maps it.",
            Wrong = "resv is one too high for good.",
            Fix = "The unequal answers of needs and commit give the race away, and the reservation goes back to subpool and pool.",
            Reference = "row R17: Documentation/mm/hugetlbfs_reserv.rst, consuming reservations",
            Check = "resv-sum",
            Schedules = 500,
            Scenario = """
                pool 2
                mount A
                proc p
                proc q
                p open f A/x
                q open g A/x
                p mmap m 1 shared fd=f noreserve
                parallel
                p w m 0
                q mmap n 1 shared fd=g
                end
                """,
        },
    ];

    /// <summary>All exhibits: history by year, then what recordings found, then the document's race.</summary>
    public static IReadOnlyList<Exhibit> All { get; } = [.. Early, .. Middle, .. Late, .. Found];

    /// <summary>The bugs that are not shown.</summary>
    public static IReadOnlyList<MissingExhibit> Missing { get; } =
    [
        new("5", "90481622d757", 2012, "A page freed after its mount has gone uses the mount's quota",
            "needs a page that outlives its mount because I/O pins it; here nothing but mappings, files and segments holds pages"),
        new("11", "2f84a8990ebb", 2015, "unmap_ref_private also hits a shared VMA",
            "the kernel stops at an assertion and no counter changes; here the page that an owner copies is anonymous, and no shared VMA can map it"),
        new("20", "58b6e5e8f1ad", 2019, "The reserve map is looked up through the wrong inode mapping",
            "needs a block device special file on hugetlbfs, and leaks the memory of a map that counts nothing"),
        new("24", "1d88433bb008", 2021, "A subpool with min_size only is released too early",
            "needs a page that outlives its mount, as number 5 does"),
        new("25", "da56388c4397", 2021, "hugetlb_fix_reserve_counts itself fails, unhandled",
            "the fix only warns: the counts are off with it and without it, and no check can tell the two apart"),
        new("31", "09a26e832705", 2021, "A VMA that is split underflows the references of its cgroup",
            "references to control groups are not simulated, only their charges"),
        new("32", "afe041c2d0fe", 2021, "mremap leaks a reference to the cgroup",
            "references to control groups are not simulated, only their charges"),
    ];

    /// <summary>The exhibit of that name or number, or null.</summary>
    public static Exhibit? Find(string name) => All.FirstOrDefault(exhibit =>
        string.Equals(exhibit.Name, name, StringComparison.OrdinalIgnoreCase) || string.Equals(exhibit.Number, name, StringComparison.OrdinalIgnoreCase));
}
