using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>
/// A span of a flow that is sent only if it fails: as little as is needed to make a whole span of it then. Nearly all flows are recorded like this and forgotten,
/// so it is one small object, and names, identifiers and times take their final form only when it is sent.
/// </summary>
public sealed class CompactSpan
{
    private const int FewTags = 4;

    private static readonly AsyncLocal<CompactSpan?> s_current = new();

    private (string Tag, long Number)[]? _numbers;
    private int _numberCount;
    private List<(string Tag, object Value)>? _others;
    private ulong _id;
    private FlowLink? _link;

    private CompactSpan(CompactFlow flow, CompactSpan? parent, ulong parentId, string name, string source, ActivityKind kind)
    {
        (Flow, Parent, RemoteParentId, Name, Source, Kind) = (flow, parent, parentId, name, source, kind);
        Began = Stopwatch.GetTimestamp();
    }

    /// <summary>The span that the code which runs now is a part of, or null.</summary>
    public static CompactSpan? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    /// <summary>The part of its flow in this process.</summary>
    public CompactFlow Flow { get; }

    /// <summary>The span of this process that it lies in, or null.</summary>
    public CompactSpan? Parent { get; }

    /// <summary>The span of another process that it lies in, or 0.</summary>
    public ulong RemoteParentId { get; }

    /// <summary>Its name, as in <see cref="Activity.OperationName"/>.</summary>
    public string Name { get; }

    /// <summary>The name of the activity source that would have made it.</summary>
    public string Source { get; }

    /// <summary>Its kind.</summary>
    public ActivityKind Kind { get; }

    /// <summary>When it began, by <see cref="Stopwatch"/>.</summary>
    public long Began { get; }

    /// <summary>When it ended; 0 while it is under way.</summary>
    public long Ended { get; private set; }

    /// <summary>It failed.</summary>
    public bool Failed { get; private set; }

    /// <summary>Why, if it failed.</summary>
    public string? Cause { get; private set; }

    /// <summary>Of a message: the grain that is called, the one that calls, and the silo.</summary>
    public MessageEnds Message { get; init; }

    /// <summary>The next one in the list of its flow.</summary>
    public CompactSpan? Next { get; set; }

    /// <summary>Its identifier, drawn when somebody asks.</summary>
    public ulong Id
    {
        get
        {
            if (_id == 0)
            {
                Interlocked.CompareExchange(ref _id, (ulong)Random.Shared.NextInt64(1, long.MaxValue), 0);
            }

            return _id;
        }
    }

    /// <summary>It lies in no other span of this process.</summary>
    public bool IsOutermost => Parent is null || Parent.Flow != Flow;

    /// <summary>The identifier of the span that it lies in, or 0.</summary>
    public ulong ParentId => Parent?.Id ?? RemoteParentId;

    /// <summary>What travels with messages that are sent inside it.</summary>
    public FlowLink Link => _link ??= new FlowLink(Flow.TraceHigh, Flow.TraceLow, Id, IsDrawn: false) { Local = this };

    /// <summary>A span of this process begins that lies in no other one of it.</summary>
    public static CompactSpan BeginOutermost(CompactFlow flow, ulong parentId, string name, string source, ActivityKind kind, MessageEnds message = default) =>
        new(flow, null, parentId, name, source, kind) { Message = message };

    /// <summary>A span begins inside this one.</summary>
    public CompactSpan Begin(string name, string source, ActivityKind kind, MessageEnds message = default)
    {
        // What a flow left behind goes on after its end: it is then a part of its own.
        var flow = Flow.IsGone ? Flow.Again() : Flow;
        return new CompactSpan(flow, this, 0, name, source, kind) { Message = message };
    }

    /// <summary>Adds a number.</summary>
    public void Add(string tag, long value)
    {
        _numbers ??= new (string, long)[FewTags];
        if (_numberCount == _numbers.Length)
        {
            Array.Resize(ref _numbers, 2 * _numberCount);
        }

        _numbers[_numberCount++] = (tag, value);
    }

    /// <summary>So many numbers will be added.</summary>
    public void Expect(int numbers) => _numbers ??= new (string, long)[numbers];

    /// <summary>Adds something else.</summary>
    public void Add(string tag, object? value) => (_others ??= []).Add((tag, value ?? ""));

    /// <summary>Marks it as failed.</summary>
    public void Fail(string cause) => (Failed, Cause) = (true, cause);

    /// <summary>It ends.</summary>
    public void End()
    {
        Ended = Stopwatch.GetTimestamp();
        Flow.End(this);
    }

    /// <summary>Its tags, the last value of each: of the message, then numbers and then others in the order in which they were set.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Tags()
    {
        var tags = Message.Tags(Name);
        for (var i = 0; i < _numberCount; i++)
        {
            Set(tags, _numbers![i].Tag, _numbers[i].Number);
        }

        foreach (var (tag, value) in _others ?? [])
        {
            Set(tags, tag, value);
        }

        return tags;
    }

    /// <summary>The value of a tag, or null.</summary>
    public object? Tag(string name) => Tags().FirstOrDefault(tag => tag.Key == name).Value;

    private static void Set(List<KeyValuePair<string, object>> tags, string tag, object value)
    {
        var at = tags.FindIndex(known => known.Key == tag);
        if (at < 0)
        {
            tags.Add(new(tag, value));
        }
        else
        {
            tags[at] = new(tag, value);
        }
    }
}

/// <summary>Who talks to whom in a message.</summary>
/// <param name="Target">The grain that is called: its id, or what says it as text. Null where there is no message.</param>
/// <param name="Caller">The grain that calls, or null.</param>
/// <param name="Silo">The silo, or null.</param>
public readonly record struct MessageEnds(object? Target, object? Caller, string? Silo)
{
    /// <summary>What a message's span says, by the names of Orleans and OpenTelemetry.</summary>
    /// <param name="method">Interface and method, such as <c>IHstateGrain/Reserve</c>.</param>
    public List<KeyValuePair<string, object>> Tags(string method)
    {
        if (Target is null)
        {
            return [];
        }

        List<KeyValuePair<string, object>> tags =
        [
            new("rpc.system.name", "orleans"),
            new("orleans.rpc.service", method[..Math.Max(0, method.IndexOf('/', StringComparison.Ordinal))]),
            new("rpc.method", method),
            new("orleans.rpc.target_id", Target.ToString()!),
        ];
        if (Silo is not null)
        {
            tags.Add(new("hugesim.silo", Silo));
        }

        if (Caller is not null)
        {
            tags.Add(new("orleans.rpc.source_id", Caller.ToString()!));
        }

        return tags;
    }
}
