using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>Calls to the frames of a machine, one message for each node that is concerned.</summary>
internal sealed class FrameCalls(IGrainFactory grains, string machine)
{
    private readonly Dictionary<int, IFramesGrain> _nodes = [];

    /// <summary>The grain that holds a frame.</summary>
    public IFramesGrain Of(long pfn)
    {
        var node = Pfn.Node(pfn);
        if (!_nodes.TryGetValue(node, out var frames))
        {
            _nodes[node] = frames = grains.GetGrain<IFramesGrain>(Keys.Frames(machine, node));
        }

        return frames;
    }

    /// <summary>Takes a page table reference to each frame.</summary>
    public async ValueTask Share(long[] pfns)
    {
        foreach (var node in Nodes(pfns))
        {
            await Of(node[0]).Share(node);
        }
    }

    /// <summary>Drops references; pages that nobody uses any more come back in the order in which they were named.</summary>
    public async ValueTask<FreedPage[]> Put(long[] pfns, bool mapped, long[] restoreReserve)
    {
        if (pfns.Length == 0)
        {
            return [];
        }

        if (IsOneNode(pfns))
        {
            return await Of(pfns[0]).Put(new PutFrames(pfns, mapped, restoreReserve));
        }

        var freed = new List<FreedPage>();
        foreach (var node in Nodes(pfns))
        {
            var restore = Array.FindAll(restoreReserve, pfn => Pfn.Node(pfn) == Pfn.Node(node[0]));
            freed.AddRange(await Of(node[0]).Put(new PutFrames(node, mapped, restore)));
        }

        var order = pfns.Select((pfn, i) => (pfn, i)).GroupBy(p => p.pfn).ToDictionary(g => g.Key, g => g.Max(p => p.i));
        return [.. freed.OrderBy(page => order[page.Pfn])];
    }

    /// <summary>Contents and map counts, in the order asked.</summary>
    public async ValueTask<FrameView[]> Load(long[] pfns)
    {
        if (pfns.Length == 0)
        {
            return [];
        }

        if (IsOneNode(pfns))
        {
            return await Of(pfns[0]).Load(pfns);
        }

        var views = new Dictionary<long, FrameView>();
        foreach (var node in Nodes(pfns))
        {
            var answers = await Of(node[0]).Load(node);
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
            await Of(node[0]).Store(node, content);
        }
    }

    private static bool IsOneNode(long[] pfns) => Array.TrueForAll(pfns, pfn => Pfn.Node(pfn) == Pfn.Node(pfns[0]));

    private static IEnumerable<long[]> Nodes(long[] pfns) =>
        pfns.Length == 0 ? [] : IsOneNode(pfns) ? [pfns] : pfns.GroupBy(Pfn.Node).Select(g => g.ToArray());
}
