namespace Hugesim.Grains;

/// <summary>
/// Keeps the turns of one VMA grain that interleave out of each other's page table work, first come first served: what page table lock,
/// hugetlb_vma_lock and fault mutex do together. It is never held during a call to the inode, so that the inode can always unmap.
/// </summary>
internal sealed class PageTableLock
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _held;

    public ValueTask Enter()
    {
        if (!_held)
        {
            _held = true;
            return ValueTask.CompletedTask;
        }

        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(turn);
        return new ValueTask(turn.Task);
    }

    public void Exit()
    {
        if (_waiting.TryDequeue(out var next))
        {
            // Handed over while held: nobody can come in between.
            next.SetResult();
        }
        else
        {
            _held = false;
        }
    }
}
