using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>What a span is of.</summary>
public enum SpanOrigin
{
    /// <summary>A step of a client.</summary>
    Step,

    /// <summary>A message.</summary>
    Message,

    /// <summary>A routine of the kernel.</summary>
    Routine,
}

/// <summary>
/// A span of a flow, with as little as is needed to make a whole span of it later. Nearly all flows are recorded like this and forgotten, so it is one small object, and names,
/// identifiers and times take their final form only when it is sent or looked at.
/// </summary>
public abstract class CompactSpan
{
    private TagNode? _tags;
    private int _number;

    private protected CompactSpan(CompactFlow flow, CompactSpan? parent, string name)
    {
        (Flow, Parent, Name) = (flow, parent, name);
        Began = Stopwatch.GetTimestamp();
    }

    private protected CompactSpan(CompactFlow flow, ref SpanReader reader)
    {
        (Flow, Name, Began) = (flow, reader.Name(), (long)reader.Id());
        Ended = Began + reader.Number();
        Failed = reader.Byte() != 0;
    }

    /// <summary>What it is of.</summary>
    public abstract SpanOrigin Origin { get; }

    /// <summary>Its place between who asks and who answers.</summary>
    public virtual ActivityKind Kind => ActivityKind.Internal;

    /// <summary>The part of its flow in this process.</summary>
    public CompactFlow Flow { get; }

    /// <summary>The span of this process that it lies in, or null.</summary>
    public CompactSpan? Parent { get; }

    /// <summary>Its name, as in <see cref="Activity.OperationName"/>.</summary>
    public string Name { get; }

    /// <summary>When it began, by <see cref="Stopwatch"/>.</summary>
    public long Began { get; }

    /// <summary>When it ended; 0 while it is under way.</summary>
    public long Ended { get; private set; }

    /// <summary>It failed.</summary>
    public bool Failed { get; private set; }

    /// <summary>Why, if it failed.</summary>
    public string? Cause => Failed ? TagNode.Find<CauseTag>(_tags)?.Cause : null;

    /// <summary>The next one in the list of its flow.</summary>
    public CompactSpan? Next { get; set; }

    /// <summary>Its identifier, made when somebody asks.</summary>
    public virtual ulong Id
    {
        get
        {
            if (_number == 0)
            {
                Interlocked.CompareExchange(ref _number, Flow.NextNumber(), 0);
            }

            return Flow.IdOf(_number);
        }
    }

    /// <summary>It lies in no other span of this process.</summary>
    public bool IsOutermost => Parent is null || Parent.Flow != Flow;

    /// <summary>The identifier of the span that it lies in, or 0.</summary>
    public virtual ulong ParentId => Parent?.Id ?? TagNode.Find<RemoteParent>(_tags)?.Id ?? 0;

    /// <summary>The flow of what begins inside it.</summary>
    internal CompactFlow FlowOfChild => Flow.IsGone ? Flow.Again() : Flow; // What a flow left behind goes on after its end: it is then a part of its own.

    /// <summary>Adds a number.</summary>
    public virtual void Add(string tag, long value) => Add(new NumberTag(tag, value));

    /// <summary>Adds four numbers that are always set together.</summary>
    public void Add(FourTags tags, long first, long second, long third, long fourth) => Add(new FourNumbers(tags, first, second, third, fourth));

    /// <summary>Adds something else.</summary>
    public void Add(string tag, object? value) => Add(new ObjectTag(tag, value ?? ""));

    /// <summary>Marks it as failed.</summary>
    public void Fail(string cause)
    {
        Failed = true;
        Add(new CauseTag(cause));
    }

    /// <summary>It ends.</summary>
    public void End()
    {
        Ended = Stopwatch.GetTimestamp();
        OnEnded();
    }

    /// <summary>Its tags, the last value of each: of the message, the first two numbers of a routine, and all others in the order in which they were set.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Tags()
    {
        var tags = FirstTags();
        _tags?.AddAll(tags);
        return tags;
    }

    /// <summary>The value of a tag, or null.</summary>
    public object? Tag(string name) => Tags().FirstOrDefault(tag => tag.Key == name).Value;

    private protected virtual void OnEnded() => Flow.End(this, this, 1);

    private protected virtual List<KeyValuePair<string, object>> FirstTags() => [];

    /// <summary>Writes it for <see cref="PackedSpans"/>.</summary>
    internal void Write(SpanWriter writer)
    {
        writer.Name(Name);
        writer.Id((ulong)Began);
        writer.Number(Ended - Began);
        writer.Byte(Failed ? (byte)1 : (byte)0);
        writer.Id(Id);
        writer.Id(ParentId);
        writer.Byte((byte)Origin);
        writer.Byte((byte)Kind);
        WriteEnds(writer);
        for (var tag = _tags; tag is not null; tag = tag.Before)
        {
            tag.Write(writer);
        }

        WriteFirstTags(writer);
        TagNode.WriteEnd(writer);
    }

    private protected virtual void WriteEnds(SpanWriter writer)
    {
    }

    // The tag that was set last is written first.
    private protected virtual void WriteFirstTags(SpanWriter writer)
    {
    }

    private protected void ReadTags(ref SpanReader reader)
    {
        var tags = new Stack<TagNode>();
        while (TagNode.Read(ref reader) is { } tag)
        {
            tags.Push(tag);
        }

        foreach (var tag in tags)
        {
            Add(tag);
        }
    }

    private void Add(TagNode tag)
    {
        tag.Before = _tags;
        _tags = tag;
    }

    /// <summary>It lies in a span of another process, or in none if that is 0.</summary>
    private protected void LieIn(ulong remoteParentId, string? caller = null)
    {
        if (remoteParentId != 0)
        {
            Add(new RemoteParent(remoteParentId, caller));
        }
    }

    /// <summary>The id of the grain whose work that span of another process is a part of, or null.</summary>
    private protected string? RemoteCaller => TagNode.Find<RemoteParent>(_tags)?.Caller;
}
