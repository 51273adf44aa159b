using System.Diagnostics;

namespace Hugesim.Telemetry;

/// <summary>
/// Spans that have ended and wait for what other processes say of their flow, as bytes. They wait for seconds, and very many of them: as objects they would all be looked at and moved
/// by the garbage collector, which stops everybody meanwhile.
/// </summary>
public static class PackedSpans
{
    // A part that is longer is written as several.
    private const int WrittenAtOnceBytes = 1 << 14;
    private const int MostKeptBytes = 1 << 16;

    [ThreadStatic]
    private static SpanWriter? t_writer;

    /// <summary>Packs spans, as many as are written at once.</summary>
    /// <param name="next">The first of a list; then the first that was not packed, or null.</param>
    /// <param name="count">How many were packed.</param>
    /// <returns>The bytes, until this thread packs others.</returns>
    public static ReadOnlySpan<byte> Pack(ref CompactSpan? next, out int count)
    {
        if (t_writer is null || t_writer.Room > MostKeptBytes)
        {
            // Few spans are so long: a thread keeps no room for one.
            t_writer = new SpanWriter();
        }

        t_writer.Clear();
        for (count = 0; next is not null && t_writer.Written.Length < WrittenAtOnceBytes; count++)
        {
            next.Write(t_writer);
            next = next.Next;
        }

        return t_writer.Written;
    }

    /// <summary>The spans again, in the order in which they have ended.</summary>
    /// <param name="packed">The bytes.</param>
    /// <param name="count">How many spans they are.</param>
    /// <param name="flow">Their flow.</param>
    public static IEnumerable<CompactSpan> Unpack(ReadOnlySpan<byte> packed, int count, CompactFlow flow)
    {
        var reader = new SpanReader(packed);
        var spans = new CompactSpan[count];
        for (var i = 0; i < count; i++)
        {
            spans[i] = new UnpackedSpan(flow, ref reader);
        }

        return spans;
    }
}

/// <summary>A span that was packed meanwhile.</summary>
internal sealed class UnpackedSpan : CompactSpan
{
    private readonly ulong _parentId;
    private readonly MessageEnds _ends;

    public UnpackedSpan(CompactFlow flow, ref SpanReader reader)
        : base(flow, ref reader)
    {
        Id = reader.Id();
        _parentId = reader.Id();
        Origin = (SpanOrigin)reader.Byte();
        Kind = (ActivityKind)reader.Byte();
        if (Origin == SpanOrigin.Message)
        {
            _ends = new MessageEnds(reader.Text(), reader.TextOrNull(), reader.TextOrNull());
        }

        ReadTags(ref reader);
    }

    /// <inheritdoc/>
    public override ulong Id { get; }

    /// <inheritdoc/>
    public override ulong ParentId => _parentId;

    /// <inheritdoc/>
    public override SpanOrigin Origin { get; }

    /// <inheritdoc/>
    public override ActivityKind Kind { get; }

    private protected override List<KeyValuePair<string, object>> FirstTags() => Origin == SpanOrigin.Message ? _ends.Tags(Name, null) : [];
}
