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
/// <param name="Failure">Or why it failed.</param>
public sealed record OperationRecord(long Session, int Slot, long Sequence, long Number, string? Value, string? Failure = null);

/// <summary>What is known of an operation that arrives.</summary>
public enum OperationStage
{
    /// <summary>It is new.</summary>
    New,

    /// <summary>Its first copy is being carried out.</summary>
    UnderWay,

    /// <summary>It was done.</summary>
    Done,
}

/// <summary>
/// Remembers what was done, so that an operation that arrives twice is answered and not done again: the replay cache of a session slot table, as NFSv4.1
/// has it (RFC 8881, 2.10.6). A caller has a session of numbered slots. A slot has one operation under way at a time and counts them; so the
/// last number and answer of each slot are all that must be kept, however many operations there were.
/// </summary>
/// <remarks>
/// Memory: one entry for each slot that ever had an operation here. Most grains are called by one slot of one session: that entry is part of the
/// log, a few more are a list, and only many are a table by session and slot. Of at most <see cref="MostSessions"/> sessions something is kept; the one that has been silent
/// for longest is forgotten. A session that ended is silent.
/// </remarks>
public sealed class OperationLog
{
    /// <summary>Sessions that are remembered.</summary>
    public const int MostSessions = 256;

    // As many entries as are looked through one by one.
    private const int MostListed = 6;

    // In the place of an answer while there is none.
    private static readonly object s_underWay = new();

    private Entry _first;
    private Entry[]? _listed;
    private SlotTable? _table;

    /// <summary>Has this operation been done before?</summary>
    /// <param name="session">The caller's session; 0 is an operation without an identity, which is never a repetition.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="sequence">The number of the operation in its slot.</param>
    /// <param name="answer">What it was answered.</param>
    /// <exception cref="InvalidOperationException">The slot has gone on since: nobody waits for this answer.</exception>
    public bool Repeats(long session, int slot, long sequence, out OperationAnswer answer) =>
        Look(session, slot, sequence, out answer) == OperationStage.Done;

    /// <summary>What is known of an operation.</summary>
    /// <exception cref="InvalidOperationException">The slot has gone on since: nobody waits for this answer.</exception>
    public OperationStage Look(long session, int slot, long sequence, out OperationAnswer answer)
    {
        answer = default;
        if (session == 0)
        {
            return OperationStage.New;
        }

        ref var last = ref Find(session, slot);
        if (last.Session == 0 || last.Sequence < sequence)
        {
            return OperationStage.New;
        }

        if (last.Sequence > sequence)
        {
            throw new InvalidOperationException(
                $"operation {sequence} of slot {slot} of session {session:x} came after operation {last.Sequence}: it was given up, and is not done now");
        }

        if (ReferenceEquals(last.Value, s_underWay))
        {
            return OperationStage.UnderWay;
        }

        answer = new OperationAnswer(last.Number, last.Value);
        return OperationStage.Done;
    }

    /// <summary>An operation begins: copies of it that arrive before it has ended are <see cref="OperationStage.UnderWay"/>.</summary>
    public void Begin(long session, int slot, long sequence) => Keep(session, slot, sequence, new OperationAnswer(0, s_underWay));

    /// <summary>Keeps the answer of an operation that was done.</summary>
    public void Keep(long session, int slot, long sequence, OperationAnswer answer)
    {
        if (session == 0)
        {
            return;
        }

        ref var entry = ref FindOrAdd(session, slot);
        if (entry.Sequence > sequence)
        {
            // It was given up while it was under way.
            return;
        }

        (entry.Sequence, entry.Number, entry.Value) = (sequence, answer.Number, answer.Value);
    }

    /// <summary>All of the log as plain data; what is under way is not part of it.</summary>
    /// <param name="encode">Makes text of an answer that is more than a number.</param>
    public OperationRecord[] Capture(Func<object, string> encode) =>
    [
        .. Entries().Where(e => !ReferenceEquals(e.Value, s_underWay)).Select(e => new OperationRecord(
            e.Session, e.Slot, e.Sequence, e.Number,
            e.Value is null or Exception ? null : e.Value as string ?? encode(e.Value), (e.Value as Exception)?.Message)),
    ];

    /// <summary>Makes the log what it was when <see cref="Capture"/> was called; answers that are more than a number are text then.</summary>
    public void Restore(OperationRecord[] records)
    {
        (_first, _listed, _table) = (default, null, null);
        foreach (var record in records)
        {
            object? value = record.Failure is { } failure ? new InvalidOperationException(failure) : record.Value;
            Keep(record.Session, record.Slot, record.Sequence, new OperationAnswer(record.Number, value));
        }
    }

    /// <summary>Tells the last operation of each slot.</summary>
    /// <param name="tell">Is told session, slot, sequence and answer.</param>
    public void ForEach(Action<long, int, long, OperationAnswer> tell)
    {
        foreach (var entry in Entries().Where(e => !ReferenceEquals(e.Value, s_underWay)))
        {
            tell(entry.Session, entry.Slot, entry.Sequence, new OperationAnswer(entry.Number, entry.Value));
        }
    }

    private IEnumerable<Entry> Entries() =>
        _table?.Entries() ?? (_first.Session == 0 ? [] : (_listed ?? []).Where(e => e.Session != 0).Prepend(_first));

    private ref Entry Find(long session, int slot)
    {
        if (_table is not null)
        {
            return ref _table.Find(session, slot, adds: false);
        }

        if (_first.Session == session && _first.Slot == slot)
        {
            return ref _first;
        }

        for (var i = 0; i < _listed?.Length; i++)
        {
            if (_listed[i].Session == session && _listed[i].Slot == slot)
            {
                return ref _listed[i];
            }
        }

        return ref Entry.None;
    }

    private ref Entry FindOrAdd(long session, int slot)
    {
        ref var known = ref Find(session, slot);
        if (known.Session != 0)
        {
            return ref known;
        }

        if (_table is null && _first.Session == 0)
        {
            _first = new Entry { Session = session, Slot = slot };
            return ref _first;
        }

        var count = _listed?.Length ?? 0;
        if (_table is null && count < MostListed)
        {
            Array.Resize(ref _listed, count + 1);
            _listed[count] = new Entry { Session = session, Slot = slot };
            return ref _listed[count];
        }

        _table ??= MakeTable();
        return ref _table.Find(session, slot, adds: true);
    }

    private SlotTable MakeTable()
    {
        var table = new SlotTable();
        foreach (var entry in Entries())
        {
            table.Find(entry.Session, entry.Slot, adds: true) = entry;
        }

        (_first, _listed) = (default, null);
        return table;
    }

    private struct Entry
    {
        // What is found where nothing is known: nobody writes to it.
        public static Entry None;

        public long Session;
        public long Sequence;
        public long Number;
        public object? Value;
        public int Slot;
    }

    /// <summary>The entries of a grain that many call: by session, and by slot.</summary>
    private sealed class SlotTable
    {
        private readonly Dictionary<long, Session> _sessions = [];
        private Session? _latest;
        private long _turn;

        public IEnumerable<Entry> Entries() =>
            _sessions.Values.OrderBy(session => session.Turn).SelectMany(session => session.Slots.Where(entry => entry.Session != 0));

        public ref Entry Find(long session, int slot, bool adds)
        {
            var known = Find(session) ?? (adds ? Begin(session) : null);
            if (known is null || (slot >= known.Slots.Length && !adds))
            {
                return ref Entry.None;
            }

            if (slot >= known.Slots.Length)
            {
                Array.Resize(ref known.Slots, Math.Max(slot + 1, known.Slots.Length * 2));
            }

            ref var entry = ref known.Slots[slot];
            if (adds && entry.Session == 0)
            {
                (entry.Session, entry.Slot) = (session, slot);
            }

            return ref entry;
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

        private sealed class Session(long id)
        {
            public Entry[] Slots = new Entry[4];

            public long Id { get; } = id;

            /// <summary>When it was last looked up, counted in look-ups of other sessions.</summary>
            public long Turn { get; set; }
        }
    }
}
