using System.Collections.Concurrent;
using System.Globalization;

namespace Hugesim.Load;

/// <summary>Processes to be made: those with the numbers <paramref name="Number"/>, that plus <paramref name="Stride"/>, and so on.</summary>
/// <param name="Machine">Their machine.</param>
/// <param name="Kind">Their kind.</param>
/// <param name="Number">The number of the next one.</param>
/// <param name="Stride">The step to the one after it.</param>
/// <param name="End">Where the numbers end.</param>
/// <param name="Parent">The seat of the process to fork; null for new processes.</param>
/// <param name="Life">How many processes have had the number before.</param>
internal readonly record struct Birth(LoadMachine Machine, ProcessKind Kind, long Number, long Stride, long End, Seat? Parent, long Life = 0);

/// <summary>
/// One call at a time for the processes that it looks after, in turn. A process forks only on its own worker, so that the child's copy of its memory is the
/// one that the kernel made.
/// </summary>
internal sealed class LoadWorker(LoadState state)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan PauseAfterEngineFailure = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<Birth> _births = new();
    private readonly ConcurrentQueue<EmulatedProcess> _newcomers = new();
    private readonly List<EmulatedProcess> _processes = [];
    private int _turn;

    /// <summary>Its counts.</summary>
    public LoadRecorder Recorder { get; } = new();

    /// <summary>Asks for processes.</summary>
    public void Post(Birth birth) => _births.Enqueue(birth);

    /// <summary>Gives it a process to look after.</summary>
    public void Take(EmulatedProcess process) => _newcomers.Enqueue(process);

    /// <summary>Makes processes and lets each do what stands under <c>start</c>, until all processes of all workers have.</summary>
    public async Task StartAsync()
    {
        while (!state.IsStopped && state.Unstarted > 0)
        {
            if (_births.TryDequeue(out var birth))
            {
                if (!await BearAsync(birth, due: null))
                {
                    state.CountStarted();
                }
            }
            else if (_newcomers.TryDequeue(out var process))
            {
                await FinishStartAsync(process);
            }
            else
            {
                await Task.Delay(Pause);
            }
        }
    }

    /// <summary>Lets the processes do their work until the time is over.</summary>
    public async Task RunAsync()
    {
        var end = state.End;
        while (!state.IsStopped && !state.HasBegunAll && state.Nanoseconds < end)
        {
            var birth = TakeBirth();
            if (birth is null && _processes.Count == 0)
            {
                // Who has nothing to do takes no call away from those who have, not even for a moment: they might end meanwhile as if all had begun.
                await Task.Delay(Pause);
                continue;
            }

            var due = state.TakeDue();
            if (due >= end || (due is { } time && !await state.WaitUntilAsync(time)) || !state.MayBegin())
            {
                if (birth is { } later)
                {
                    // For when work begins again.
                    _births.Enqueue(later);
                }

                return;
            }

            if (birth is { } one)
            {
                await BearAsync(one, due);
            }
            else
            {
                await StepAsync(due);
            }
        }
    }

    /// <summary>Ends its processes.</summary>
    public async Task EndAsync()
    {
        while (_newcomers.TryDequeue(out var newcomer))
        {
            _processes.Add(newcomer);
        }

        foreach (var process in _processes)
        {
            try
            {
                await process.EndAsync();
            }
            catch (Exception failure) when (!state.IsBug(failure))
            {
                state.NoteEngineFailure(failure);
                return;
            }

            state.CountLiving(-1);
        }
    }

    private async Task FinishStartAsync(EmulatedProcess process)
    {
        var isAlive = true;
        while (isAlive && !process.Script.IsStarted && !state.IsStopped)
        {
            isAlive = await ExecuteAsync(process, due: null);
        }

        if (isAlive)
        {
            _processes.Add(process);
            Seat(process);
            state.PostChildren(process);
        }

        state.CountStarted();
    }

    // A birth that is due, or null. One whose parent is gone waits for the next parent.
    private Birth? TakeBirth()
    {
        while (_newcomers.TryDequeue(out var newcomer))
        {
            _processes.Add(newcomer);
        }

        if (_births.TryDequeue(out var birth))
        {
            if (birth.Parent is null or { Process: not null })
            {
                return birth;
            }

            _births.Enqueue(birth);
        }

        return null;
    }

    // The next step of the process whose turn it is.
    private async ValueTask StepAsync(long? due)
    {
        _turn = _turn >= _processes.Count ? 0 : _turn;
        var process = _processes[_turn];
        if (await ExecuteAsync(process, due))
        {
            Seat(process);
            _turn++;
            return;
        }

        // The last one takes the place of the one that died.
        _processes[_turn] = _processes[^1];
        _processes.RemoveAt(_processes.Count - 1);
        state.PostSuccessor(process);
    }

    private static void Seat(EmulatedProcess process)
    {
        if (process.Seat is { Process: null } seat && process.Script.IsStarted)
        {
            seat.Process = process;
        }
    }

    private async ValueTask<bool> BearAsync(Birth birth, long? due)
    {
        var begin = state.Nanoseconds;
        if (birth.Number + birth.Stride < birth.End)
        {
            _births.Enqueue(birth with { Number = birth.Number + birth.Stride });
        }

        var operation = birth.Parent is null ? LoadOperation.Spawn : LoadOperation.Fork;
        var place = (birth.Machine.Index * (long)birth.Machine.Profile.Kinds.Count) + birth.Kind.Index;
        var random = SplitMix.For(state.Options.Seed, place, birth.Number + (birth.Life << 32));
        try
        {
            var process = birth.Parent is null
                ? await EmulatedProcess.SpawnAsync(birth, random)
                : await birth.Parent.Process!.ForkAsync(birth.Kind, birth.Number, birth.Life, random);
            state.NoteSuccess();
            Record(operation, due, begin, null);
            state.Adopt(process);
            return true;
        }
        catch (Exception failure) when (!state.IsBug(failure))
        {
            await NoteAsync(operation, due, begin, failure);
            return false;
        }
    }

    // False when the process is dead.
    private async ValueTask<bool> ExecuteAsync(EmulatedProcess process, long? due)
    {
        var begin = state.Nanoseconds;
        var call = process.Script.Next();
        try
        {
            var outcome = await process.ExecuteAsync(call);
            state.NoteSuccess();
            Record(outcome.Operation, due, begin, outcome.Failure);
            if (outcome.Child is { } child)
            {
                state.Adopt(child);
            }

            if (outcome.IsDead)
            {
                Bury(process);
                return false;
            }

            if (outcome.Failure is not null && process.Script.IsInStart)
            {
                // A program that cannot have the memory it begins with ends.
                process.Script.GiveUp();
            }

            return true;
        }
        catch (Exception failure) when (!state.IsBug(failure))
        {
            await NoteAsync(null, due, begin, failure);
            return true;
        }
    }

    private void Bury(EmulatedProcess process)
    {
        if (process.Seat is { } seat && seat.Process == process)
        {
            seat.Process = null;
        }

        process.Bury();
        state.CountLiving(-1);
    }

    // The times are in nanoseconds; null for due in a closed loop, where a call is due when it begins.
    private void Record(LoadOperation operation, long? due, long begin, string? failure)
    {
        var now = state.Nanoseconds;
        Recorder.Record(operation, now - (due ?? begin), due is null ? null : now - begin, failure);
    }

    private async ValueTask NoteAsync(LoadOperation? operation, long? due, long begin, Exception failure)
    {
        var cause = string.Create(CultureInfo.InvariantCulture, $"{LoadState.EngineCause}{failure.GetType().Name}");
        Record(operation ?? LoadOperation.Fault, due, begin, cause);
        state.NoteEngineFailure(failure);
        await Task.Delay(PauseAfterEngineFailure);
    }
}
