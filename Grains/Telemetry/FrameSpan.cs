using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>
/// What one caller does, one thing after the other: a step of a client, or a grain's work for one message. The routines inside it nest like the calls of a thread, so that it
/// knows the innermost, and only it has to be known where code goes on (<see cref="CurrentFrame"/>).
/// </summary>
public abstract class FrameSpan : CompactSpan
{
    private CompactSpan _innermost;

    private protected FrameSpan(CompactFlow flow, CompactSpan? parent, string name)
        : base(flow, parent, name) => _innermost = this;

    /// <summary>The one that the code which runs now is a part of, or null.</summary>
    public static FrameSpan? Current
    {
        get => CurrentFrame.Get();
        set => CurrentFrame.Set(value);
    }

    /// <summary>The routine under way inside it that is in no other one's middle, or itself.</summary>
    public CompactSpan Innermost => _innermost;

    /// <summary>A routine of the kernel begins.</summary>
    /// <param name="name">Its name.</param>
    public RoutineSpan BeginRoutine(string name)
    {
        var routine = new RoutineSpan(_innermost.FlowOfChild, _innermost, name);
        _innermost = routine;
        return routine;
    }

    /// <summary>A routine ends. What somebody started beside it may still be under way, and ends when it does.</summary>
    internal void Leave(RoutineSpan routine)
    {
        if (_innermost == routine)
        {
            do
            {
                _innermost = _innermost.Parent!;
            }
            while (_innermost != this && _innermost.Ended != 0);
        }

        Keep(routine);
    }

    private protected virtual void Keep(RoutineSpan routine) => routine.Flow.End(routine, routine, 1);
}

/// <summary>A step of a client.</summary>
public sealed class StepSpan : FrameSpan
{
    /// <summary>Begins it.</summary>
    /// <param name="flow">The part of its flow here.</param>
    /// <param name="remoteParentId">The span of another process that it lies in, or 0.</param>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Server for what somebody else asked for.</param>
    public StepSpan(CompactFlow flow, ulong remoteParentId, string name, ActivityKind kind)
        : base(flow, null, name)
    {
        Kind = kind;
        LieIn(remoteParentId);
    }

    /// <inheritdoc/>
    public override SpanOrigin Origin => SpanOrigin.Step;

    /// <summary>Server for what somebody else asked for.</summary>
    public override ActivityKind Kind { get; }
}

/// <summary>A message to a grain.</summary>
public sealed class MessageSpan : FrameSpan
{
    // All threads of a process know a flow, so that it takes a lock for each end, but a message's routines end one after the other.
    private const int MostKept = 64;

    private readonly object _target;
    private readonly string? _silo;

    // A ring: its last one knows the first.
    private RoutineSpan? _kept;
    private int _keptCount;

    /// <summary>Begins one that lies in no other span of this process.</summary>
    /// <param name="flow">The part of its flow here.</param>
    /// <param name="remoteParentId">The span of another process that it lies in, or 0.</param>
    /// <param name="name">Its name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan(CompactFlow flow, ulong remoteParentId, string name, in MessageEnds ends)
        : base(flow, null, name)
    {
        (_target, _silo) = (ends.Target, ends.Silo);
        LieIn(remoteParentId, ends.Caller);
    }

    /// <summary>Begins one that is sent inside another span.</summary>
    /// <param name="parent">That.</param>
    /// <param name="name">Its name.</param>
    /// <param name="ends">Who talks to whom.</param>
    public MessageSpan(CompactSpan parent, string name, in MessageEnds ends)
        : base(parent.FlowOfChild, parent, name) => (_target, _silo) = (ends.Target, ends.Silo);

    /// <summary>The message whose work a span is a part of, or null.</summary>
    public static MessageSpan? Around(CompactSpan? span)
    {
        while (span is not null and not MessageSpan)
        {
            span = span.Parent;
        }

        return span as MessageSpan;
    }

    /// <inheritdoc/>
    public override SpanOrigin Origin => SpanOrigin.Message;

    /// <inheritdoc/>
    public override ActivityKind Kind => ActivityKind.Server;

    /// <summary>The id of the grain that is called.</summary>
    public string TargetId => Ends.TargetId;

    private MessageEnds Ends => new(_target, _silo, RemoteCaller);

    private protected override void Keep(RoutineSpan routine)
    {
        if (routine.Flow != Flow)
        {
            base.Keep(routine);
        }
        else if (Ended != 0 || routine.Failed || _keptCount == MostKept)
        {
            EndWithKept(routine);
        }
        else
        {
            routine.Next = _kept is null ? routine : _kept.Next;
            (_kept ?? routine).Next = routine;
            _kept = routine;
            _keptCount++;
        }
    }

    private protected override void OnEnded() => EndWithKept(this);

    // What is kept goes to the flow as a list that ends with one more.
    private void EndWithKept(CompactSpan last)
    {
        var (first, count) = (last, _keptCount + 1);
        if (_kept is not null)
        {
            first = _kept.Next!;
            (_kept.Next, _kept, _keptCount) = (last, null, 0);
        }

        Flow.End(first, last, count);
    }

    private protected override List<KeyValuePair<string, object>> FirstTags() => Ends.Tags(Name, Around(Parent)?.TargetId);

    private protected override void WriteEnds(SpanWriter writer)
    {
        TargetText.Write(_target, writer);
        writer.Text(_silo ?? "");
        if (RemoteCaller is null && Around(Parent) is { } caller)
        {
            TargetText.Write(caller._target, writer);
        }
        else
        {
            writer.Text(RemoteCaller ?? "");
        }
    }
}

/// <summary>A routine of the kernel.</summary>
public sealed class RoutineSpan : CompactSpan
{
    // Most have no more numbers than these: an object less.
    private string? _firstTag;
    private string? _secondTag;
    private long _firstNumber;
    private long _secondNumber;

    internal RoutineSpan(CompactFlow flow, CompactSpan parent, string name)
        : base(flow, parent, name)
    {
    }

    /// <inheritdoc/>
    public override SpanOrigin Origin => SpanOrigin.Routine;

    /// <inheritdoc/>
    public override void Add(string tag, long value)
    {
        if (_firstTag is null)
        {
            (_firstTag, _firstNumber) = (tag, value);
        }
        else if (_secondTag is null)
        {
            (_secondTag, _secondNumber) = (tag, value);
        }
        else
        {
            base.Add(tag, value);
        }
    }

    private protected override void OnEnded() => FrameOf(this).Leave(this);

    private static FrameSpan FrameOf(CompactSpan span)
    {
        while (true)
        {
            span = span.Parent!;
            if (span is FrameSpan frame)
            {
                return frame;
            }
        }
    }

    private protected override void WriteFirstTags(SpanWriter writer)
    {
        if (_secondTag is not null)
        {
            TagNode.WriteNumber(writer, _secondTag, _secondNumber);
        }

        if (_firstTag is not null)
        {
            TagNode.WriteNumber(writer, _firstTag, _firstNumber);
        }
    }

    private protected override List<KeyValuePair<string, object>> FirstTags()
    {
        var tags = new List<KeyValuePair<string, object>>();
        if (_firstTag is not null)
        {
            tags.Add(new(_firstTag, _firstNumber));
        }

        if (_secondTag is not null)
        {
            TagNode.Set(tags, _secondTag, _secondNumber);
        }

        return tags;
    }
}
