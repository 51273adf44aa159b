using Hugesim.Model;

namespace Hugesim.Museum;

/// <content>2016 to 2020: hole punches, migration, userfaultfd, cgroups.</content>
public static partial class Exhibits
{
    private static Exhibit[] Middle =>
    [
        new("13", KernelBug.PrivateAlwaysReserved, 2016, "A private page that was punched out is faulted in as reserved again")
        {
            Commits = "67961f9db8c4",
            Did = "Every fault of a private mapping's owner was taken for reserved, whether its reservation was used up or not.",
            Shows = "A private mapping of a file is written, a hole is punched through it, and it is written again.",
            Wrong = "resv and the subpool's used pages go below zero.",
            Fix = "The private reserve map is asked, with the opposite meaning of its entries.",
            Reference = "mm/hugetlb: fix huge page reserve accounting for private mappings; its message has the steps",
            Check = "resv-free",
            Profile = "6.1+repair",
            Scenario = """
                pool 4
                mount A size=4
                proc p
                p open f A/x
                p mmap m 2 private fd=f
                p w m 0..1
                p punch f 0 2
                p w m 0..1
                p exit
                """,
        },
        new("14", KernelBug.PrivateErrorLeak, 2016, "An error after the allocation leaves a private page marked as consumed")
        {
            Commits = "96b96a96ddee",
            Did = "Freeing a page that a failed fault had taken raised resv again, and the entry in the private map stayed: reserved for the pool, consumed for the map.",
            Shows = "The copy of a page fails in UFFDIO_COPY on a private mapping.",
            Wrong = "resv counts a page that no map promises, and keeps it when the mapping has gone.",
            Fix = "restore_reserve_on_error takes the entry back.",
            Reference = "mm/hugetlb: fix huge page reservation leak in private mapping error paths (from memory)",
            Check = "resv-sum",
            Scenario = """
                pool 2
                proc p
                p mmap m 1 private
                p uffd m 0 1
                p inject m usercopy
                p uffdcopy m 0 5
                p exit
                """,
        },
        new("15", KernelBug.DissolveReserved, 2016, "Pages that are reserved are dissolved")
        {
            Commits = "082d5b6b60e9",
            Did = "Memory offlining dissolved free huge pages without a look at how many of them are promised.",
            Shows = "All but one page of a pool are reserved, and the pool is emptied.",
            Wrong = "resv is over free, and those who reserved get SIGBUS.",
            Fix = "A page is dissolved only while free is over resv. Here a shrinking pool stands for memory that goes offline.",
            Reference = "mm/hugetlb: check for reserved hugepages during memory offline (details from memory)",
            Check = "resv-free",
            Kernel = Live,
            Scenario = """
                pool 4
                proc p
                p catch
                p mmap m 3 private
                pool 0
                p w m 0..2
                p exit
                """,
        },
        new("16", KernelBug.SurplusReturnUnlocked, 2017, "Pages are stolen while unused surplus is returned")
        {
            Commits = "e5bbc8a6c992",
            Did = "return_unused_surplus_pages lowered resv, then freed the pages one by one, and dropped hugetlb_lock in between.",
            Shows = "One process unmaps surplus pages that it never touched while another one maps.",
            Wrong = "The other one reserves pages that are about to go: resv is over free.",
            Fix = "resv falls with each page.",
            Reference = "mm/hugetlb.c: fix reservation race when freeing surplus pages",
            Check = "resv-free",
            Schedules = 500,
            Scenario = """
                overcommit 3
                proc p
                proc q
                p mmap m 3 private
                parallel
                p munmap m
                q mmap n 3 private
                end
                """,
        },
        new("17", KernelBug.AbortAfterFailedChg, 2017, "region_abort after a region_chg that failed")
        {
            Commits = "ff8c0c53c475",
            Did = "The error path of hugetlb_reserve_pages aborted an addition that had not begun.",
            Shows = "mmap of a file when no descriptor can be allocated.",
            Wrong = "adds_in_progress is one too low, and the kernel stops at the next look.",
            Fix = "No region_abort after a negative answer.",
            Reference = "mm/hugetlb.c: don't call region_abort if region_chg fails",
            Check = MuseumChecks.KernelBug,
            Scenario = """
                pool 6
                mount A
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p inject m failslab
                p mmap n 4 shared fd=f
                p exit
                """,
        },
        new("18", KernelBug.MigrationLosesSubpool, 2019, "A migrated page forgets its subpool")
        {
            Commits = "cb6acd01e2e4",
            Did = "Migration copied a page's contents and counts and not its subpool.",
            Shows = "A page of a mount is moved to another node and freed there.",
            Wrong = "The mount's used pages stay too high: df shows a leak.",
            Fix = "The subpool moves with the page.",
            Reference = "hugetlbfs: fix races and page leaks during migration",
            Check = "subpool",
            Nodes = 2,
            Scenario = """
                pool 4
                mount A size=2
                proc p
                p open f A/x
                p mmap m 1 shared fd=f
                p w m 0
                p move m 0 1
                p munmap m
                p trunc f 0
                p exit
                """,
        },
        new("19", KernelBug.RestorePutsSubpool, 2019, "Restoring a reservation lowers the mount's used pages")
        {
            Commits = "0919e1b69ab4",
            Did = "A page freed with its reservation restored was also put to the subpool, though its reservation goes on using quota.",
            Shows = "A private page of a mount is given back and faulted in again.",
            Wrong = "The mount's used pages fall each time and become negative: df shows -4.0M.",
            Fix = "A page with the restore-reserve flag is not put to the subpool.",
            Reference = "hugetlbfs: on restore reserve error path retain subpool reservation",
            Check = "subpool",
            Kernel = Live,
            Scenario = """
                pool 3
                mount A size=2
                proc p
                p open f A/x
                p mmap m 1 private fd=f
                p w m 0
                p madvise m 0 1 dontneed
                p w m 0
                p madvise m 0 1 dontneed
                p munmap m
                p exit
                """,
        },
        new("21", KernelBug.UnchargeAfterTrim, 2020, "The cgroup is uncharged for what is left of a region")
        {
            Commits = "79aa925bf239",
            Did = "region_del trimmed or split a region first and then computed what to uncharge from it: nothing after a trim, the rest after a split.",
            Shows = "A hole is punched into the middle of a file.",
            Wrong = "The cgroup's rsvd counter falls by the pages behind the hole, and below zero when the file goes.",
            Fix = "The uncharge comes first.",
            Reference = "hugetlb_cgroup: fix reservation accounting",
            Check = "cgroup",
            Kernel = Live,
            Scenario = """
                pool 8
                cgnew L
                mount A
                proc p
                p cg L
                p open f A/x
                p mmap m 8 shared fd=f
                p w m 2
                p punch f 2 1
                p munmap m
                p unlink A/x
                p close f
                p exit
                """,
        },
        new("22", KernelBug.CowHoldsLock, 2020, "The owner's copy-on-write waits for itself")
        {
            Commits = "e7dd91c456a8",
            Did = "The error path of the owner's copy-on-write unmaps the page from its children, which takes i_mmap_rwsem for writing; the fault held it for reading.",
            Shows = "The owner writes a page that its child shares, without a free page, while its file is truncated.",
            Wrong = "Nothing moves any more.",
            Fix = "The locks are dropped before the children are unmapped.",
            Reference = "mm/hugetlb.c: fix deadlock in hugetlb_cow error path",
            Check = MuseumChecks.Deadlock,
            Schedules = 1000,
            Scenario = """
                pool 1
                mount A
                proc p
                proc q
                p catch
                p open f A/x
                q open g A/x
                p mmap m 1 private fd=f
                p w m 0
                p fork c
                parallel
                p w m 0
                q trunc g 0
                end
                """,
        },
        new("23", KernelBug.FailedAddSucceeds, 2020, "mmap succeeds although region_add has failed")
        {
            Commits = "7fc2513aa237",
            Did = "region_add can fail since it may need more descriptors than region_chg has set aside. hugetlb_reserve_pages gave its reservation back then, and returned 0.",
            Shows = "A fault splits the gap that an mmap is about to fill, and there is no memory for one more descriptor (failslab).",
            Wrong = "The mapping exists and nothing is reserved for it: when others have taken the pages, its owner dies by SIGBUS.",
            Fix = "The error of region_add is returned.",
            Reference = "hugetlb: fix an error code in hugetlb_reserve_pages()",
            Check = MuseumChecks.Promise,
            Schedules = 1000,
            Scenario = """
                pool 4
                mount A
                proc p
                proc q
                proc r
                p open f A/x
                q open g A/x
                p mmap a 1 shared fd=f off=1
                q mmap b 9 shared fd=g
                p trunc f 0
                p mmap m 3 shared fd=f noreserve
                p inject m failslab
                parallel
                p w m 1
                q mmap n 3 shared fd=g
                end
                p inject m off
                r mmap k 3 private
                q w n 0
                """,
        },
    ];
}
