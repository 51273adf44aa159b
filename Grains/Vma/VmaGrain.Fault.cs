using Hugesim.Abstractions;
using Hugesim.Model;
using Hugesim.Telemetry;

namespace Hugesim.Grains;

/// <content>Accesses and the faults they raise: <c>hugetlb_fault</c>. All of it runs under the page table lock.</content>
public sealed partial class VmaGrain
{
    /// <summary>How a fault on one page ended, and whether the value to be stored is already in the page.</summary>
    private readonly record struct FaultResult(AccessFault Fault, bool Stored, string? Cause = null)
    {
        public static FaultResult Present => new(AccessFault.None, false);

        public static FaultResult New => new(AccessFault.None, true);

        public static FaultResult Failed(AccessFault fault, string? cause = null) => new(fault, false, cause);
    }

    private async Flow<AccessAnswer> Access(AccessRequest request)
    {
        await _lock.Enter();
        try
        {
            return await AccessPages(request);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <inheritdoc/>
    public ValueTask<Errno> UffdZero(long page) => new(Mapping.Find(page) is { UffdMissing: true } ? Errno.EINVAL : Errno.ENOENT);

    private async Flow<Errno> UffdCopy(TaskContext task, long page, int content)
    {
        if (Mapping.Find(page) is not { UffdMissing: true } area)
        {
            return Errno.ENOENT;
        }

        if (Mapping.TryGetPte(page, out _))
        {
            return Errno.EEXIST;
        }

        // hugetlb_mfill_atomic_pte.
        if (!area.Shared)
        {
            if (_failures.HasFlag(InjectedFailures.FailUsercopy))
            {
                return await FailCopy(task, area, page);
            }

            var result = await AllocAnon(task, area, page, content, write: true);
            return result.Fault == AccessFault.None ? Errno.None : Flows.Profile.UffdCopyWithoutPage;
        }

        var fault = new InodeFault(area.IndexOf(page), task, area.NoReserve, area.Policy.Mode, area.Policy.Nodes, content);
        var installed = await Calls.Repeated.Once(Inode, fault, static (inode, fault, id) => inode.InstallShared(fault, id), _inodeLife);
        if (installed.Result == InodePageResult.Allocated)
        {
            Mapping.SetPte(page, new Pte(installed.Pfn, area.Write, Anon: false));
            return Errno.None;
        }

        if (installed.Pfn != Pfn.None && installed.Result == InodePageResult.CopyFailed)
        {
            await Flows.Free(await Flows.Frames.Put([installed.Pfn], mapped: false, [installed.Pfn]));
        }

        return installed.Result switch
        {
            InodePageResult.Cached => Errno.EEXIST,
            InodePageResult.BeyondEnd or InodePageResult.CopyFailed => Errno.EFAULT,
            _ => Flows.Profile.UffdCopyWithoutPage,
        };
    }

    // UFFDIO_COPY has a page and cannot read what belongs into it.
    private async Flow<Errno> FailCopy(TaskContext task, VmArea area, long page)
    {
        var request = AnonRequest(task, area, page, cowFromOwner: false, content: 0);
        var allocated = await Flows.Alloc(request);
        if (allocated.Failed)
        {
            return Flows.Profile.UffdCopyWithoutPage;
        }

        var restores = VmaReservations.FlagAfterFailedCopy(Flows.Profile, request.Map, shared: false, request.Index, allocated.ConsumedReserve);
        await Flows.Free(await Flows.Frames.Put([allocated.Pfn], mapped: true, restores ? [allocated.Pfn] : []));
        return Errno.EFAULT;
    }

    private async Flow<AccessAnswer> AccessPages(AccessRequest request)
    {
        var pages = new List<long>();
        var result = FaultResult.Present;
        var page = request.First;
        for (; page <= request.Last; page++)
        {
            result = await AccessPage(request, page);
            if (result.Fault != AccessFault.None)
            {
                break;
            }

            if (!result.Stored)
            {
                pages.Add(page);
            }
        }

        if (request.Kind is not (AccessKind.Load or AccessKind.Store))
        {
            return new AccessAnswer([], result.Fault, page);
        }

        var pfns = new List<long>(pages.Count);
        foreach (var touched in pages)
        {
            if (!Mapping.TryGetPte(touched, out var pte))
            {
                // A truncate passed while a later page waited for the inode; what it took away is faulted in anew.
                return await AccessPages(request);
            }

            pfns.Add(pte.Pfn);
        }

        if (request.Kind == AccessKind.Store)
        {
            await Flows.Frames.Store([.. pfns], request.Value);
            return new AccessAnswer([], result.Fault, page);
        }

        return new AccessAnswer(Array.ConvertAll(await Flows.Frames.Load([.. pfns]), view => view.Content), result.Fault, page);
    }

    // One page: the checks of the MMU and of access_error, then the page table, then the fault handler.
    private async Flow<FaultResult> AccessPage(AccessRequest request, long page)
    {
        while (true)
        {
            if (Mapping.Find(page) is not { } area)
            {
                return FaultResult.Failed(AccessFault.NotMapped);
            }

            var write = request.Kind is AccessKind.Store or AccessKind.FaultWrite
                || (request.Kind == AccessKind.Populate && area is { Shared: false, Write: true });
            if (write ? !area.Write : !area.Read)
            {
                return FaultResult.Failed(AccessFault.Forbidden);
            }

            var mapped = Mapping.TryGetPte(page, out var pte);
            if (mapped && (!write || pte.Writable))
            {
                return FaultResult.Present;
            }

            if (await Fault(request, area, page, mapped ? pte : null, write) is { } ended)
            {
                return ended;
            }
        }
    }

    // hugetlb_fault. Null: an unmap overtook the fault, which starts again.
    private async Flow<FaultResult?> Fault(AccessRequest request, VmArea area, long page, Pte? pte, bool write)
    {
        using var span = KernelTracing.Routine(pte is null ? "hugetlb_no_page" : "hugetlb_wp");
        span.With(KernelTracing.Tags.Page, area.IndexOf(page));
        int? content = request.Kind == AccessKind.Store ? request.Value : null;
        var result = pte is { } old
            ? await WriteProtectFault(request.Task, area, page, old, content)
            : area.Shared
                ? await SharedFault(request.Task, area, page, content)
                : await PrivateFault(request.Task, area, page, write, content);
        if (result is { Cause: { } cause })
        {
            span.Fail(result.Value.Fault == AccessFault.OutOfMemory ? "SIGKILL" : "SIGBUS", cause);
        }

        return result;
    }

    // hugetlb_no_page of a shared mapping: the inode finds or makes the page. Null: an unmap overtook the fault, which starts again.
    private async Flow<FaultResult?> SharedFault(TaskContext task, VmArea area, long page, int? content)
    {
        var fault = new InodeFault(area.IndexOf(page), task, area.NoReserve, area.Policy.Mode, area.Policy.Nodes, content ?? 0);
        var found = await AskInode(page, area.UffdMissing ? () => FindPage(fault.Index) : () => FaultShared(fault));
        if (found is not { } answer)
        {
            return null;
        }

        if (answer.Result is not (InodePageResult.Cached or InodePageResult.Allocated))
        {
            var waits = area.UffdMissing && answer.Result == InodePageResult.Missing;
            return waits ? FaultResult.Failed(AccessFault.Uffd) : FaultResult.Failed(WithoutPage(answer.Result), Cause(answer.Result));
        }

        Mapping.SetPte(page, new Pte(answer.Pfn, area.Write, Anon: false));
        return answer.Result == InodePageResult.Allocated && content is not null ? FaultResult.New : FaultResult.Present;
    }

    // hugetlb_no_page of a private mapping: a page of the file if it has one, else a new anonymous one.
    private async Flow<FaultResult?> PrivateFault(TaskContext task, VmArea area, long page, bool write, int? content)
    {
        if (area.Unmapped)
        {
            // The owner took a page away from here: a new, empty one would look like lost data.
            return FaultResult.Failed(AccessFault.Bus, "the owner of the reservations took this page away for its own copy (HPAGE_RESV_UNMAPPED)");
        }

        if (HasFile)
        {
            var found = await AskInode(page, () => FindPage(area.IndexOf(page)));
            if (found is not { } answer)
            {
                return null;
            }

            if (answer.Result == InodePageResult.BeyondEnd)
            {
                return FaultResult.Failed(AccessFault.Bus, Cause(answer.Result));
            }

            if (answer.Result == InodePageResult.Cached)
            {
                var pte = new Pte(answer.Pfn, Writable: false, Anon: false);
                Mapping.SetPte(page, pte);
                return write ? await WriteProtectFault(task, area, page, pte, content) : FaultResult.Present;
            }
        }

        return area.UffdMissing ? FaultResult.Failed(AccessFault.Uffd) : await AllocAnon(task, area, page, content ?? 0, write);
    }

    private static string Cause(InodePageResult result) => result switch
    {
        InodePageResult.BeyondEnd => "the file ends before this page",
        InodePageResult.OverQuota => "the mount's size allows no more pages",
        InodePageResult.NoMemory => "no memory for an entry of the reserve map",
        _ => "no page could be had",
    };

    private async Flow<FaultResult> AllocAnon(TaskContext task, VmArea area, long page, int content, bool write)
    {
        var allocated = await Flows.Alloc(AnonRequest(task, area, page, cowFromOwner: false, content));
        if (allocated.Failed)
        {
            return FaultResult.Failed(WithoutPage(allocated.Result), Cause(allocated.Result));
        }

        area.AnonVma = true;
        Mapping.SetPte(page, new Pte(allocated.Pfn, write && area.Write, Anon: true));
        return write ? FaultResult.New : FaultResult.Present;
    }

    // hugetlb_wp: reuse a page that is ours alone, copy any other one; the owner of the reservations takes it from its children if it must.
    private async Flow<FaultResult?> WriteProtectFault(TaskContext task, VmArea area, long page, Pte old, int? content)
    {
        if (area.Shared)
        {
            Mapping.SetPte(page, old with { Writable = true });
            return FaultResult.Present;
        }

        if (await Reuse(page, old, content))
        {
            return FaultResult.New;
        }

        var cowFromOwner = area.Owner && old.Anon && Flows.Profile.OwnerCow == OwnerCowRule.TakesPageFromOthers;
        var copied = await Copy(task, area, page, old, cowFromOwner, content);
        if (!copied.Failed)
        {
            return FaultResult.New;
        }

        if (!cowFromOwner)
        {
            var hindrance = area.Owner && old.Anon ? "this kernel leaves it to the children that share it" : "the process does not own the reservations of the mapping";
            return FaultResult.Failed(WithoutPage(copied.Result), $"no page for the copy, and {hindrance}");
        }

        var taken = await AskInode(
            page,
            async () =>
            {
                await TakeFromOthers(page, area.IndexOf(page), old.Pfn);
                return new InodePage(InodePageResult.Missing, Pfn.None);
            },
            holdsLock: Flows.Profile.Has(KernelBug.CowHoldsLock));
        if (taken is null)
        {
            return null;
        }

        return await Reuse(page, old, content)
            ? FaultResult.New
            : FaultResult.Failed(AccessFault.Bus, "no page for the copy, and the page is still shared after it was taken from the children");
    }

    private async Flow<bool> Reuse(long page, Pte old, int? content)
    {
        if (!old.Anon || !await Flows.Frames.TryReuse(old.Pfn, content))
        {
            return false;
        }

        Mapping.SetPte(page, old with { Writable = true });
        return true;
    }

    // Copies the page and puts the copy in its place.
    private async Flow<AllocatedPage> Copy(TaskContext task, VmArea area, long page, Pte old, bool cowFromOwner, int? content)
    {
        var copied = content ?? (await Flows.Frames.Load([old.Pfn]))[0].Content;
        var allocated = await Flows.Alloc(AnonRequest(task, area, page, cowFromOwner, copied));
        if (allocated.Failed)
        {
            return allocated;
        }

        area.AnonVma = true;
        Mapping.SetPte(page, new Pte(allocated.Pfn, Writable: true, Anon: true));
        await Flows.Free(await Flows.Frames.Put([old.Pfn], mapped: true, []));
        return allocated;
    }

    // A pool without pages is VM_FAULT_OOM or VM_FAULT_SIGBUS, as the kernel says; a map without memory always the former, a quota the latter.
    private AccessFault WithoutPage(InodePageResult why) => why switch
    {
        InodePageResult.NoMemory => AccessFault.OutOfMemory,
        InodePageResult.NoPage when Flows.Profile.NoPage == NoPageRule.Sigkill => AccessFault.OutOfMemory,
        _ => AccessFault.Bus,
    };

    private PageRequest AnonRequest(TaskContext task, VmArea area, long page, bool cowFromOwner, int content)
    {
        var index = area.IndexOf(page);
        var map = Mapping.ResvMapOf(area);
        var place = VmaReservations.PlaceToConsume(Flows.Profile.PrivateReserve, map, area.PgOff, area.PgOff + area.Length, index);
        return new PageRequest(
            task, task.Choose(area.Policy, index), map, Shared: false, place, MayUseReserves: area.Owner, cowFromOwner,
            Anon: true, Mapped: true, content);
    }
}
