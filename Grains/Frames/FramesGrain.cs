using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>The page frames of one NUMA node.</summary>
[KeepAlive]
public sealed class FramesGrain : Grain, IFramesGrain
{
    private readonly FrameTable _frames = new();

    /// <inheritdoc/>
    public ValueTask Take(TakeFrame request)
    {
        // A page of the cache is referenced by the cache; a mapping's entry is a reference of its own.
        var mapped = request.Mapped ? 1 : 0;
        _frames.Take(request.Pfn, new Frame
        {
            RefCount = request.Anon ? mapped : mapped + 1,
            MapCount = mapped,
            Anon = request.Anon,
            Subpool = request.Subpool,
            Cgroup = request.Cgroup,
            RsvdCgroup = request.RsvdCgroup,
            Content = request.Content,
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask Share(long[] pfns)
    {
        foreach (var pfn in pfns)
        {
            _frames.AddReference(pfn, mapped: true);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<FreedPage[]> Put(PutFrames request)
    {
        foreach (var pfn in request.RestoreReserve)
        {
            _frames.Get(pfn).RestoreReserve = true;
        }

        var freed = new List<FreedPage>();
        foreach (var pfn in request.Pfns)
        {
            if (_frames.DropReference(pfn, request.Mapped) is { } frame)
            {
                freed.Add(new FreedPage(pfn, frame.Subpool, frame.Cgroup, frame.RsvdCgroup, frame.RestoreReserve));
            }
        }

        return new(freed.ToArray());
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryReuse(long pfn, int? content)
    {
        if (!_frames.CanReuse(pfn))
        {
            return new(false);
        }

        var frame = _frames.Get(pfn);
        frame.Content = content ?? frame.Content;
        return new(true);
    }

    /// <inheritdoc/>
    public ValueTask<FrameView[]> Load(long[] pfns) =>
        new(Array.ConvertAll(pfns, pfn => new FrameView(_frames.Get(pfn).Content, _frames.Get(pfn).MapCount)));

    /// <inheritdoc/>
    public ValueTask Store(long[] pfns, int content)
    {
        foreach (var pfn in pfns)
        {
            _frames.Get(pfn).Content = content;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<FrameImage> Detach(long pfn)
    {
        var frame = _frames.Remove(pfn);
        return new(new FrameImage(
            frame.RefCount, frame.MapCount, frame.Anon, frame.RestoreReserve, frame.Subpool, frame.Cgroup, frame.RsvdCgroup, frame.Content));
    }

    /// <inheritdoc/>
    public ValueTask Attach(long pfn, FrameImage image)
    {
        _frames.Take(pfn, new Frame
        {
            RefCount = image.RefCount,
            MapCount = image.MapCount,
            Anon = image.Anon,
            RestoreReserve = image.RestoreReserve,
            Subpool = image.Subpool,
            Cgroup = image.Cgroup,
            RsvdCgroup = image.RsvdCgroup,
            Content = image.Content,
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<FrameAudit[]> Audit() =>
        new(_frames.All.Select(f => new FrameAudit(
            f.Key, f.Value.RefCount, f.Value.MapCount, f.Value.Anon, f.Value.RestoreReserve, f.Value.Subpool, f.Value.Cgroup, f.Value.RsvdCgroup)).ToArray());
}
