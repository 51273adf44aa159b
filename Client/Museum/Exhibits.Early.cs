using Hugesim.Model;

namespace Hugesim.Museum;

/// <content>2006 to 2015: from counting free pages to reserve maps and subpools.</content>
public static partial class Exhibits
{
    private static Exhibit[] Early =>
    [
        new("1", KernelBug.HeuristicCheck, 2006, "Each mmap is compared with the free pages, and none with the other mmaps")
        {
            Commits = "b45b5bd65f66",
            Did = "mmap compared its length with the free huge pages and reserved nothing. Many small maps all passed the same test.",
            Shows = "Two maps of two pages from a pool of two.",
            Wrong = "The second mmap succeeds; resv stays 0, and the process that touches the second map dies.",
            Fix = "Pages are reserved for each inode at mmap: the beginning of resv_huge_pages.",
            Reference = "hugepage: strict page reservation for hugepage inodes (details from memory)",
            Check = MuseumChecks.Recording,
            Kernel = Live,
            Scenario = """
                pool 2
                proc p
                p catch
                p mmap a 2 shared
                p mmap b 2 shared
                p w a 0..1
                p w b 0
                p exit
                """,
        },
        new("2", KernelBug.QuotaNeverCredited, 2007, "A private mapping's quota is debited and never credited")
        {
            Commits = "c79fb75e5a51",
            Did = "The quota of a mount was found through the page's mapping. A private page has none, so that its quota was taken at the fault and never returned.",
            Shows = "A private mapping of a file without reservation is touched and unmapped.",
            Wrong = "The mount's used pages stay one too high: bfree falls by one each time until nothing can be mapped.",
            Fix = "The page remembers whose quota it used. Here it forgets its subpool.",
            Reference = "hugetlb: fix quota management for private mappings (details from memory)",
            Check = "subpool",
            Kernel = Live,
            Scenario = """
                pool 2
                mount A size=1
                proc p
                p open f A/x
                p mmap m 1 private fd=f noreserve
                p w m 0
                p munmap m
                p mmap n 1 private fd=f
                p exit
                """,
        },
        new("3", KernelBug.ReadOnlyIsPrivate, 2009, "A read-only shared mapping is taken for a private one")
        {
            Commits = "f83a275dbc5c",
            Did = "Whether a mapping is shared was read from VM_SHARED, which a mapping of a file open for reading only has not; VM_MAYSHARE says it.",
            Shows = "A file open for reading only is mapped shared and read.",
            Wrong = "The pages are reserved in a map of the VMA, where the fault does not look: it finds nothing reserved and no page to spare, SIGBUS.",
            Fix = "VM_MAYSHARE is tested everywhere.",
            Reference = "mm: account for MAP_SHARED mappings using VM_MAYSHARE and not VM_SHARED in hugetlbfs",
            Check = MuseumChecks.Recording,
            Kernel = Live,
            Scenario = """
                pool 2
                mount A
                proc p
                p catch
                p open f A/x
                p trunc f 2
                p open g A/x ro
                p mmap m 2 shared fd=g ro
                p r m 0..1
                p exit
                """,
        },
        new("4", KernelBug.NoreserveOomKill, 2010, "A fault without a huge page calls the out-of-memory killer")
        {
            Commits = "4a6018f7f4f1",
            Did = "A fault that got no huge page returned VM_FAULT_OOM, as if the kernel had no memory.",
            Shows = "A NORESERVE mapping is touched when all pages are reserved.",
            Wrong = "The task is killed with SIGKILL, which nothing can catch, instead of SIGBUS.",
            Fix = "The fault returns VM_FAULT_SIGBUS.",
            Reference = "hugetlbfs: kill applications that use MAP_NORESERVE with SIGBUS instead of OOM-killer (details from memory)",
            Check = MuseumChecks.Recording,
            Kernel = Live,
            Scenario = """
                pool 1
                proc p
                p mmap a 1 private
                p mmap m 1 private noreserve
                p w m 0
                """,
        },
        new("6", KernelBug.ShmgetOops, 2012, "The fix of a leak crashes shmget")
        {
            Commits = "4523e1458566, after c50ac050811d",
            Did = "An mmap that failed leaked its reserve map. The fix put the map of the VMA on the error path, where shmget has no VMA.",
            Shows = "shmget asks for more pages than are free.",
            Wrong = "The kernel follows a null pointer.",
            Fix = "The map is put only if there is a VMA. (The leaked memory of the first bug changes no counter and is not shown.)",
            Reference = "hugetlb: fix resv_map leak in error path; mm: fix vma_resv_map() NULL pointer (details from memory)",
            Check = MuseumChecks.KernelBug,
            Kernel = Live,
            Scenario = """
                pool 1
                proc p
                p shmget S 2
                p shmget T 1
                p exit
                """,
        },
        new("7", KernelBug.StealReservedPage, 2013, "A NORESERVE mapping takes a page that is reserved")
        {
            Commits = "72231b03ccf1",
            Did = "vma_has_reserves took every shared mapping for one with reservations, also one made with MAP_NORESERVE, so that its fault skipped the look at free - resv.",
            Shows = "All pages are reserved; a NORESERVE mapping is touched.",
            Wrong = "A page is taken and resv stays: free < resv (the commit shows Free 99, Rsvd 100), and later somebody with a reservation gets SIGBUS.",
            Fix = "vma_has_reserves looks at VM_NORESERVE. Here any fault without reservation steals.",
            Reference = "mm, hugetlb: add VM_NORESERVE check in vma_has_reserves(); its message has the program",
            Check = "resv-free",
            Kernel = Live,
            Scenario = """
                pool 10
                mount A
                proc p
                p catch
                p open f A/x
                p unlink A/x
                p mmap m 10 shared fd=f
                p mmap n 1 shared noreserve
                p w n 0
                p w m 0..9
                p exit
                """,
        },
        new("8", KernelBug.UnlockedRegionList, 2014, "Two processes edit one list of regions without a lock")
        {
            Commits = "7b24d8616be3",
            Did = "The regions of a shared mapping were guarded by locks of the tasks that mapped it, and two tasks have two locks.",
            Shows = "Two processes map the same pages of a file at the same time.",
            Wrong = "Both find the pages missing, both reserve them, and the list has them once: resv is too high for good.",
            Fix = "The map has a lock of its own. Here the inode's lock is left out, and region_add tells nobody what it added.",
            Reference = "mm, hugetlb: fix race in region tracking (details from memory)",
            Check = "resv-sum",
            Schedules = 200,
            Scenario = """
                pool 4
                mount A
                proc p
                proc q
                p open f A/x
                q open g A/x
                parallel
                p mmap m 2 shared fd=f
                q mmap n 2 shared fd=g
                end
                """,
        },
        new("9", KernelBug.UncompensatedReserve, 2015, "mmap does not look at what region_add added")
        {
            Commits = "1dd308a7b49d, 33039678c8da",
            Did = "hugetlb_reserve_pages counted with what region_chg had announced. A fault that commits the same page in between makes region_add add less.",
            Shows = "A process maps a page that another one faults in at that moment without reservation.",
            Wrong = "resv is one too high for good: the page is in the cache, and its reservation counts as well.",
            Fix = "region_add says how many pages it added; the difference goes back to subpool and pool.",
            Reference = "mm/hugetlb: compute/return the number of regions added by region_add(); mm/hugetlb: handle races in alloc_huge_page and hugetlb_reserve_pages",
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
        new("10", KernelBug.NoRegionCache, 2015, "region_add finds no descriptor")
        {
            Commits = "5e9113731a3c",
            Did = "region_chg allocated what region_add would need. Hole punching brought region_del, which could use it up in between.",
            Shows = "A hole is punched into a file while its reservations are being added to.",
            Wrong = "The addition that must not fail has no descriptor: the kernel stops.",
            Fix = "A cache of descriptors, of which region_del leaves as many as are promised. Here the other task is an mmap and the inode's lock is left out, because faults "
                + "and punches of one file take turns.",
            Reference = "mm/hugetlb: add cache of descriptors to resv_map for region_add (details from memory)",
            Check = MuseumChecks.KernelBug,
            Schedules = 1000,
            Scenario = """
                pool 6
                mount A
                proc p
                proc q
                p open f A/x
                q open g A/x
                p mmap m 4 shared fd=f
                p w m 1
                parallel
                p punch f 1 1
                q mmap n 6 shared fd=g
                end
                """,
        },
        new("12", KernelBug.PunchBehindHole, 2015, "A hole punched over a hole reaches behind its end")
        {
            Commits = "d85f69b0b533",
            Did = "remove_inode_hugepages went on by one for each page it found instead of to that page's index: over a hole it went too far.",
            Shows = "A file has pages 0, 3 and 4; a hole is punched over 0 to 2.",
            Wrong = "Pages 3 and 4 leave the cache while they are mapped, and what was written to them is lost.",
            Fix = "The index follows the pages, and the loop ends where the hole ends.",
            Reference = "mm/hugetlbfs: fix bugs in fallocate hole punch of areas with holes",
            Check = "page-table",
            Kernel = Live,
            Scenario = """
                pool 4
                mount A
                proc p
                p open f A/x
                p mmap m 5 shared fd=f noreserve
                p w m 0
                p w m 3..4 7
                p punch f 0 3
                p fstat f
                p pages m
                p r m 3
                p exit
                """,
        },
    ];
}
