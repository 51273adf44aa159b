namespace Hugesim.Embedded;

/// <summary>
/// What a thread of the pool does next. A call wakes its callee in the middle of the caller's turn, and the caller mostly awaits it at once: so the callee runs
/// on the caller's thread as soon as the turn is over, and the answer takes the same way back. A chain of calls then costs no wake-up of another thread and
/// keeps its caches.
/// </summary>
/// <remarks>
/// Only one waits here, the one woken last; those before it go to the pool, where idle threads find them, and so does this one if the turn is not the last of its
/// batch. So a fan-out runs side by side, and nothing waits for more than the rest of one turn. A turn that blocks its thread holds up what it has woken last.
/// They go to the pool's common queue, first come, first served: in a thread's own queue the last comes first, and under load the first waits until the pool
/// takes the thread away from that queue, tens of milliseconds later.
/// </remarks>
internal sealed class Handover
{
    /// <summary>After so many the thread goes back to the pool: others wait there.</summary>
    private const int MostInARow = 256;

    [ThreadStatic]
    private static Handover? t_current;

    private IThreadPoolWorkItem? _next;
    private bool _isInTurn;

    /// <summary>Has an item run: on this thread after the turn that runs now, or by the pool.</summary>
    internal static void Schedule(IThreadPoolWorkItem item)
    {
        if (t_current is not { _isInTurn: true } current)
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
            return;
        }

        current.Release();
        current._next = item;
    }

    /// <summary>Runs a node that the pool has taken, and what it hands over.</summary>
    internal static void Run(ExecutionNode node)
    {
        var current = t_current ??= new Handover();
        IThreadPoolWorkItem? item = node;
        for (var left = MostInARow; item is not null; left--)
        {
            if (left == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
                return;
            }

            if (item is ExecutionNode next)
            {
                current._isInTurn = true;
                try
                {
                    next.RunTurns(current);
                }
                finally
                {
                    current._isInTurn = false;
                }
            }
            else
            {
                // A client's code, which may block: whatever it wakes goes to the pool.
                item.Execute();
            }

            (item, current._next) = (current._next, null);
        }
    }

    /// <summary>Gives what waits for this thread to the pool: the thread has more to do first.</summary>
    internal void Release()
    {
        if (_next is { } waiting)
        {
            _next = null;
            ThreadPool.UnsafeQueueUserWorkItem(waiting, preferLocal: false);
        }
    }
}
