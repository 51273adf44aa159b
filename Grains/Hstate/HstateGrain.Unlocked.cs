using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <content>
/// Bugs that did under hugetlb_lock what needs it, or dropped it in between: the turn ends where the kernel did not hold the lock, and another
/// message may be served before it goes on. Reached only with such a bug.
/// </content>
public sealed partial class HstateGrain
{
    private const KernelBug UnlockedUnreserve = KernelBug.SurplusReturnUnlocked | KernelBug.RsvdUnlocked;

    private async ValueTask<Answer<Errno>> UnreserveUnlocked(UnreserveRequest request, Operation operation)
    {
        foreach (var uncharge in request.Uncharges)
        {
            if (_profile.Has(KernelBug.RsvdUnlocked))
            {
                await UnchargeRsvdUnlocked(uncharge);
            }
            else
            {
                _cgroups.UnchargeRsvd(uncharge.Cgroup, uncharge.Pages);
            }
        }

        if (!_profile.Has(KernelBug.SurplusReturnUnlocked) || request.Pages <= 0)
        {
            Pool.AcctMemory(-request.Pages, NodeChoice.Any);
            return Done(operation);
        }

        // return_unused_surplus_pages with cond_resched_lock: no reservation keeps the pages that are about to go.
        foreach (var _ in Pool.ReturnUnusedSurplusPageByPage(request.Pages))
        {
            await Task.Yield();
        }

        return Done(operation);
    }

    // page_counter_uncharge of a counter that another task writes too: what is written is what was read, less.
    private async ValueTask UnchargeRsvdUnlocked(RsvdUncharge uncharge)
    {
        var groups = _cgroups.Groups;
        for (var i = uncharge.Cgroup; i >= 0; i = groups[i].Parent)
        {
            var read = groups[i].RsvdPages;
            await Task.Yield();
            groups[i].RsvdPages = read - uncharge.Pages;
        }
    }

    // alloc_huge_page with a page from the buddy allocator: h->resv_huge_pages-- before spin_lock(&hugetlb_lock).
    private async ValueTask<Answer<long>> AllocUnlocked(AllocRequest request, Operation operation)
    {
        var (read, surplus) = (Pool.ResvPages, Pool.SurplusPages);
        var pfn = Alloc(request);
        if (request.UseReservation && Pool.SurplusPages > surplus)
        {
            Pool.WriteResvPages(read);
            await Task.Yield();
            Pool.WriteResvPages(read - 1);
        }

        return Done(operation, pfn);
    }
}
