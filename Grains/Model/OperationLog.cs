namespace Hugesim.Model;

/// <summary>What an operation was answered: a number, or an object where the answer is more than a number.</summary>
/// <param name="Number">The answer as a number; 0 where there is none.</param>
/// <param name="Value">Or the answer.</param>
public readonly record struct OperationAnswer(long Number, object? Value = null);

/// <summary>The last operation of a slot, as plain data.</summary>
/// <param name="Session">The session.</param>
/// <param name="Slot">The slot of the session.</param>
/// <param name="Sequence">The number of its last operation.</param>
/// <param name="Number">The answer as a number.</param>
/// <param name="Value">Or as text.</param>
public sealed record OperationRecord(long Session, int Slot, long Sequence, long Number, string? Value);

/// <summary>
/// Remembers what was done, so that an operation that arrives twice is answered and not done again: the replay cache of a session slot table, as NFSv4.1
/// has it (RFC 8881, 2.10.6). A caller has a session of numbered slots. A slot has one operation under way at a time and counts them; so the
/// last number and answer of each slot are all that must be kept, however many operations there were.
/// </summary>
/// <remarks>
/// Memory: one entry for each operation that a caller ever had under way at the same time, and at most <see cref="MostSessions"/> callers; the one that
/// has been silent for longest is forgotten. A session is a silo's, or a client's: one that ended is silent.
/// </remarks>
public sealed class OperationLog
{
    /// <summary>Sessions that are remembered.</summary>
    public const int MostSessions = 256;

    private readonly Dictionary<long, Session> _sessions = [];
    private Session? _latest;
    private long _turn;

    /// <summary>Has this operation been done before?</summary>
    /// <param name="session">The caller's session; 0 is an operation without an identity, which is never a repetition.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="sequence">The number of the operation in its slot.</param>
    /// <param name="answer">What it was answered.</param>
    /// <exception cref="InvalidOperationException">The slot has gone on since: nobody waits for this answer.</exception>
    public bool Repeats(long session, int slot, long sequence, out OperationAnswer answer)
    {
        answer = default;
        if (session == 0 || Find(session) is not { } known || slot >= known.Slots.Length || known.Slots[slot].Sequence < sequence)
        {
            return false;
        }

        var last = known.Slots[slot];
        answer = last.Answer;
        return last.Sequence == sequence
            ? true
            : throw new InvalidOperationException(
                $"operation {sequence} of slot {slot} of session {session:x} came after operation {last.Sequence}: it was given up, and is not done now");
    }

    /// <summary>Keeps the answer of an operation that was done.</summary>
    public void Keep(long session, int slot, long sequence, OperationAnswer answer)
    {
        if (session == 0)
        {
            return;
        }

        var known = Find(session) ?? Begin(session);
        if (slot >= known.Slots.Length)
        {
            Array.Resize(ref known.Slots, Math.Max(slot + 1, known.Slots.Length * 2));
        }

        known.Slots[slot] = new Entry(sequence, answer);
    }

    /// <summary>All of the log as plain data.</summary>
    /// <param name="encode">Makes text of an answer that is more than a number.</param>
    public OperationRecord[] Capture(Func<object, string> encode) =>
        [.. _sessions.OrderBy(s => s.Value.Turn).SelectMany(s => s.Value.Slots.Select((entry, slot) => (entry, slot)).Where(e => e.entry.Sequence > 0)
            .Select(e => new OperationRecord(
                s.Key, e.slot, e.entry.Sequence, e.entry.Answer.Number, e.entry.Answer.Value is { } value ? value as string ?? encode(value) : null)))];

    /// <summary>Makes the log what it was when <see cref="Capture"/> was called; answers that are more than a number are text then.</summary>
    public void Restore(OperationRecord[] records)
    {
        _sessions.Clear();
        _latest = null;
        foreach (var record in records)
        {
            Keep(record.Session, record.Slot, record.Sequence, new OperationAnswer(record.Number, record.Value));
        }
    }

    private Session? Find(long session)
    {
        if (_latest is { } latest && latest.Id == session)
        {
            return latest;
        }

        if (!_sessions.TryGetValue(session, out var known))
        {
            return null;
        }

        known.Turn = ++_turn;
        return _latest = known;
    }

    private Session Begin(long session)
    {
        if (_sessions.Count >= MostSessions)
        {
            _sessions.Remove(_sessions.MinBy(s => s.Value.Turn).Key);
        }

        return _sessions[session] = _latest = new Session(session) { Turn = ++_turn };
    }

    private readonly record struct Entry(long Sequence, OperationAnswer Answer);

    private sealed class Session(long id)
    {
        public Entry[] Slots = new Entry[4];

        public long Id { get; } = id;

        /// <summary>When it was last looked up, counted in look-ups of other sessions.</summary>
        public long Turn { get; set; }
    }
}
