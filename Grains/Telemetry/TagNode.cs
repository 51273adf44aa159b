namespace Hugesim.Telemetry;

/// <summary>The names of four numbers that are always set together: one object has all of them.</summary>
/// <param name="First">Of the first.</param>
/// <param name="Second">Of the second.</param>
/// <param name="Third">Of the third.</param>
/// <param name="Fourth">Of the fourth.</param>
public sealed record FourTags(string First, string Second, string Third, string Fourth);

/// <summary>A tag of a <see cref="CompactSpan"/>, or some; each knows the one that was set before it.</summary>
internal abstract class TagNode
{
    public TagNode? Before { get; set; }

    /// <summary>The one of a kind that was set last.</summary>
    public static T? Find<T>(TagNode? last)
        where T : TagNode
    {
        for (var node = last; node is not null; node = node.Before)
        {
            if (node is T found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>A tag has one value, the last.</summary>
    public static void Set(List<KeyValuePair<string, object>> tags, string tag, object value)
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

    /// <summary>Adds those before it, and itself.</summary>
    public void AddAll(List<KeyValuePair<string, object>> tags)
    {
        var nodes = new Stack<TagNode>();
        for (var node = this; node is not null; node = node.Before)
        {
            nodes.Push(node);
        }

        foreach (var node in nodes)
        {
            node.AddTo(tags);
        }
    }

    protected abstract void AddTo(List<KeyValuePair<string, object>> tags);
}

/// <summary>A number.</summary>
internal sealed class NumberTag(string tag, long number) : TagNode
{
    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, number);
}

/// <summary>Four of them.</summary>
internal sealed class FourNumbers(FourTags names, long first, long second, long third, long fourth) : TagNode
{
    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
        Set(tags, names.First, first);
        Set(tags, names.Second, second);
        Set(tags, names.Third, third);
        Set(tags, names.Fourth, fourth);
    }
}

/// <summary>Something else.</summary>
internal sealed class ObjectTag(string tag, object value) : TagNode
{
    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, value);
}

/// <summary>The span of another process that it lies in, which is no tag of it.</summary>
internal sealed class RemoteParent(ulong id, string? caller) : TagNode
{
    public ulong Id => id;

    public string? Caller => caller;

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}

/// <summary>Why the span failed, which is no tag of it.</summary>
internal sealed class CauseTag(string cause) : TagNode
{
    public string Cause => cause;

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}
