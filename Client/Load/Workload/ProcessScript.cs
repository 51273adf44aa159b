namespace Hugesim.Load;

/// <summary>A mapping of an emulated process.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="Pages">Its huge pages; 0 where nothing is mapped.</param>
/// <param name="Next">The page that <c>next</c> means.</param>
internal record struct MappingSlot(long Address, long Pages, long Next);

/// <summary>
/// What an emulated process does next. It knows what it has mapped, opened and forked, makes all random choices of its profile from a seed of its own,
/// and calls nobody: the caller executes a step and says how it went.
/// </summary>
internal sealed class ProcessScript
{
    // Lines drawn in a row that had nothing to do: then the process has nothing to live for.
    private const int MostIdleLines = 100;

    private const int NotOpen = -1;

    private readonly MappingSlot[] _mappings;
    private readonly int[] _files;
    private readonly long[] _segments;
    private SplitMix _random;
    private IReadOnlyList<WorkloadStep> _steps;
    private int _at;
    private long _linesLeft;
    private int _livingChildren;
    private bool _hasGivenUp;

    /// <summary>A new process.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="random">Where its choices come from.</param>
    /// <param name="parent">The process that it was forked from, whose memory and files it has; null for a new one.</param>
    public ProcessScript(ProcessKind kind, SplitMix random, ProcessScript? parent = null)
    {
        (Kind, _random, _steps) = (kind, random, kind.Start);
        _mappings = kind.Mappings.Count == 0 ? [] : new MappingSlot[kind.Mappings.Count];
        _files = kind.Files.Count == 0 ? [] : new int[kind.Files.Count];
        _segments = kind.Segments.Count == 0 ? [] : new long[kind.Segments.Count];
        Array.Fill(_files, NotOpen);
        Array.Fill(_segments, NotOpen);
        parent?._mappings.AsSpan().CopyTo(_mappings);
        parent?._files.AsSpan().CopyTo(_files);
        parent?._segments.AsSpan().CopyTo(_segments);
        _linesLeft = kind.Life is { } life ? _random.Between(life.Min, life.Max) : long.MaxValue;
    }

    /// <summary>Its kind.</summary>
    public ProcessKind Kind { get; }

    /// <summary>Everything under <c>start</c> is done.</summary>
    public bool IsStarted => !_hasGivenUp && (!IsInStart || _at == _steps.Count);

    /// <summary>The last step was one under <c>start</c>.</summary>
    public bool IsInStart => ReferenceEquals(_steps, Kind.Start);

    /// <summary>Children by <c>fork</c> that live. The children end on other threads.</summary>
    public int LivingChildren => Volatile.Read(ref _livingChildren);

    /// <summary>The next step; an <see cref="ExitStep"/> at the end of its life.</summary>
    public WorkloadCall Next()
    {
        for (var idle = 0; idle < MostIdleLines; idle++)
        {
            while (_at < _steps.Count)
            {
                if (Choose(_steps[_at++]) is { } call)
                {
                    return call;
                }
            }

            if (_linesLeft == 0 || Kind.Repeat.Count == 0)
            {
                break;
            }

            _linesLeft--;
            (_steps, _at) = (DrawLine(), 0);
        }

        return new WorkloadCall(ExitStep.OfLife);
    }

    /// <summary>A mapping was made or, with 0 pages, ended.</summary>
    public void SetMapping(int mapping, long address, long pages) => _mappings[mapping] = new MappingSlot(address, pages, 0);

    /// <summary>A mapping.</summary>
    public MappingSlot Mapping(int mapping) => _mappings[mapping];

    /// <summary>A file was opened or, with -1, closed.</summary>
    public void SetFile(int file, int fd) => _files[file] = fd;

    /// <summary>The descriptor of a file, or -1.</summary>
    public int File(int file) => file < 0 ? NotOpen : _files[file];

    /// <summary>A segment was made or, with -1, removed.</summary>
    public void SetSegment(int segment, long id) => _segments[segment] = id;

    /// <summary>The number of a segment, or -1.</summary>
    public long Segment(int segment) => _segments[segment];

    /// <summary>A child was forked, or has ended.</summary>
    public void CountChild(int change) => Interlocked.Add(ref _livingChildren, change);

    /// <summary>It cannot go on: the next step is its end.</summary>
    public void GiveUp() => (_at, _linesLeft, _hasGivenUp) = (_steps.Count, 0, true);

    /// <summary>A generator for another process, which follows from this one's.</summary>
    public SplitMix NewStream() => new(_random.Next());

    private WorkloadStep[] DrawLine()
    {
        var at = _random.Below(Kind.TotalWeight);
        foreach (var line in Kind.Repeat)
        {
            at -= line.Weight;
            if (at < 0)
            {
                return line.Steps;
            }
        }

        throw new InvalidOperationException("the weights of a profile do not add up");
    }

    // Null where the step cannot be done now: nothing is mapped there, or the name is in use.
    private WorkloadCall? Choose(WorkloadStep step) => step switch
    {
        MmapStep mmap => _mappings[mmap.Mapping].Pages > 0 || (mmap.File >= 0 && _files[mmap.File] < 0) ? null : Length(step, mmap.Length),
        TouchStep touch => Pages(touch, touch.Pages),
        AdviseStep advise => Pages(advise, advise.Pages),
        OnMappingStep on => _mappings[on.Mapping].Pages > 0 ? new WorkloadCall(step) : null,
        OpenStep open => _files[open.File] >= 0 ? null : new WorkloadCall(step),
        OnFileStep on when _files[on.File] < 0 => null,
        TruncateStep truncate => Length(step, truncate.Length),
        FallocateStep fallocate => new WorkloadCall(step, fallocate.First, fallocate.Count),
        ShmGetStep get => _segments[get.Segment] >= 0 ? null : Length(step, get.Length),
        ShmAttachStep attach => _mappings[attach.Mapping].Pages > 0 || _segments[attach.Segment] < 0 ? null : new WorkloadCall(step),
        ShmRemoveStep remove => _segments[remove.Segment] < 0 ? null : new WorkloadCall(step),
        ForkStep => LivingChildren > 0 ? null : new WorkloadCall(step),
        _ => new WorkloadCall(step),
    };

    private WorkloadCall Length(WorkloadStep step, PageCount length) => new(step, 0, _random.Between(length.Min, length.Max));

    private WorkloadCall? Pages(OnMappingStep step, PageChoice choice)
    {
        ref var mapping = ref _mappings[step.Mapping];
        var pages = mapping.Pages;
        if (pages == 0)
        {
            return null;
        }

        var count = Math.Min(choice.Count, pages);
        switch (choice.Kind)
        {
            case PageChoiceKind.All:
                return new WorkloadCall(step, 0, pages);
            case PageChoiceKind.Any:
                return new WorkloadCall(step, _random.Below(pages - count + 1), count);
            case PageChoiceKind.Next:
                var first = mapping.Next;
                count = Math.Min(count, pages - first);
                mapping.Next = first + count == pages ? 0 : first + count;
                return new WorkloadCall(step, first, count);
            default:
                // A range behind the end is the profile's own wish.
                return new WorkloadCall(step, choice.First, choice.Count);
        }
    }
}
