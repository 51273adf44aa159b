using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <summary>A file of hugetlbfs.</summary>
[KeepAlive, Immovable]
public sealed partial class InodeGrain : StatefulGrain<InodeState>, IInodeGrain, ILookedInto<InodeAudit>
{
    private readonly SortedDictionary<long, long> _cache = [];

    // i_mmap, in the order of entering, and the lives of the mappings.
    private readonly OrderedDictionary<string, long> _mappings = [];

    // inode_lock: mmap, truncate, hole punch and fallocate of one file come one after the other. Faults do not take it.
    private FifoLock _inodeLock = new();
    private ReserveMap _resvMap = new();
    private HugePageFlows? _flows;
    private InodeCreate? _identity;
    private long _sizeBytes;
    private int _links;
    private int _opens;
    private bool _evicted;
    private InjectedFailures _failures;

    /// <inheritdoc/>
    protected override string Kind => "inode";

    private HugePageFlows Flows => _flows ?? throw Lost();

    private SortedDictionary<long, long> Cache => Alive(_cache);

    private OrderedDictionary<string, long> Mappings => Alive(_mappings);

    private ReserveMap ResvMap => Alive(_resvMap);

    private Flow<long> Create(InodeCreate request)
    {
        if (_identity is not null)
        {
            throw Second("its life is to begin again");
        }

        _identity = request;
        _flows = Calls.Flows(request.Machine, request.Subpool);
        _resvMap = new ReserveMap { Bugs = _flows.Profile.Bugs };
        _inodeLock = LockOf(_flows.Profile);
        _links = request.Named ? 1 : 0;
        _sizeBytes = request.SizeBytes;
        Begin();
        return new(Life);
    }

    private ValueTask Open()
    {
        _opens = Alive(_opens) + 1;
        return ValueTask.CompletedTask;
    }

    private Flow<bool> TryOpen()
    {
        if (IsAlive)
        {
            _opens++;
        }
        else if (Epoch == 0)
        {
            DeactivateOnIdle();
        }

        return new(IsAlive);
    }

    private Flow<InodeReleased> Close()
    {
        _opens = Alive(_opens) - 1;
        return Release();
    }

    private Flow<InodeReleased> Unlink()
    {
        _links = Alive(0);
        return Release();
    }

    private Flow<InodeReleased> RemoveMapping(string vma)
    {
        Mappings.Remove(vma);
        return Release();
    }

    private ValueTask AddMapping(VmaLife vma)
    {
        Mappings[vma.Key] = vma.Life;
        return ValueTask.CompletedTask;
    }

    private async Flow<Errno> Reserve(TaskContext task, long from, long to)
    {
        var error = await ReservePages(task, from, to);
        if (error != Errno.None && Flows.Profile.Has(KernelBug.ShmgetOops))
        {
            throw new InvalidOperationException("kernel BUG: NULL pointer dereference in vma_resv_map: a reservation of shmget has no VMA whose map could be put");
        }

        return error;
    }

    private static FifoLock LockOf(KernelProfile profile) => new(isOff: profile.Has(KernelBug.UnlockedRegionList | KernelBug.NoRegionCache));

    private async Flow<Errno> ReservePages(TaskContext task, long from, long to)
    {
        if (Flows.Profile.Has(KernelBug.HeuristicCheck))
        {
            return await Flows.HasFree(to - from) ? Errno.None : Errno.ENOMEM;
        }

        // hugetlb_reserve_pages for a shared map: chg, take, add; or abort.
        using var span = KernelTracing.Routine("hugetlb_reserve_pages").WithRange(from, to);
        var chg = RegionChg(from, to, out var regionsNeeded);
        span.With(KernelTracing.Tags.Chg, chg);
        if (chg < 0)
        {
            if (Flows.Profile.Has(KernelBug.AbortAfterFailedChg))
            {
                _resvMap.RegionAbort(from, to, 1);
            }

            return Errno.ENOMEM;
        }

        if (await Flows.Reserve(task, chg) != Errno.None)
        {
            span.Fail("ENOMEM", $"{chg} pages of the range are not reserved yet and cannot be");
            ResvMap.RegionAbort(from, to, regionsNeeded);
            return Errno.ENOMEM;
        }

        var added = RegionAdd(from, to, regionsNeeded, task.Cgroup);
        if (added < 0)
        {
            ResvMap.RegionAbort(from, to, regionsNeeded);
            await Flows.Unreserve(chg, [new RsvdUncharge(task.Cgroup, chg)]);
            return Flows.Profile.Has(KernelBug.FailedAddSucceeds) ? Errno.None : Errno.ENOMEM;
        }

        if (added < chg && !Flows.Profile.Has(KernelBug.UncompensatedReserve | KernelBug.UnlockedRegionList))
        {
            RarePath.Reached(Rare.ReserveOvertakenByFault);
            await Flows.Unreserve(chg - added, [new RsvdUncharge(task.Cgroup, chg - added)]);
        }

        return Errno.None;
    }

    private Flow<Errno> Map(MapInode request) => UnderInodeLock(async () =>
    {
        if (request is { Shared: true, Reserve: true } && await ReservePages(request.Task, request.From, request.To) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        if (request.Writable)
        {
            _sizeBytes = Math.Max(_sizeBytes, request.To * Units.PageBytes);
        }

        await AddMapping(new VmaLife(request.Vma, request.VmaLife));
        return Errno.None;
    });

    /// <inheritdoc/>
    public ValueTask<InodeStat> Stat() => new(new InodeStat(_sizeBytes, Cache.Count, _links));

    /// <inheritdoc/>
    public ValueTask<int?> ReferenceCount()
    {
        if (IsAlive)
        {
            return new(_opens + _mappings.Count);
        }

        if (Epoch == 0)
        {
            DeactivateOnIdle();
        }

        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<ReadAnswer> Read(long offsetBytes)
    {
        var bytes = Math.Clamp(Alive(_sizeBytes) - offsetBytes, 0, sizeof(int));
        if (bytes == 0)
        {
            return new ReadAnswer(0, -1);
        }

        if (!Cache.TryGetValue(offsetBytes / Units.PageBytes, out var pfn) || offsetBytes % Units.PageBytes != 0)
        {
            return new ReadAnswer(bytes, 0);
        }

        return new ReadAnswer(bytes, (await Flows.Frames.Load([pfn]))[0].Content);
    }

    private ValueTask InjectFailures(InjectedFailures failures)
    {
        _failures = failures;
        ResvMap.Allocate = failures.HasFlag(InjectedFailures.Failslab) ? () => false : null;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<InodeAudit?> Audit() => new(Look() ?? Absent<InodeAudit>());

    /// <inheritdoc/>
    public InodeAudit? Look() => IsAlive && _identity is { } identity
        ? new InodeAudit(
            identity.Subpool, _opens, [.. Mappings.Keys], [.. Cache.Select(p => new CachedPageAudit(p.Key, p.Value))], Auditing.Describe(ResvMap))
        : null;

    private long RegionChg(long from, long to, out long regionsNeeded)
    {
        using var span = KernelTracing.Routine("region_chg").WithRange(from, to);
        var chg = ResvMap.RegionChg(from, to, out regionsNeeded);
        span.With(KernelTracing.Tags.Answer, chg);
        return chg;
    }

    private long RegionAdd(long from, long to, long regionsNeeded, int cgroup)
    {
        using var span = KernelTracing.Routine("region_add").WithRange(from, to);
        var added = ResvMap.RegionAdd(from, to, regionsNeeded, cgroup);
        span.With(KernelTracing.Tags.Answer, added);
        return added;
    }

    /// <inheritdoc/>
    public override bool IsUnlocked => !_inodeLock.IsHeld;

    /// <inheritdoc/>
    protected override InodeState? Capture() => !IsAlive ? null : new(
        _identity!, _sizeBytes, _links, _opens, [.. _mappings.Keys], [.. _cache.Select(p => new CachedPageAudit(p.Key, p.Value))], _resvMap.Snapshot(),
        _failures, [.. _mappings.Values]);

    /// <inheritdoc/>
    protected override void Restore(InodeState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_identity, _sizeBytes, _links, _opens) = (state.Identity, state.SizeBytes, state.Links, state.Opens);
        _flows = Calls.Flows(state.Identity.Machine, state.Identity.Subpool);
        for (var i = 0; i < state.Mappings.Length; i++)
        {
            _mappings.Add(state.Mappings[i], state.Lives is { } lives ? lives[i] : 0);
        }

        foreach (var (index, pfn) in state.Cache)
        {
            _cache.Add(index, pfn);
        }

        _resvMap = new ReserveMap(state.ResvMap) { Bugs = _flows.Profile.Bugs };
        _inodeLock = LockOf(_flows.Profile);
        InjectFailures(state.Failures);
    }

    private bool IsAlive => _identity is not null && !_evicted;

    // A part of the state of an inode that was made and is not evicted.
    private T Alive<T>(T part) => IsAlive ? part : throw Lost();

    private async Flow<T> UnderInodeLock<T>(Func<Flow<T>> call)
    {
        await _inodeLock.Enter();
        try
        {
            return await call();
        }
        finally
        {
            _inodeLock.Exit();
        }
    }

    // iput: without links and references the inode is evicted, with its pages and reservations.
    private async Flow<InodeReleased> Release()
    {
        if (_opens + Mappings.Count > 0)
        {
            return default;
        }

        if (_links == 0)
        {
            // hugetlbfs_evict_inode: remove_inode_hugepages(0, LLONG_MAX).
            await RemovePages(0, long.MaxValue);
            _resvMap = new ReserveMap();
            _evicted = true;
            EndLife();
        }

        return new InodeReleased(_identity?.Mount, _evicted);
    }
}
