namespace Hugesim.Grains;

/// <summary>
/// Keeps turns of one grain that interleave out of each other's work, first come first served.
/// </summary>
/// <param name="isOff">The lock is left out: everybody enters.</param>
internal sealed class FifoLock(bool isOff = false)
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _held;

    public bool IsHeld => _held;

    public ValueTask Enter()
    {
        if (!_held || isOff)
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
