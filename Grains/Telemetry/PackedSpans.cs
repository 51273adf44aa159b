using System.Diagnostics;
using System.Text;

namespace Hugesim.Telemetry;

/// <summary>
/// Spans that have ended and wait for what other processes say of their flow, as bytes. They wait for seconds, and very many of them: as objects they would all be looked at and moved
/// by the garbage collector, which stops everybody meanwhile.
/// </summary>
public sealed class PackedSpans
{
    private const int MostKeptBytes = 1 << 16;

    [ThreadStatic]
    private static BinaryWriter? t_writer;

    private readonly byte[] _bytes;
    private readonly int _count;

    private PackedSpans(byte[] bytes, int count, PackedSpans? before) => (_bytes, _count, Before) = (bytes, count, before);

    /// <summary>Those of the same flow that have ended before these, or null.</summary>
    public PackedSpans? Before { get; }

    /// <summary>Packs them; null if one of them has a tag that is no number, truth value or text.</summary>
    /// <param name="first">The first of a list.</param>
    /// <param name="before">Those of the same flow that have ended before them, or null.</param>
    public static PackedSpans? TryPack(CompactSpan first, PackedSpans? before)
    {
        var writer = t_writer ??= new BinaryWriter(new MemoryStream(), Encoding.UTF8);
        var stream = (MemoryStream)writer.BaseStream;
        stream.SetLength(0);
        var count = 0;
        for (var span = first; span is not null; span = span.Next)
        {
            if (!span.TryWrite(writer))
            {
                return null;
            }

            count++;
        }

        if (stream.Capacity > MostKeptBytes)
        {
            // Few flows are so long: a thread keeps no room for one.
            t_writer = null;
        }

        return new PackedSpans(stream.ToArray(), count, before);
    }

    /// <summary>The spans again, in the order in which they have ended, without those before them.</summary>
    /// <param name="flow">Their flow.</param>
    public IEnumerable<CompactSpan> Unpack(CompactFlow flow)
    {
        using var reader = new BinaryReader(new MemoryStream(_bytes), Encoding.UTF8);
        for (var i = 0; i < _count; i++)
        {
            yield return UnpackedSpan.Read(reader, flow);
        }
    }
}

/// <summary>A span that was packed meanwhile.</summary>
internal sealed class UnpackedSpan : CompactSpan
{
    private readonly ulong _parentId;
    private readonly MessageEnds _ends;

    private UnpackedSpan(CompactFlow flow, BinaryReader reader)
        : base(flow, reader.ReadString(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadBoolean())
    {
        Id = reader.ReadUInt64();
        _parentId = reader.ReadUInt64();
        Origin = (SpanOrigin)reader.ReadByte();
        Kind = (ActivityKind)reader.ReadByte();
        if (Origin == SpanOrigin.Message)
        {
            _ends = new MessageEnds(reader.ReadString(), TextOrNull(reader), TextOrNull(reader));
        }

        ReadTags(reader);
    }

    /// <inheritdoc/>
    public override ulong Id { get; }

    /// <inheritdoc/>
    public override ulong ParentId => _parentId;

    /// <inheritdoc/>
    public override SpanOrigin Origin { get; }

    /// <inheritdoc/>
    public override ActivityKind Kind { get; }

    public static UnpackedSpan Read(BinaryReader reader, CompactFlow flow) => new(flow, reader);

    private protected override List<KeyValuePair<string, object>> FirstTags() => Origin == SpanOrigin.Message ? _ends.Tags(Name, null) : [];

    private static string? TextOrNull(BinaryReader reader) => reader.ReadString() is { Length: > 0 } text ? text : null;
}
