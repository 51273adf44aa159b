using System.Buffers.Binary;
using System.Text;

namespace Hugesim.Telemetry;

/// <summary>
/// Writes spans as bytes, one after the other. <see cref="BinaryWriter"/> with a stream in memory would do, and takes longer: each flow of a cluster is written, and nearly none is ever read.
/// </summary>
internal sealed class SpanWriter
{
    private const int LongestNumberBytes = 10;

    private byte[] _bytes = new byte[1024];
    private int _at;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _at);

    /// <summary>How many bytes it has room for before it takes more memory.</summary>
    public int Room => _bytes.Length;

    /// <summary>Begins again.</summary>
    public void Clear() => _at = 0;

    public void Byte(byte value)
    {
        Need(1);
        _bytes[_at++] = value;
    }

    /// <summary>Eight bytes, for what is seldom small.</summary>
    public void Id(ulong value)
    {
        Need(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_at), value);
        _at += sizeof(ulong);
    }

    /// <summary>As few bytes as it takes: seven bits in each.</summary>
    public void Number(long value)
    {
        Need(LongestNumberBytes);
        var left = (ulong)value;
        for (; left > 0x7f; left >>= 7)
        {
            _bytes[_at++] = (byte)(left | 0x80);
        }

        _bytes[_at++] = (byte)left;
    }

    /// <summary>A name of the program.</summary>
    public void Name(string name)
    {
        if (SpanNames.TryNumberOf(name, out var number))
        {
            Number(number);
        }
        else
        {
            Number(0);
            Text(name);
        }
    }

    /// <summary>Any text.</summary>
    public void Text(string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        Need(LongestNumberBytes + most);
        // Its length is before it and not known yet; a text of the usual length has one of a byte.
        var count = Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_at + 1));
        if (count <= 0x7f)
        {
            _bytes[_at] = (byte)count;
            _at += 1 + count;
            return;
        }

        Number(count);
        _at += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_at));
    }

    /// <summary>A text in two parts with a slash between them, in UTF-8.</summary>
    public void Path(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var count = first.Length + 1 + second.Length;
        Number(count);
        Need(count);
        var to = _bytes.AsSpan(_at, count);
        first.CopyTo(to);
        to[first.Length] = (byte)'/';
        second.CopyTo(to[(first.Length + 1)..]);
        _at += count;
    }

    private void Need(int bytes)
    {
        if (_bytes.Length - _at < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _at + bytes));
        }
    }
}

/// <summary>Reads what a <see cref="SpanWriter"/> has written.</summary>
/// <param name="bytes">That.</param>
internal ref struct SpanReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public byte Byte()
    {
        var value = _left[0];
        _left = _left[1..];
        return value;
    }

    public ulong Id()
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_left);
        _left = _left[sizeof(ulong)..];
        return value;
    }

    public long Number()
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7f) << shift;
            if (part <= 0x7f)
            {
                return (long)value;
            }
        }
    }

    public string Name() => (int)Number() is var number && number > 0 ? SpanNames.NameOf(number) : Text();

    public string Text()
    {
        var count = (int)Number();
        var text = Encoding.UTF8.GetString(_left[..count]);
        _left = _left[count..];
        return text;
    }

    public string? TextOrNull() => Text() is { Length: > 0 } text ? text : null;
}
