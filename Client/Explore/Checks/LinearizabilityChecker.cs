using System.Numerics;

namespace Hugesim.Explore;

/// <summary>An object as one thread at a time would use it.</summary>
/// <typeparam name="TCall">A call together with its answer.</typeparam>
public interface ISequentialObject<TCall>
{
    /// <summary>The state, as a text that is equal for equal states.</summary>
    string Digest { get; }

    /// <summary>Carries out a call.</summary>
    /// <returns>Whether the answer that the call has is the one that comes out; true for a call without an answer.</returns>
    bool Accepts(TCall call);

    /// <summary>The same object in the same state.</summary>
    ISequentialObject<TCall> Copy();
}

/// <summary>A call as its caller saw it.</summary>
/// <param name="Call">The call and its answer.</param>
/// <param name="Sent">When it was made.</param>
/// <param name="Answered">When the answer came; <see cref="long.MaxValue"/> if it never did, and then the call may have been carried out or not.</param>
/// <typeparam name="TCall">A call together with its answer.</typeparam>
public readonly record struct ObservedCall<TCall>(TCall Call, long Sent, long Answered)
{
    /// <summary>Whether it has an answer.</summary>
    public bool IsAnswered => Answered != long.MaxValue;
}

/// <summary>
/// Decides whether the answers of concurrent calls are those of one call after the other, each somewhere between its sending and its answer (Wing and Gong 1993, with the
/// memory of Lowe 2017: the calls that are done and the state they led to are looked at once).
/// </summary>
public static class LinearizabilityChecker
{
    private const int MostStates = 200_000;

    /// <summary>Decides.</summary>
    /// <param name="initial">The object before the first call; it is not changed.</param>
    /// <param name="history">The calls, in any order.</param>
    /// <returns>True, false, or null if the search was given up.</returns>
    public static bool? IsLinearizable<TCall>(ISequentialObject<TCall> initial, IReadOnlyList<ObservedCall<TCall>> history)
    {
        var seen = new HashSet<(BigInteger Done, string Digest)>();
        var pending = new Stack<(BigInteger Done, ISequentialObject<TCall> Object)>();
        var answered = history.Select((call, i) => call.IsAnswered ? BigInteger.One << i : BigInteger.Zero).Aggregate(BigInteger.Zero, (all, bit) => all | bit);
        pending.Push((BigInteger.Zero, initial));
        while (pending.TryPop(out var at))
        {
            if ((at.Done & answered) == answered)
            {
                return true;
            }

            if (seen.Count > MostStates)
            {
                return null;
            }

            foreach (var next in Next(history, at.Done))
            {
                var after = at.Object.Copy();
                var done = at.Done | (BigInteger.One << next);
                if (after.Accepts(history[next].Call) && seen.Add((done, after.Digest)))
                {
                    pending.Push((done, after));
                }
            }
        }

        return false;
    }

    // A call can be the next one if no other open call had its answer before this one was made.
    private static IEnumerable<int> Next<TCall>(IReadOnlyList<ObservedCall<TCall>> history, BigInteger done)
    {
        var open = Enumerable.Range(0, history.Count).Where(i => ((done >> i) & 1) == 0).ToArray();
        var first = open.Min(i => history[i].Answered);
        return open.Where(i => history[i].Sent < first);
    }
}
