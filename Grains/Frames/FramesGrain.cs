using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>The page frames of one NUMA node.</summary>
[KeepAlive, Immovable, OnOwnerOfNode]
public sealed class FramesGrain : StatefulGrain<FramesState>, IFramesGrain, ILookedInto<FrameAudit[]>
{
    private FrameTable? _frames;
    private StateLoss? _loss;

    /// <inheritdoc/>
    protected override string Kind => "frames";

    private FrameTable Frames => _loss is null ? _frames ?? throw Lost() : throw ErrorOf(_loss);

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Boot(MachineContext machine, Operation operation)
    {
        if (_frames is not null && Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        (_frames, _loss) = (new FrameTable(), null);
        Begin();
        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask Break(StateLoss loss)
    {
        _loss ??= _frames is null ? null : loss;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Take(TakeFrame request, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        // A page of the cache is referenced by the cache; a mapping's entry is a reference of its own.
        var mapped = request.Mapped ? 1 : 0;
        frames.Take(request.Pfn, new Frame
        {
            RefCount = request.Anon ? mapped : mapped + 1,
            MapCount = mapped,
            Anon = request.Anon,
            Subpool = request.Subpool,
            Cgroup = request.Cgroup,
            RsvdCgroup = request.RsvdCgroup,
            Content = request.Content,
        });
        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Share(long[] pfns, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        foreach (var pfn in pfns)
        {
            frames.AddReference(pfn, mapped: true);
        }

        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<FreedPage[]>> Put(PutFrames request, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again<FreedPage[]>(known));
        }

        foreach (var pfn in request.RestoreReserve)
        {
            frames.Get(pfn).RestoreReserve = true;
        }

        var freed = new List<FreedPage>();
        foreach (var pfn in request.Pfns)
        {
            if (frames.DropReference(pfn, request.Mapped) is { } frame)
            {
                freed.Add(new FreedPage(pfn, frame.Subpool, frame.Cgroup, frame.RsvdCgroup, frame.RestoreReserve));
            }
        }

        return new(Done(operation, freed.ToArray()));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<bool>> TryReuse(ReuseFrame request, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(AgainTruth(known));
        }

        if (!frames.CanReuse(request.Pfn))
        {
            return new(Done(operation, false));
        }

        var frame = frames.Get(request.Pfn);
        frame.Content = request.Content ?? frame.Content;
        return new(Done(operation, true));
    }

    /// <inheritdoc/>
    public ValueTask<FrameView[]> Load(long[] pfns)
    {
        var frames = Frames;
        return new(Array.ConvertAll(pfns, pfn => new FrameView(frames.Get(pfn).Content, frames.Get(pfn).MapCount)));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Store(StoreFrames request, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        foreach (var pfn in request.Pfns)
        {
            frames.Get(pfn).Content = request.Content;
        }

        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<FrameImage>> Detach(long pfn, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again<FrameImage>(known));
        }

        var frame = frames.Remove(pfn);
        return new(Done(operation, new FrameImage(
            frame.RefCount, frame.MapCount, frame.Anon, frame.RestoreReserve, frame.Subpool, frame.Cgroup, frame.RsvdCgroup, frame.Content)));
    }

    /// <inheritdoc/>
    public ValueTask<Answer<Errno>> Attach(AttachFrame request, Operation operation)
    {
        var frames = Frames;
        if (Repeats(operation, out var known))
        {
            return new(Again(known));
        }

        var image = request.Image;
        frames.Take(request.Pfn, new Frame
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
        return new(Done(operation));
    }

    /// <inheritdoc/>
    public ValueTask<FrameAudit[]?> Audit() => new(Look() ?? Absent<FrameAudit[]>());

    /// <inheritdoc/>
    public ValueTask PowerOff()
    {
        _frames = null;
        DeactivateOnIdle();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public FrameAudit[]? Look() => _frames?.All.Select(f => new FrameAudit(
        f.Key, f.Value.RefCount, f.Value.MapCount, f.Value.Anon, f.Value.RestoreReserve, f.Value.Subpool, f.Value.Cgroup, f.Value.RsvdCgroup)).ToArray();

    /// <inheritdoc/>
    protected override FramesState? Capture() => _frames is null ? null : new(_frames.Capture(), _loss);

    /// <inheritdoc/>
    protected override void Restore(FramesState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_frames, _loss) = (new FrameTable(state.Frames), state.Loss);
    }
}
