namespace Hugesim.Model;

/// <summary>One hugetlb control group: the <c>page_counter</c> pair that mm/hugetlb_cgroup.c keeps for an hstate.</summary>
public sealed class HugetlbCgroup
{
    /// <summary>Name given at creation; "" is the root of the simulated hierarchy.</summary>
    public required string Name { get; init; }

    /// <summary>Identity of the parent, or -1 for the root.</summary>
    public required int Parent { get; init; }

    /// <summary>hugetlb.*.current: pages in use that are charged here or below.</summary>
    public long UsagePages { get; set; }

    /// <summary>hugetlb.*.rsvd.current: reserved pages that are charged here or below.</summary>
    public long RsvdPages { get; set; }

    /// <summary>
    /// The limits of a new group: PAGE_COUNTER_MAX. <see cref="KernelProfile.NewCgroupReadsMax"/> says how it reads.
    /// </summary>
    public const long NeverSet = long.MaxValue - 1;

    /// <summary>hugetlb.*.max; <see cref="long.MaxValue"/> is "max".</summary>
    public long MaxPages { get; set; } = NeverSet;

    /// <summary>hugetlb.*.rsvd.max.</summary>
    public long RsvdMaxPages { get; set; } = NeverSet;

    /// <summary>hugetlb.*.events: refusals here or below.</summary>
    public long MaxEvents { get; set; }

    /// <summary>hugetlb.*.events.local: refusals of tasks in this group.</summary>
    public long MaxEventsLocal { get; set; }

    /// <summary>Sets a limit: <c>page_counter_set_max</c>. False if more is in use already.</summary>
    public bool TrySetLimit(bool rsvd, long pages)
    {
        if ((rsvd ? RsvdPages : UsagePages) > pages)
        {
            return false;
        }

        if (rsvd)
        {
            RsvdMaxPages = pages;
        }
        else
        {
            MaxPages = pages;
        }

        return true;
    }

    /// <summary>The group was removed; pages charged to it count for its parent.</summary>
    public bool Removed { get; set; }

    /// <summary>A group that is equal and goes its own way.</summary>
    public HugetlbCgroup Copy() => (HugetlbCgroup)MemberwiseClone();
}

/// <summary>
/// The hugetlb controller of cgroup v2 for one hstate. The counters live with the pool because the kernel also settles them under
/// hugetlb_lock, next to the page they belong to. Groups are named by number: a name can come back after removal.
/// </summary>
public sealed class HugetlbCgroups
{
    /// <summary>The root of the simulated hierarchy: the group that everything starts in.</summary>
    public const int Root = 0;

    private readonly List<HugetlbCgroup> _groups = [new HugetlbCgroup { Name = "", Parent = -1 }];

    /// <summary>The hierarchy of a machine that boots: the root alone.</summary>
    public HugetlbCgroups()
    {
    }

    /// <summary>The groups as they were when <see cref="Capture"/> was called.</summary>
    public HugetlbCgroups(IEnumerable<HugetlbCgroup> groups) => _groups = [.. groups.Select(group => group.Copy())];

    /// <summary>All groups as plain data, by number.</summary>
    public HugetlbCgroup[] Capture() => [.. _groups.Select(group => group.Copy())];

    /// <summary>All groups ever made, removed ones included, by number.</summary>
    public IReadOnlyList<HugetlbCgroup> Groups => _groups;

    /// <summary>Makes a group below <paramref name="parent"/> and returns its number.</summary>
    public int Create(string name, int parent)
    {
        _groups.Add(new HugetlbCgroup { Name = name, Parent = parent });
        return _groups.Count - 1;
    }

    /// <summary>
    /// Removes a group: <c>hugetlb_cgroup_css_offline</c>. The pages in use are charged to the parent from now on; since charges are
    /// hierarchical, no counter but the group's own changes.
    /// </summary>
    public void Remove(int cgroup)
    {
        var group = _groups[cgroup];
        group.Removed = true;
        group.UsagePages = 0;
    }

    /// <summary>
    /// Charges the pages of a fault: <c>hugetlb_cgroup_charge_cgroup</c>. The group and all above it are charged, or none.
    /// </summary>
    /// <returns>False if a limit refuses; the refusal is counted in the events files.</returns>
    public bool TryCharge(int cgroup, long pages) => TryCharge(cgroup, pages, rsvd: false);

    /// <summary>Charges reserved pages: <c>hugetlb_cgroup_charge_cgroup_rsvd</c>.</summary>
    /// <returns>False if a limit refuses.</returns>
    public bool TryChargeRsvd(int cgroup, long pages) => TryCharge(cgroup, pages, rsvd: true);

    /// <summary>Returns a charge: <c>hugetlb_cgroup_uncharge_folio</c>. A removed group's pages belong to its parent.</summary>
    public void Uncharge(int cgroup, long pages)
    {
        for (var i = cgroup; i >= 0; i = _groups[i].Parent)
        {
            if (!_groups[i].Removed)
            {
                _groups[i].UsagePages -= pages;
            }
        }
    }

    /// <summary>Returns a charge of reserved pages: <c>hugetlb_cgroup_uncharge_cgroup_rsvd</c> and its relatives.</summary>
    public void UnchargeRsvd(int cgroup, long pages)
    {
        for (var i = cgroup; i >= 0; i = _groups[i].Parent)
        {
            _groups[i].RsvdPages -= pages;
        }
    }

    // page_counter_try_charge: up the tree, and back down where one refuses.
    private bool TryCharge(int cgroup, long pages, bool rsvd)
    {
        for (var i = cgroup; i >= 0; i = _groups[i].Parent)
        {
            var group = _groups[i];
            var (now, limit) = rsvd ? (group.RsvdPages, group.RsvdMaxPages) : (group.UsagePages, group.MaxPages);
            if (now + pages > limit)
            {
                CountRefusal(cgroup);
                return false;
            }
        }

        for (var i = cgroup; i >= 0; i = _groups[i].Parent)
        {
            if (rsvd)
            {
                _groups[i].RsvdPages += pages;
            }
            else
            {
                _groups[i].UsagePages += pages;
            }
        }

        return true;
    }

    private void CountRefusal(int cgroup)
    {
        _groups[cgroup].MaxEventsLocal++;
        for (var i = cgroup; i >= 0; i = _groups[i].Parent)
        {
            _groups[i].MaxEvents++;
        }
    }
}
