using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>What one mmap made in one address space.</summary>
[KeepAlive, Immovable, PreferLocalPlacement]
public sealed partial class VmaGrain : StatefulGrain<VmaState>, IVmaGrain, ILookedInto<VmaAudit>
{
    // What page table lock, hugetlb_vma_lock and fault mutex do together. It is never held during a call to the inode, so that the inode can always unmap.
    private readonly FifoLock _lock = new();

    // A child is in i_mmap before it has its pages; what a truncate asks of it then is done when they arrive.
    private List<IndexRange>? _unmappedBeforeAdoption;
    private Mapping _mapping = new();
    private bool _isExpected;
    private HugePageFlows? _flows;
    private MachineContext? _machine;
    private string _inode = "";
    private long _inodeLife;
    private string? _subpool;
    private bool _anonymous;

    // The page whose fault waits for other grains, and whether an unmap overtook it: the fault then starts again, as a kernel fault does
    // that finds the page table entry changed when it takes the lock.
    private long _faultingPage = -1;
    private bool _overtaken;
    private InjectedFailures _failures;

    /// <inheritdoc/>
    protected override string Kind => "vma";

    private HugePageFlows Flows => _flows ?? throw Lost();

    private Mapping Mapping => _machine is null ? throw Lost() : _mapping;

    private IInodeGrain Inode => GrainFactory.GetGrain<IInodeGrain>(_inode);

    // A private mapping of no file: its inode has no pages of its own, and only forks of it ever share it.
    private bool HasFile { get; set; }

    private bool IsInInode { get; set; }

    private async Flow<Begun> Map(MapVma request)
    {
        if (_machine is not null)
        {
            throw Second("its life is to begin again");
        }

        Begin(request.Machine, request.Inode, request.InodeLife, request.Subpool, request.Anonymous, request is not { Anonymous: true, Shared: false });
        return new Begun(await MapArea(request), Life);
    }

    private async Flow<Errno> MapArea(MapVma request)
    {
        var area = new VmArea
        {
            Start = request.Start,
            End = request.End,
            PgOff = request.PgOff,
            Read = request.Read,
            Write = request.Write,
            MayWrite = request.MayWrite,
            Shared = request.Shared,
            NoReserve = request.NoReserve,
        };

        if (request is { Anonymous: true, Shared: true })
        {
            // hugetlb_file_setup: the file of an anonymous mapping has the mapping's size.
            _inodeLife = await CreateInode(new InodeCreate(request.Machine, null, null, Named: false, area.Length * Units.PageBytes));
        }

        // Shared is VM_MAYSHARE. VM_SHARED is not set where the file cannot be written to.
        var reservesInFile = request.Shared && (request.MayWrite || !Flows.Profile.Has(KernelBug.ReadOnlyIsPrivate));
        if (!reservesInFile && request.ReserveAtMap && !request.NoReserve && await ReservePrivate(request.Task, area) != Errno.None)
        {
            EndLife();
            return Errno.ENOMEM;
        }

        if (HasFile)
        {
            var reserve = request is { ReserveAtMap: true, NoReserve: false };
            var to = area.PgOff + area.Length;
            var map = new MapInode(Key, request.Task, area.PgOff, to, reservesInFile, reserve, request.Write, Life);
            var error = await Calls.Repeated.Once(Inode, map, static (inode, map, id) => inode.Map(map, id), _inodeLife);
            if (error != Errno.None)
            {
                await LeaveInode();
                EndLife();
                return error;
            }

            IsInInode = true;
        }

        Mapping.Add(area);
        return Errno.None;
    }

    private async Flow<VmaImage> Fork(VmaLife child)
    {
        var areas = Mapping.Areas.Where(area => !area.DontCopy).ToArray();
        if (areas.Length > 0)
        {
            // The child is in i_mmap before it has pages, so that no truncate can miss them.
            await EnterInode(child);
        }

        return await UnderLock(() => CopyPages(areas));
    }

    private Flow<long> Expect(MachineContext machine)
    {
        if (_machine is null)
        {
            (_machine, _isExpected) = (machine, true);
            Begin();
        }

        return new(Life);
    }

    private async Flow<VmaImage> CopyPages(VmArea[] areas)
    {
        using var span = KernelTracing.Routine("copy_hugetlb_page_range");
        var ptes = new List<PteImage>();
        foreach (var area in areas.Where(area => area.AnonVma || !Flows.Profile.LazyFork))
        {
            // vma_needs_copy: what a fault would find again, in the page cache, is not copied. is_cow_mapping: only private pages are protected.
            if (!area.Shared)
            {
                Mapping.WriteProtect(area);
            }

            ptes.AddRange(Mapping.PagesOf(area.Start, area.End).Select(page => ToImage(page, Mapping.Ptes[page])));
        }

        span.With("hugesim.shared_pages", ptes.Count);
        await Flows.Frames.Share([.. ptes.Select(pte => pte.Pfn)]);
        return new VmaImage(_machine!, _inode, _subpool, _anonymous && !HasFile, [.. areas.Select(ToImage)], [.. ptes], _inodeLife);
    }

    private async ValueTask Adopt(VmaImage image)
    {
        Begin(image.Machine, image.Inode, image.InodeLife, image.Subpool, image.Anonymous, !image.Anonymous);
        (IsInInode, _isExpected) = (true, false);
        foreach (var area in image.Areas)
        {
            // hugetlb_dup_vma_private: a child has no reservations.
            Mapping.Add(new VmArea
            {
                Start = area.Start,
                End = area.End,
                PgOff = area.PgOff,
                Read = area.Read,
                Write = area.Write,
                MayWrite = area.MayWrite,
                Shared = area.Shared,
                NoReserve = area.NoReserve,
                AnonVma = area.AnonVma,
                Thp = area.Thp,
                Policy = new MemoryPolicy(area.PolicyMode, area.PolicyNodes),
            });
        }

        foreach (var pte in image.Ptes)
        {
            Mapping.SetPte(pte.Page, new Pte(pte.Pfn, pte.Writable, pte.Anon));
        }

        foreach (var (firstIndex, endIndex) in _unmappedBeforeAdoption ?? [])
        {
            await UnmapFile(firstIndex, endIndex);
        }

        _unmappedBeforeAdoption = null;
    }

    private async Flow<VmaClosed> Close(long first, long end)
    {
        using var span = KernelTracing.Routine("hugetlb_vm_op_close").WithRange(first, end);
        foreach (var closed in Mapping.Close(first, end))
        {
            span.With("hugesim.outstanding_pages", closed.OutstandingPages);
            await GiveBack(closed);
        }

        if (Mapping.Areas.Count > 0)
        {
            return default;
        }

        _isExpected = false;

        // Who is to deactivate takes no message any more, and until it has let go the inode may still want to unmap.
        var mount = IsInInode ? await LeaveInode() : null;
        EndLife();
        return new VmaClosed(true, mount);
    }

    private ValueTask GiveBack(ClosedArea closed)
    {
        RsvdUncharge[] uncharges = closed.UnchargeRsvdPages > 0 ? [new RsvdUncharge(Mapping.RsvdCgroup, closed.UnchargeRsvdPages)] : [];
        return Flows.Unreserve(closed.OutstandingPages, uncharges);
    }

    /// <inheritdoc/>
    public ValueTask<VmaView> Describe(long first, long end)
    {
        var areas = Mapping.Areas.Where(a => a.Start < end && first < a.End).Select(ToImage);
        var ptes = Mapping.PagesOf(first, end).Select(page => ToImage(page, Mapping.Ptes[page]));
        return new(new VmaView([.. areas], [.. ptes]));
    }

    private ValueTask InjectFailures(InjectedFailures failures)
    {
        _failures = failures;
        if (Mapping.ResvMap is { } map)
        {
            map.Allocate = failures.HasFlag(InjectedFailures.Failslab) ? () => false : null;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<VmaAudit?> Audit() => new(Look() ?? Absent<VmaAudit>());

    /// <inheritdoc/>
    public VmaAudit? Look()
    {
        if (_mapping.Areas.Count == 0)
        {
            return null;
        }

        var areas = Mapping.Areas.Select(a => new AreaAudit(
            a.Start, a.End, a.PgOff, a.Shared, a.HasResvMap, a.Owner, a.Unmapped, a.NoReserve, a.Write));
        var map = Mapping.ResvMap is { } resvMap ? Auditing.Describe(resvMap) : null;
        return new VmaAudit(
            _inode, IsInInode, _subpool, Mapping.RsvdCgroup, [.. areas], [.. Mapping.Ptes.Select(p => ToImage(p.Key, p.Value))], map);
    }

    private void Begin(MachineContext machine, string inode, long inodeLife, string? subpool, bool anonymous, bool hasFile)
    {
        _machine = machine;
        _inode = inode;
        _inodeLife = inodeLife;
        _subpool = subpool;
        _anonymous = anonymous;
        HasFile = hasFile;
        _flows = Calls.Flows(machine, subpool);
        Begin();
    }

    /// <inheritdoc/>
    public override bool IsUnlocked => !_lock.IsHeld;

    /// <inheritdoc/>
    protected override VmaState? Capture() => _machine is null || (!_isExpected && _mapping.Areas.Count == 0)
        ? null
        : new(_machine, _inode, _subpool, _anonymous, HasFile, IsInInode, _isExpected, [.. _unmappedBeforeAdoption ?? []], _mapping.Capture(),
            _failures, _inodeLife);

    /// <inheritdoc/>
    protected override void Restore(VmaState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_machine, _inode, _inodeLife, _subpool, _anonymous) = (state.Machine, state.Inode, state.InodeLife, state.Subpool, state.Anonymous);
        (HasFile, IsInInode, _isExpected, _mapping) = (state.HasFile, state.IsInInode, state.IsExpected, new Mapping(state.Mapping));
        _unmappedBeforeAdoption = state.Unmapped.Length == 0 ? null : [.. state.Unmapped];
        _flows = _isExpected ? null : Calls.Flows(state.Machine, state.Subpool);
        InjectFailures(state.Failures);
    }

    // hugetlb_reserve_pages, private: a map of its own, always to - from pages, and the OWNER mark (row R8).
    private async Flow<Errno> ReservePrivate(TaskContext task, VmArea area)
    {
        using var span = KernelTracing.Routine("hugetlb_reserve_pages").WithRange(area.PgOff, area.PgOff + area.Length);
        span.With(KernelTracing.Tags.Chg, area.Length);
        if (await Flows.Reserve(task, area.Length) != Errno.None)
        {
            span.Fail("ENOMEM", $"a private mapping reserves all of its {area.Length} pages, which cannot be had");
            return Errno.ENOMEM;
        }

        Mapping.ResvMap = new ReserveMap();
        Mapping.RsvdCgroup = task.Cgroup;
        (area.HasResvMap, area.Owner) = (true, true);
        return Errno.None;
    }

    // i_mmap. An anonymous mapping enters its inode only when fork gives it company: before, nobody would ever ask.
    private async ValueTask EnterInode(VmaLife child)
    {
        if (!IsInInode)
        {
            _inodeLife = await CreateInode(new InodeCreate(_machine!, null, null, Named: false, 0));
            await AddMapping(new VmaLife(Key, Life));
            IsInInode = true;
        }

        await AddMapping(child);
    }

    private AreaImage ToImage(VmArea area) => new(
        _inode, area.Start, area.End, area.PgOff, area.Read, area.Write, area.MayWrite, area.Shared, area.NoReserve, area.AnonVma, area.Thp, area.Policy.Mode, area.Policy.Nodes,
        _inodeLife);

    private static PteImage ToImage(long page, Pte pte) => new(page, pte.Pfn, pte.Writable, pte.Anon);
}
