using System.Runtime.InteropServices;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>
/// The last operations of grains whose life has ended, for some time: a late copy of one of them must not begin a new life, or be taken for a sign
/// that a grain is lost. A slot has one operation under way at a time, whatever grain it calls; so the last of each slot are enough, and a process that maps
/// and unmaps all day leaves one entry.
/// </summary>
internal sealed class EndedOperations(TimeProvider clock)
{
    private const int Shards = 16;

    // How late a message can be is not known; what is kept has bounds in time and in number.
    private const int MostInShard = 8192;
    private static readonly TimeSpan s_time = TimeSpan.FromMinutes(5);
    private readonly Shard[] _shards = [.. Enumerable.Range(0, Shards).Select(_ => new Shard())];

    /// <summary>A grain has ended.</summary>
    public void Add(OperationLog log) => log.ForEach((session, slot, sequence, answer) => Of(session, slot).Keep((session, slot), sequence, answer, clock));

    /// <summary>Does an operation come too late for the grain that it was for?</summary>
    /// <exception cref="InvalidOperationException">Its slot has gone on since: nobody waits for its answer.</exception>
    public bool Repeats(Operation operation, out OperationAnswer answer)
    {
        answer = default;
        if (Of(operation.Session, operation.Slot).Find((operation.Session, operation.Slot)) is not { } last || last.Sequence < operation.Sequence)
        {
            return false;
        }

        answer = last.Answer;
        return last.Sequence == operation.Sequence
            ? true
            : throw new InvalidOperationException($"operation {operation.Sequence} of slot {operation.Slot} of session {operation.Session:x} came after the life of its grain, and was given up");
    }

    private Shard Of(long session, int slot) => _shards[(int)((ulong)HashCode.Combine(session, slot) % Shards)];

    private readonly record struct Last(long Sequence, OperationAnswer Answer);

    // Two generations: what was added or added to in neither is forgotten.
    private sealed class Shard
    {
        private Dictionary<(long Session, int Slot), Last> _new = [];
        private Dictionary<(long Session, int Slot), Last> _old = [];
        private long _began;

        public void Keep((long Session, int Slot) slot, long sequence, OperationAnswer answer, TimeProvider clock)
        {
            lock (this)
            {
                if (_new.Count == 0)
                {
                    _began = clock.GetTimestamp();
                }
                else if (_new.Count >= MostInShard || clock.GetElapsedTime(_began) > s_time)
                {
                    (_old, _new, _began) = (_new, [], clock.GetTimestamp());
                }

                ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_new, slot, out _);
                if (sequence >= last.Sequence)
                {
                    last = new Last(sequence, answer);
                }
            }
        }

        public Last? Find((long Session, int Slot) slot)
        {
            lock (this)
            {
                return _new.TryGetValue(slot, out var last) || _old.TryGetValue(slot, out last) ? last : null;
            }
        }
    }
}
