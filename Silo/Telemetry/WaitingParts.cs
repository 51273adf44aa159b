using System.Buffers.Binary;
using System.Numerics;

namespace Hugesim.Telemetry;

/// <summary>
/// The parts of flows that have ended well here and wait for other processes to say that their flow has failed there: the newest, as bytes. There are very many and nearly none is asked
/// for, so a part is copied once and never looked at again: those of a segment are forgotten together, when all are older than the window or there is no more room.
/// </summary>
/// <param name="options">Its bounds.</param>
/// <param name="time">The clock.</param>
internal sealed class WaitingParts(FlowBufferOptions options, TimeProvider time)
{
    // Failed flows of some seconds also where most fail, as many as processes tell each other; else of hours, as a part may be under way for long.
    private const int MostFailed = 20_000;

    // So much of all that waits is forgotten together.
    private const int MostSegments = 64;
    private const int SegmentBytes = 1 << 18;

    private readonly Lock _lock = new();
    private readonly int _mostSpansOfSegment = Math.Max(1, options.MostSpans / (MostSegments / 2));

    // Where few wait, they do not wait longer than they should by more than this part of the window.
    private readonly long _segmentTicks = (long)(options.Window.TotalSeconds / 8 * time.TimestampFrequency);

    // Those from the first to the last by number; each is made when it is needed, and too large for the collector to move. A position is that of a byte if all that ever were are counted.
    private readonly Segment?[] _segments = new Segment?[MostSegments];

    // The position of the newest part of all flows with the same hash. It may be gone: then so are those before it.
    private readonly long[] _newest = new long[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, options.MostSpans / 4))];
    private readonly Queue<(ulong, ulong)> _failedByAge = new();
    private readonly HashSet<(ulong, ulong)> _failed = [];
    private Segment? _spare;
    private long _first = 1;
    private long _last;
    private int _spans;

    /// <summary>Spans that wait.</summary>
    public int Spans => Volatile.Read(ref _spans);

    /// <summary>Parts whose time was over.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Parts that were given up before that, for want of room.</summary>
    public long Evicted { get; private set; }

    /// <summary>Spans of those.</summary>
    public long DroppedSpans { get; private set; }

    /// <summary>A part waits from now on.</summary>
    /// <param name="flow">Its flow.</param>
    /// <param name="packed">Its spans, by <see cref="PackedSpans"/>.</param>
    /// <param name="count">How many they are.</param>
    /// <returns>False if its flow is known to have failed: then nothing was taken.</returns>
    public bool TryAdd(CompactFlow flow, ReadOnlySpan<byte> packed, int count)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_failed.Contains((flow.TraceHigh, flow.TraceLow)))
            {
                return false;
            }

            if (Part.HeaderBytes + packed.Length > SegmentBytes || count > options.MostSpans)
            {
                Evicted++;
                DroppedSpans += count;
                return true;
            }

            var segment = Room(Part.HeaderBytes + packed.Length, count, now);
            ref var newest = ref Newest(flow);
            var to = segment.Bytes.AsSpan(segment.End);
            new Part(flow.TraceHigh, flow.TraceLow, newest, count, packed.Length).Write(to);
            packed.CopyTo(to[Part.HeaderBytes..]);
            newest = _last * SegmentBytes + segment.End;
            segment.Add(Part.HeaderBytes + packed.Length, count, now);
            _spans += count;
            return true;
        }
    }

    /// <summary>A flow has failed, and none of it waits from now on.</summary>
    /// <param name="flow">The flow.</param>
    /// <returns>Its parts that waited, oldest first.</returns>
    public IReadOnlyCollection<IEnumerable<CompactSpan>> Fail(CompactFlow flow)
    {
        var key = (flow.TraceHigh, flow.TraceLow);
        var parts = new Stack<IEnumerable<CompactSpan>>();
        lock (_lock)
        {
            if (_failed.Add(key))
            {
                _failedByAge.Enqueue(key);
                if (_failedByAge.Count > MostFailed)
                {
                    _failed.Remove(_failedByAge.Dequeue());
                }
            }

            for (var position = Newest(flow); position >= _first * SegmentBytes;)
            {
                var segment = SegmentOf(position / SegmentBytes)!;
                var bytes = segment.Bytes.AsSpan((int)(position % SegmentBytes));
                var part = Part.Read(bytes);
                if (part.Count > 0 && (part.High, part.Low) == key)
                {
                    parts.Push(PackedSpans.Unpack(bytes.Slice(Part.HeaderBytes, part.Length), part.Count, flow));
                    (part with { Count = 0 }).Write(bytes);
                    segment.Remove(part.Count);
                    _spans -= part.Count;
                }

                position = part.Before;
            }
        }

        return parts;
    }

    /// <summary>Forgets what is older than the window.</summary>
    public void Expire()
    {
        lock (_lock)
        {
            while (_first <= _last && IsOver(SegmentOf(_first)!.Since))
            {
                ForgetFirst();
            }
        }
    }

    private bool IsOver(long since) => time.GetElapsedTime(since) >= options.Window;

    private ref long Newest(CompactFlow flow) => ref _newest[(int)flow.TraceLow & (_newest.Length - 1)];

    private ref Segment? SegmentOf(long number) => ref _segments[(int)(number % MostSegments)];

    // The segment that takes the next part: the last, or another if that is full. The oldest make room.
    private Segment Room(int bytes, int spans, long now)
    {
        while (_spans + spans > options.MostSpans)
        {
            ForgetFirst();
        }

        if (_first <= _last && SegmentOf(_last) is { } last && last.End + bytes <= SegmentBytes && last.Spans + spans <= _mostSpansOfSegment && now - last.Began < _segmentTicks)
        {
            return last;
        }

        if (_last + 1 - _first == MostSegments)
        {
            ForgetFirst();
        }

        _last++;
        (var next, _spare) = (_spare ?? new Segment(), null);
        next.Began = now;
        SegmentOf(_last) = next;
        return next;
    }

    private void ForgetFirst()
    {
        var segment = SegmentOf(_first)!;
        if (IsOver(segment.Since))
        {
            Forgotten += segment.Parts;
        }
        else
        {
            Evicted += segment.Parts;
            DroppedSpans += segment.Spans;
        }

        _spans -= segment.Spans;
        SegmentOf(_first) = null;
        _first++;
        segment.Clear();
        _spare = segment;
    }

    private sealed class Segment
    {
        public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(SegmentBytes);

        /// <summary>When it was taken into use.</summary>
        public long Began { get; set; }

        /// <summary>Where the newest part ends.</summary>
        public int End { get; private set; }

        /// <summary>Parts that wait in it.</summary>
        public int Parts { get; private set; }

        /// <summary>Their spans.</summary>
        public int Spans { get; private set; }

        /// <summary>When the newest part began to wait.</summary>
        public long Since { get; private set; }

        public void Add(int bytes, int spans, long now)
        {
            End += bytes;
            Parts++;
            Spans += spans;
            Since = now;
        }

        public void Remove(int spans)
        {
            Parts--;
            Spans -= spans;
        }

        public void Clear() => (End, Parts, Spans) = (0, 0, 0);
    }

    /// <summary>What is written before the spans of a part.</summary>
    /// <param name="High">The first half of its trace's identifier.</param>
    /// <param name="Low">The second half.</param>
    /// <param name="Before">The position of the part before it with the same hash.</param>
    /// <param name="Count">Its spans; 0 if they were taken.</param>
    /// <param name="Length">Their bytes.</param>
    private readonly record struct Part(ulong High, ulong Low, long Before, int Count, int Length)
    {
        public const int HeaderBytes = 32;

        public static Part Read(ReadOnlySpan<byte> bytes) => new(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]));

        public void Write(Span<byte> bytes)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, High);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Low);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Before);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], Count);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], Length);
        }
    }
}
