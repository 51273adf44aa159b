namespace Hugesim.Model;

/// <summary>The kernels that the simulation knows, and the newest of them.</summary>
public static class KernelProfiles
{
    private static readonly KernelProfile[] s_all = Build();
    private static readonly KernelProfile[] s_repaired = Array.ConvertAll(s_all, p => p.Repaired());

    /// <summary>All profiles, oldest first.</summary>
    public static IReadOnlyList<KernelProfile> All => s_all;

    /// <summary>The profile used when none is named.</summary>
    public static KernelProfile Newest => s_all[^1];

    /// <summary>The same kernels without their accounting bugs, named <c>7.3+repair</c>.</summary>
    public static IReadOnlyList<KernelProfile> AllRepaired => s_repaired;

    /// <summary>The profile of that name: recorded, repaired, or either with bugs besides (<see cref="KernelBugs.BugMark"/>).</summary>
    /// <exception cref="ArgumentException">No such profile or bug; the message lists those that exist.</exception>
    public static KernelProfile Get(string name) =>
        Array.Find(s_all, p => p.Name == name)
        ?? Array.Find(s_repaired, p => p.Name == name)
        ?? KernelBugs.FindMutant(name)
        ?? throw new ArgumentException(
            $"no kernel profile '{name}'; there are {string.Join(", ", s_all.Select(p => p.Name))}, and each with {KernelProfile.RepairMark}", nameof(name));

    private static KernelProfile[] Build()
    {
        // The kernel tree at commit a1e78772, with what the same release repaired of it: docs/kernels.md says what that is.
        var v2_6_27 = new KernelProfile("2.6.27", 206)
        {
            FailedReserve = FailedReserveRule.QuotaThenPutSubpoolShare,
            PrivateReserve = PrivateReserveRule.CountOfVma,
            OwnerCow = OwnerCowRule.Fails,
            NoPage = NoPageRule.Sigkill,
            MapNoreserve = false,
            MountMinSize = false,
            RemountReadsOptions = false,
            Fallocate = false,
            MadviseRemove = false,
            MadviseMergeableHugepage = false,
            MemfdHugetlb = Errno.ENOSYS,
            UffdHugetlb = Errno.ENOSYS,
            CgroupHugetlb = false,
            NodePoolFiles = false,
            PolicyLocal = false,
            ReserveChecksPolicy = false,
            FixReserveChecksSubpool = false,
            RestoreCoversAllStates = false,
        };
        var v4_10 = new KernelProfile("4.10", 410)
        {
            Bugs = KernelBug.B5 | KernelBug.B6 | KernelBug.B7 | KernelBug.B8 | KernelBug.OwnerCowLeavesResv,
            RemountReadsOptions = false,
            MemfdHugetlb = Errno.EINVAL,
            UffdHugetlb = Errno.EINVAL,
            CgroupHugetlb = false,
            ReserveChecksPolicy = false,
            FixReserveChecksSubpool = false,
            RestoreCoversAllStates = false,
        };
        var v5_10 = new KernelProfile("5.10", 510) { Bugs = KernelBug.B5 | KernelBug.B6 | KernelBug.B7 | KernelBug.B8 | KernelBug.OwnerCowLeavesResv };
        var v6_1 = v5_10 with
        {
            Name = "6.1",
            Order = 601,
            Bugs = v5_10.Bugs | KernelBug.B4,
            MadviseDontneed = true,
            MadvisePopulate = true,
            PolicyPreferredMany = true,
            LazyFork = true,
            CopyFailure = CopyFailureRule.RestoreReserve,
            MremapMoves = true,
        };
        var v6_12 = v6_1 with
        {
            Name = "6.12",
            Order = 612,
            UnmapRestore = UnmapRestoreRule.WhenUnshared,
            NodePoolCountsPersistent = true,
            ReserveSurplus = ReserveSurplusRule.FirstAllowedNode,
        };
        var v6_18_15 = v6_12 with
        {
            Name = "6.18.15",
            Order = 61815,
            Bugs = KernelBug.B1 | KernelBug.B2 | KernelBug.B3 | KernelBug.B4 | KernelBug.B7 | KernelBug.B8,
            UnmapRestore = UnmapRestoreRule.EvenWhenShared,
            FailedReserve = FailedReserveRule.PutSubpoolShare,
            ReserveByGlobalChange = true,
            ShrinkKeepsPersistentOnly = true,
            UffdCopyWithoutPage = Errno.EEXIST,
            MremapMovesMany = true,
            NewCgroupReadsMax = false,
            ReserveSurplus = ReserveSurplusRule.NearestAllowedNode,
        };
        var v6_18_44 = v6_18_15 with { Name = "6.18.44", Order = 61844, FailedReserve = FailedReserveRule.PutSubpoolShareThenQuota };
        var v7_3 = v6_18_44 with
        {
            Name = "7.3",
            Order = 70300,
            Bugs = KernelBug.B3 | KernelBug.B4 | KernelBug.B7 | KernelBug.B8,
            UnmapRestore = UnmapRestoreRule.WhenUnshared,
            FailedReserve = FailedReserveRule.QuotaThenPutSubpoolShare,
        };
        return [v2_6_27, v4_10, v5_10, v6_1, v6_12, v6_18_15, v6_18_44, v7_3];
    }
}
