using System.Globalization;

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

    /// <summary>Writes it.</summary>
    public abstract void Write(SpanWriter writer);

    /// <summary>Writes what would be written of a <see cref="NumberTag"/>.</summary>
    public static void WriteNumber(SpanWriter writer, string tag, long number)
    {
        writer.Byte((byte)Form.Number);
        writer.Name(tag);
        writer.Number(number);
    }

    /// <summary>Writes that no more tags follow.</summary>
    public static void WriteEnd(SpanWriter writer) => writer.Byte((byte)Form.End);

    /// <summary>The next tag that was written, or null at the end.</summary>
    public static TagNode? Read(ref SpanReader reader) => (Form)reader.Byte() switch
    {
        Form.End => null,
        Form.Number => new NumberTag(reader.Name(), reader.Number()),
        Form.FourNumbers => new FourNumbers(
            new FourTags(reader.Name(), reader.Name(), reader.Name(), reader.Name()), reader.Number(), reader.Number(), reader.Number(), reader.Number()),
        Form.Text => new ObjectTag(reader.Name(), reader.Text()),
        Form.Truth => new ObjectTag(reader.Name(), reader.Byte() != 0),
        Form.Fraction => new ObjectTag(reader.Name(), BitConverter.UInt64BitsToDouble(reader.Id())),
        Form.RemoteParent => new RemoteParent(reader.Id(), reader.TextOrNull()),
        Form.Cause => new CauseTag(reader.Text()),
        var form => throw new InvalidOperationException($"a packed span has a tag of the unknown form {form}"),
    };

    protected abstract void AddTo(List<KeyValuePair<string, object>> tags);

    /// <summary>What is written of a tag.</summary>
    protected enum Form : byte
    {
        /// <summary>None follows.</summary>
        End,

        /// <summary>A <see cref="NumberTag"/>.</summary>
        Number,

        /// <summary>A <see cref="Telemetry.FourNumbers"/>.</summary>
        FourNumbers,

        /// <summary>An <see cref="ObjectTag"/> of a string.</summary>
        Text,

        /// <summary>One of a bool.</summary>
        Truth,

        /// <summary>One of a double.</summary>
        Fraction,

        /// <summary>A <see cref="Telemetry.RemoteParent"/>.</summary>
        RemoteParent,

        /// <summary>A <see cref="CauseTag"/>.</summary>
        Cause,
    }
}

/// <summary>A number.</summary>
internal sealed class NumberTag(string tag, long number) : TagNode
{
    public override void Write(SpanWriter writer) => WriteNumber(writer, tag, number);

    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, number);
}

/// <summary>Four of them.</summary>
internal sealed class FourNumbers(FourTags names, long first, long second, long third, long fourth) : TagNode
{
    public override void Write(SpanWriter writer)
    {
        writer.Byte((byte)Form.FourNumbers);
        writer.Name(names.First);
        writer.Name(names.Second);
        writer.Name(names.Third);
        writer.Name(names.Fourth);
        writer.Number(first);
        writer.Number(second);
        writer.Number(third);
        writer.Number(fourth);
    }

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
    public override void Write(SpanWriter writer)
    {
        switch (value)
        {
            case bool truth:
                Begin(Form.Truth);
                writer.Byte(truth ? (byte)1 : (byte)0);
                break;
            case double fraction:
                Begin(Form.Fraction);
                writer.Id(BitConverter.DoubleToUInt64Bits(fraction));
                break;
            case long number:
                WriteNumber(writer, tag, number);
                break;
            case int number:
                WriteNumber(writer, tag, number);
                break;
            default:
                // What is none of these is text for all who read it.
                Begin(Form.Text);
                writer.Text(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }

        void Begin(Form form)
        {
            writer.Byte((byte)form);
            writer.Name(tag);
        }
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, value);
}

/// <summary>The span of another process that it lies in, which is no tag of it.</summary>
internal sealed class RemoteParent(ulong id, string? caller) : TagNode
{
    public ulong Id => id;

    public string? Caller => caller;

    public override void Write(SpanWriter writer)
    {
        writer.Byte((byte)Form.RemoteParent);
        writer.Id(id);
        writer.Text(caller ?? "");
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}

/// <summary>Why the span failed, which is no tag of it.</summary>
internal sealed class CauseTag(string cause) : TagNode
{
    public string Cause => cause;

    public override void Write(SpanWriter writer)
    {
        writer.Byte((byte)Form.Cause);
        writer.Text(cause);
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}
