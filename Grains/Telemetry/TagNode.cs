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

    /// <summary>Writes it; false if it has no form for that.</summary>
    public abstract bool TryWrite(BinaryWriter writer);

    /// <summary>Writes what would be written of a <see cref="NumberTag"/>.</summary>
    public static bool WriteNumber(BinaryWriter writer, string tag, long number)
    {
        writer.Write((byte)Form.Number);
        writer.Write(tag);
        writer.Write7BitEncodedInt64(number);
        return true;
    }

    /// <summary>Writes that no more tags follow.</summary>
    public static void WriteEnd(BinaryWriter writer) => writer.Write((byte)Form.End);

    /// <summary>The next tag that was written, or null at the end.</summary>
    public static TagNode? Read(BinaryReader reader) => (Form)reader.ReadByte() switch
    {
        Form.End => null,
        Form.Number => new NumberTag(reader.ReadString(), reader.Read7BitEncodedInt64()),
        Form.FourNumbers => new FourNumbers(
            new FourTags(reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString()),
            reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64()),
        Form.Text => new ObjectTag(reader.ReadString(), reader.ReadString()),
        Form.Truth => new ObjectTag(reader.ReadString(), reader.ReadBoolean()),
        Form.Fraction => new ObjectTag(reader.ReadString(), reader.ReadDouble()),
        Form.RemoteParent => new RemoteParent(reader.ReadUInt64(), reader.ReadString()),
        Form.Cause => new CauseTag(reader.ReadString()),
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
    public override bool TryWrite(BinaryWriter writer) => WriteNumber(writer, tag, number);

    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, number);
}

/// <summary>Four of them.</summary>
internal sealed class FourNumbers(FourTags names, long first, long second, long third, long fourth) : TagNode
{
    public override bool TryWrite(BinaryWriter writer)
    {
        writer.Write((byte)Form.FourNumbers);
        writer.Write(names.First);
        writer.Write(names.Second);
        writer.Write(names.Third);
        writer.Write(names.Fourth);
        writer.Write7BitEncodedInt64(first);
        writer.Write7BitEncodedInt64(second);
        writer.Write7BitEncodedInt64(third);
        writer.Write7BitEncodedInt64(fourth);
        return true;
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
    public override bool TryWrite(BinaryWriter writer)
    {
        switch (value)
        {
            case string text:
                Begin(Form.Text);
                writer.Write(text);
                return true;
            case bool truth:
                Begin(Form.Truth);
                writer.Write(truth);
                return true;
            case double fraction:
                Begin(Form.Fraction);
                writer.Write(fraction);
                return true;
            case long number:
                return WriteNumber(writer, tag, number);
            case int number:
                return WriteNumber(writer, tag, number);
            default:
                return false;
        }

        void Begin(Form form)
        {
            writer.Write((byte)form);
            writer.Write(tag);
        }
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags) => Set(tags, tag, value);
}

/// <summary>The span of another process that it lies in, which is no tag of it.</summary>
internal sealed class RemoteParent(ulong id, string? caller) : TagNode
{
    public ulong Id => id;

    public string? Caller => caller;

    public override bool TryWrite(BinaryWriter writer)
    {
        writer.Write((byte)Form.RemoteParent);
        writer.Write(id);
        writer.Write(caller ?? "");
        return true;
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}

/// <summary>Why the span failed, which is no tag of it.</summary>
internal sealed class CauseTag(string cause) : TagNode
{
    public string Cause => cause;

    public override bool TryWrite(BinaryWriter writer)
    {
        writer.Write((byte)Form.Cause);
        writer.Write(cause);
        return true;
    }

    protected override void AddTo(List<KeyValuePair<string, object>> tags)
    {
    }
}
