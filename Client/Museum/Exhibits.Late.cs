using Hugesim.Model;

namespace Hugesim.Museum;

/// <content>2021 to 2026: error paths, and fixes of fixes.</content>
public static partial class Exhibits
{
    private static Exhibit[] Late =>
    [
        new("26", KernelBug.UffdCopyOverCached, 2021, "UFFDIO_COPY consumes a reservation a second time")
        {
            Commits = "d84cf06e3dd8",
            Did = "A page was allocated before anybody looked whether the file had one at that place already.",
            Shows = "UFFDIO_COPY onto a page that another mapping has written.",
            Wrong = "resv falls below zero until the page is freed again; a surplus page that came for it stays.",
            Fix = "The page cache is asked first, and the call ends with EEXIST.",
            Reference = "mm, hugetlb: fix simple resv_huge_pages underflow on UFFDIO_COPY",
            Check = MuseumChecks.Recording,
            Kernel = Live,
            Scenario = """
                pool 1
                overcommit 1
                mount A
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p w m 0
                p mmap n 1 shared fd=f
                p uffd n 0 1
                p uffdcopy n 0 5
                p r m 0
                p exit
                """,
        },
        new("27", KernelBug.UffdCopyKeepsPage, 2021, "UFFDIO_COPY keeps a page while it copies without the lock")
        {
            Commits = "8cc5fcbb5be8",
            Did = "When the copy failed under the lock, the page that had consumed the reservation was kept and the lock dropped for a second try.",
            Shows = "A copy that fails, and a fault on the same page in between.",
            Wrong = "The fault consumes the same reservation again: resv underflows, or there is no page left for it.",
            Fix = "The page is freed, the reservation restored, and the second try uses a page of its own.",
            Reference = "mm, hugetlb: fix racy resv_huge_pages underflow on UFFDIO_COPY; its message says how to provoke it",
            Check = MuseumChecks.Promise,
            Schedules = 2000,
            Scenario = """
                pool 1
                proc p
                p mmap m 1 shared
                p fork c
                c catch
                p uffd m 0 1
                p inject m usercopy
                parallel
                p uffdcopy m 0 5
                c w m 0
                end
                """,
        },
        new("28", KernelBug.RestoreCachedPage, 2021, "A page of the page cache gets its reservation restored")
        {
            Commits = "c7b1850dfb41",
            Did = "The error path of a fault called restore_reserve_on_error also for pages that were in the page cache.",
            Shows = "A hole is punched while a fault is on its way with the page.",
            Wrong = "A page of the cache carries the restore-reserve flag: when it is freed, resv is one too high for good.",
            Fix = "Pages that entered the cache are left alone.",
            Reference = "hugetlb: don't pass page cache pages to restore_reserve_on_error",
            Check = MuseumChecks.Leak,
            Schedules = 2000,
            Scenario = """
                pool 2
                mount A
                proc p
                proc q
                p catch
                p open f A/x
                q open g A/x
                p mmap m 1 shared fd=f
                parallel
                p w m 0
                q punch g 0 1
                end
                """,
        },
        new("29", KernelBug.UffdErrorDropsEntry, 2021, "An error of userfaultfd deletes the entry of a cached page")
        {
            Commits = "cc30042df6fc",
            Did = "When UFFDIO_CONTINUE found the place taken, restore_reserve_on_error deleted the map entry of the page in the cache.",
            Shows = "The call fails with EEXIST, and the file is emptied.",
            Wrong = "Each time resv rises by one for good.",
            Fix = "A page that is in the cache has nothing to restore. Here UFFDIO_COPY stands for UFFDIO_CONTINUE.",
            Reference = "hugetlb, userfaultfd: fix reservation restore on userfaultfd error",
            Check = "reserve-map",
            Kernel = Live,
            Scenario = """
                pool 2
                mount A
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p w m 0
                p mmap n 1 shared fd=f
                p uffd n 0 1
                p uffdcopy n 0 5
                p punch f 0 1
                p exit
                """,
        },
        new("30", KernelBug.RestoreOnlyConsumed, 2021, "restore_reserve_on_error forgets pages that consumed nothing")
        {
            Commits = "846be08578ed",
            Did = "Only pages with the restore-reserve flag were looked at, but every allocation changes the map.",
            Shows = "UFFDIO_COPY behind the end of a file allocates a page and gives it back.",
            Wrong = "The map says that a page is reserved which the count knows nothing of: later it is consumed, and resv is one too low.",
            Fix = "All states of the map are brought back.",
            Reference = "mm/hugetlb: expand restore_reserve_on_error functionality",
            Check = "resv-sum",
            Kernel = Live,
            Scenario = """
                pool 3
                mount A
                proc p
                p open f A/x
                p mmap m 2 shared fd=f
                p trunc f 1
                p uffd m 0 2
                p uffdcopy m 1 5
                p trunc f 2
                p mmap n 2 shared fd=f
                p w n 1
                p exit
                """,
        },
        new("33", KernelBug.ResvUnlocked, 2022, "resv is decremented outside of hugetlb_lock")
        {
            Commits = "12df140f0bdf",
            Did = "A page that came from the buddy allocator for a reservation lowered resv before the lock was taken.",
            Shows = "Two processes whose reserved pages are all on another node fault at the same time.",
            Wrong = "Both read the same number: one decrement is lost, and resv is one too high.",
            Fix = "The lock is taken first.",
            Reference = "mm,hugetlb: take hugetlb_lock before decrementing h->resv_huge_pages",
            Check = "resv-sum",
            Nodes = 2,
            Schedules = 500,
            Scenario = """
                pool 4
                overcommit 2
                proc p
                proc q
                proc r
                p mmap m 1 private
                q mmap n 1 private
                r mmap x 2 private
                r mbind x 0 2 bind 1
                r w x 0..1
                p mbind m 0 1 bind 1
                q mbind n 0 1 bind 1
                parallel
                p w m 0
                q w n 0
                end
                """,
        },
        new("34", KernelBug.DontneedFreesLate, 2023, "MADV_DONTNEED frees its pages when the fault is already there")
        {
            Commits = "2820b0f09be9",
            Did = "MADV_DONTNEED freed its pages after the locks that keep faults out were dropped.",
            Shows = "A process drops a page and touches it again, with no other page free.",
            Wrong = "The fault finds its reservation and no page: SIGBUS.",
            Fix = "Faults are kept out until the pages are free.",
            Reference = "hugetlbfs: close race between MADV_DONTNEED and page fault",
            Check = MuseumChecks.Promise,
            Schedules = 500,
            Scenario = """
                pool 1
                proc p
                p catch
                p mmap m 1 private
                p w m 0
                parallel
                p madvise m 0 1 dontneed
                p w m 0
                end
                """,
        },
        new("35", KernelBug.RsvdUnlocked, 2024, "The cgroup's rsvd counter is uncharged without the lock")
        {
            Commits = "b76b46902c2d",
            Did = "Where two tasks changed a map at the same time, the correction uncharged the cgroup without hugetlb_lock.",
            Shows = "Two processes give reservations back at the same time.",
            Wrong = "One uncharge is lost: rsvd stays too high for good.",
            Fix = "hugetlb_lock is held. Here every uncharge of reservations is without it.",
            Reference = "mm/hugetlb: fix missing hugetlb_lock for resv uncharge",
            Check = "cgroup",
            Schedules = 500,
            Scenario = """
                pool 4
                proc p
                proc q
                p mmap m 2 private
                q mmap n 2 private
                parallel
                p munmap m
                q munmap n
                end
                """,
        },
        new("36", KernelBug.OwnerCowLeavesResv, 2025, "An owner's copy-on-write takes the subpool's reserve and leaves resv")
        {
            Commits = "58db7c5fbe7d",
            Did = "An owner that copies a page after fork must not use a global reservation (avoid_reserve); that the subpool had handed one out was overlooked.",
            Shows = "On a mount with min_size a process forks and writes a page that it had written before.",
            Wrong = "resv is one too high after each run.",
            Fix = "What the subpool gives counts as a reservation.",
            Reference = "mm/hugetlb: fix avoid_reserve to allow taking folio from subpool; its message has the program",
            Check = "resv-sum",
            Kernel = Live,
            Scenario = """
                pool 4
                mount A min_size=2
                proc p
                p open f A/x
                p mmap m 1 private fd=f
                p w m 0
                p fork c
                p w m 0
                c exit
                p exit
                """,
        },
        new("37", KernelBug.FailedMremapCloses, 2025, "A failed mremap gives back the reservations of the mapping that stays")
        {
            Commits = "mm: fix copy_vma() error handling for hugetlb mappings",
            Did = "copy_vma had opened the copy of the area when it failed, and closed it again: the copy shares the reserve map and gave back all that was outstanding in it.",
            Shows = "mremap fails for lack of memory.",
            Wrong = "resv and the cgroup's rsvd fall by the length of the mapping, and below zero when it ends (page_counter underflow: -1024).",
            Fix = "The copy loses its map before it is closed.",
            Reference = "the fix of 2025; details from memory",
            Check = "resv-sum",
            Scenario = """
                pool 4
                proc p
                p mmap m 2 private
                p mmap x 1 private
                p inject m failslab
                p mremap m 0 2 2 n maymove at=x+64
                p exit
                """,
        },
        new("38", KernelBug.StickyRestore, 2025, "Once one reservation was restored, those of all later pages are")
        {
            Commits = "21cc2b5c5062, after df7a6d1f6405 (2024)",
            Did = "__unmap_hugepage_range set a flag at the first page whose reservation it restores, and never cleared it in its loop.",
            Shows = "A private mapping is unmapped whose first page is its own and whose second is the file's, with a reservation used up before.",
            Wrong = "The second page's reservation is restored in the map and given back with the mapping: resv goes below zero.",
            Fix = "The flag is cleared for each page.",
            Reference = "mm/hugetlb: add missing hugetlb_lock in __unmap_hugepage_range()",
            Check = "resv-free",
            Kernel = Live,
            Scenario = """
                pool 4
                overcommit 1
                mount A
                proc p
                proc q
                p open f A/x
                p mmap m 2 private fd=f
                p w m 0..1
                q mmap n 3 private
                p punch f 1 1
                q exit
                p falloc f 1 1
                p r m 1
                p munmap m
                p exit
                """,
        },
        new("40", KernelBug.FailedReserveLosesQuota, 2026, "The fix of 39 keeps the quota of pages that the pool refused")
        {
            Commits = "1d3f9bb4c8af",
            Did = "After a833a693a490 only the subpool's own share went back to it when the pool refused; used_hpages kept the rest.",
            Shows = "mmap of a file asks for more pages than are free.",
            Wrong = "The mount's used pages rise by each mmap that fails, until none succeeds.",
            Fix = "used_hpages is lowered by what the pool refused.",
            Reference = "mm/hugetlb: restore failed global reservations to subpool",
            Check = "subpool",
            Kernel = Live,
            Scenario = """
                pool 2
                mount A size=4
                proc p
                p open f A/x
                p mmap m 3 private fd=f
                p mmap n 3 private fd=f
                p mmap k 2 private fd=f
                p exit
                """,
        },
        new("41", KernelBug.FailedCopyLosesReserve, 2026, "A copy that fails costs the mapping its reservation")
        {
            Commits = "40c81856e622",
            Did = "When the contents of a page could not be copied, the page went back without the reservation that it had consumed.",
            Shows = "UFFDIO_COPY on a private mapping fails; somebody else reserves the page; UFFDIO_COPY is tried again.",
            Wrong = "resv is one lower, the other one's mmap succeeds, and the mapping that had reserved first gets no page.",
            Fix = "restore_reserve_on_error before the page is freed.",
            Reference = "the fix of 2026; details from memory",
            Check = MuseumChecks.Promise,
            Promised = new Dictionary<string, string> { ["p uffdcopy m 0 6"] = "ok" },
            Scenario = """
                pool 1
                proc p
                proc q
                p mmap m 1 private
                p uffd m 0 1
                p inject m usercopy
                p uffdcopy m 0 5
                p inject m off
                q mmap n 1 private
                q w n 0
                p uffdcopy m 0 6
                p exit
                """,
        },
        new("42", KernelBug.InvertedFormula, 2026, "The formula of the reservation document, as it was printed")
        {
            Commits = "7a197d346a44",
            Did = "The document said that a reservation succeeds if resv_needed <= (resv_huge_pages - free_huge_pages).",
            Shows = "A kernel that does as the document says, and an mmap that it should grant.",
            Wrong = "ENOMEM with all pages free.",
            Fix = "resv_needed <= (free_huge_pages - resv_huge_pages).",
            Reference = "Documentation/mm/hugetlbfs_reserv.rst",
            Check = MuseumChecks.Recording,
            Kernel = Live,
            Scenario = """
                pool 4
                proc p
                p mmap m 1 private
                p mmap n 3 private
                p exit
                """,
        },
    ];
}
