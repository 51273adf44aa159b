using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>Calls to the frames of a machine, one message for each node that is concerned.</summary>
internal sealed class FrameCalls(MachineLinks links)
{
    private readonly GrainCalls<IFramesGrain> _firstNode = links.Frames(0);

    /// <summary>A frame comes into use.</summary>
    public Flow<Errno> Take(TakeFrame request) => Of(request.Pfn).Once(request, static (frames, take, id) => frames.Take(take, id));

    /// <summary>hugetlb_wp: may the page be used as it is? Then <paramref name="content"/>, if any, is stored.</summary>
    public Flow<bool> TryReuse(long pfn, int? content) =>
        Of(pfn).Once(new ReuseFrame(pfn, content), static (frames, reuse, id) => frames.TryReuse(reuse, id));

    /// <summary>Moves all that a frame is to another one, but its subpool if that gets lost: <c>migrate_folio_move</c>.</summary>
    public async ValueTask Move(long from, long to, bool losesSubpool = false)
    {
        var image = await Of(from).Once(from, static (frames, pfn, id) => frames.Detach(pfn, id));
        image = losesSubpool ? image with { Subpool = null } : image;
        await Of(to).Once(new AttachFrame(to, image), static (frames, attach, id) => frames.Attach(attach, id));
    }

    /// <summary>Takes a page table reference to each frame.</summary>
    public async ValueTask Share(long[] pfns)
    {
        foreach (var node in Nodes(pfns))
        {
            await Of(node[0]).Once(node, static (frames, shared, id) => frames.Share(shared, id));
        }
    }

    /// <summary>Drops references; pages that nobody uses any more come back in the order in which they were named.</summary>
    public async Flow<FreedPage[]> Put(long[] pfns, bool mapped, long[] restoreReserve)
    {
        if (pfns.Length == 0)
        {
            return [];
        }

        if (IsOneNode(pfns))
        {
            return await PutOnNode(new PutFrames(pfns, mapped, restoreReserve));
        }

        var freed = new List<FreedPage>();
        foreach (var node in Nodes(pfns))
        {
            var restore = Array.FindAll(restoreReserve, pfn => Pfn.Node(pfn) == Pfn.Node(node[0]));
            freed.AddRange(await PutOnNode(new PutFrames(node, mapped, restore)));
        }

        var order = pfns.Select((pfn, i) => (pfn, i)).GroupBy(p => p.pfn).ToDictionary(g => g.Key, g => g.Max(p => p.i));
        return [.. freed.OrderBy(page => order[page.Pfn])];
    }

    /// <summary>Contents and map counts, in the order asked.</summary>
    public async Flow<FrameView[]> Load(long[] pfns)
    {
        if (pfns.Length == 0)
        {
            return [];
        }

        if (IsOneNode(pfns))
        {
            return await LoadFromNode(pfns);
        }

        var views = new Dictionary<long, FrameView>();
        foreach (var node in Nodes(pfns))
        {
            var answers = await LoadFromNode(node);
            for (var i = 0; i < node.Length; i++)
            {
                views[node[i]] = answers[i];
            }
        }

        return Array.ConvertAll(pfns, pfn => views[pfn]);
    }

    /// <summary>Stores one value into all frames.</summary>
    public async ValueTask Store(long[] pfns, int content)
    {
        foreach (var node in Nodes(pfns))
        {
            await Of(node[0]).Once(new StoreFrames(node, content), static (frames, store, id) => frames.Store(store, id));
        }
    }

    private Flow<FrameView[]> LoadFromNode(long[] pfns) => Of(pfns[0]).Ask(pfns, static (frames, asked) => frames.Load(asked));

    private Flow<FreedPage[]> PutOnNode(PutFrames request) =>
        Of(request.Pfns[0]).Once(request, static (frames, put, id) => frames.Put(put, id));

    private GrainCalls<IFramesGrain> Of(long pfn) => Pfn.Node(pfn) is var node && node == 0 ? _firstNode : links.Frames(node);

    private static bool IsOneNode(long[] pfns) => Array.TrueForAll(pfns, pfn => Pfn.Node(pfn) == Pfn.Node(pfns[0]));

    private static IEnumerable<long[]> Nodes(long[] pfns) =>
        pfns.Length == 0 ? [] : IsOneNode(pfns) ? [pfns] : pfns.GroupBy(Pfn.Node).Select(g => g.ToArray());
}
