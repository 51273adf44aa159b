using System.Diagnostics;

namespace Hugesim.Load;

/// <summary>What the workers of a load share.</summary>
internal sealed class LoadState
{
    /// <summary>What the causes of failures begin with that are the engine's and not the simulated kernel's.</summary>
    public const string EngineCause = "engine ";

    private readonly LoadWorker[] _workers;
    private readonly Lock _failureLock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _zero;
    private long _unstarted;
    private long _living;
    private long _nextChild;
    private long _lastSuccess;
    private long _begun;
    private long _due;
    private long _lastBegun;
    private long? _calls;
    private LoadPacer? _pacer;
    private volatile bool _stopped;

    public LoadState(LoadOptions options)
    {
        Options = options;
        _workers = [.. Enumerable.Range(0, options.Workers).Select(_ => new LoadWorker(this))];
    }

    public LoadOptions Options { get; }

    public IReadOnlyList<LoadWorker> Workers => _workers;

    /// <summary>The open loop's schedule; null in a closed loop.</summary>
    public OpenLoopSchedule? Schedule => Options.Rate is { } rate ? new OpenLoopSchedule(rate) : null;

    /// <summary>Nanoseconds since the start, or since <see cref="ResetClock"/>.</summary>
    public long Nanoseconds => (long)((_clock.ElapsedTicks - Volatile.Read(ref _zero)) * (1e9 / Stopwatch.Frequency));

    /// <summary>Nothing more is to be begun.</summary>
    public bool IsStopped => _stopped;

    /// <summary>Nobody is interested any more in what happens.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Processes that are still to start.</summary>
    public long Unstarted => Interlocked.Read(ref _unstarted);

    /// <summary>Processes that live.</summary>
    public long Living => Interlocked.Read(ref _living);

    /// <summary>The first thing that went wrong with the engine, or null.</summary>
    public string? EngineFailure { get; private set; }

    /// <summary>Calls have failed for a while, and none has succeeded since.</summary>
    public bool EngineIsGone => EngineFailure is not null
        && _clock.Elapsed - TimeSpan.FromTicks(Interlocked.Read(ref _lastSuccess)) > Options.EngineGrace;

    /// <summary>Begins to count time anew.</summary>
    public void ResetClock() => Volatile.Write(ref _zero, _clock.ElapsedTicks);

    /// <summary>When the work ends, in <see cref="Nanoseconds"/>.</summary>
    public long End { get; private set; }

    /// <summary>The processes work from now on; no worker may be at it.</summary>
    /// <param name="time">How long.</param>
    /// <param name="calls">After how many calls the work ends before that, or null.</param>
    /// <param name="pacer">Wakes who waits for a call to be due, while they work; null in a closed loop.</param>
    public void BeginWork(TimeSpan time, long? calls, LoadPacer? pacer)
    {
        (End, _calls, _begun, _due, _lastBegun, _pacer) = ((long)time.TotalNanoseconds, calls, 0, 0, long.MaxValue, pacer);
        ResetClock();
    }

    /// <summary>When the next call of an open loop is due that no worker has taken, in nanoseconds; null in a closed loop.</summary>
    public long? TakeDue() => Schedule?.DueNanoseconds(Interlocked.Increment(ref _due) - 1);

    /// <summary>Waits until a call of an open loop is due; false if the run has been stopped.</summary>
    public async ValueTask<bool> WaitUntilAsync(long due)
    {
        if (due > Nanoseconds && !_stopped)
        {
            await _pacer!.WaitUntilAsync(due);
        }

        return !_stopped;
    }

    /// <summary>May one more call begin? Counted only where calls are limited: all workers would share the counter.</summary>
    public bool MayBegin()
    {
        if (_calls is not { } calls)
        {
            return true;
        }

        var begun = Interlocked.Increment(ref _begun);
        if (begun == calls)
        {
            Volatile.Write(ref _lastBegun, Nanoseconds);
        }

        return begun <= calls;
    }

    /// <summary>How many calls of an open loop were due while any was still to begin; null in a closed loop.</summary>
    /// <param name="nanoseconds">How long the processes have worked. They may work on after their time, or after the last call that was asked for has begun: what would be due then is nobody's.</param>
    public long? DueCalls(long nanoseconds) => Schedule?.DueBefore(Math.Min(nanoseconds, Math.Min(End, Volatile.Read(ref _lastBegun))));

    /// <summary>As many calls as were asked for were made, or are under way.</summary>
    public bool HasBegunAll => _calls is { } calls && Interlocked.Read(ref _begun) >= calls;

    /// <summary>Lets the workers finish the calls that are under way.</summary>
    public void Stop() => _stopped = true;

    /// <summary>As <see cref="Stop"/>, and nothing is to be shown from now on.</summary>
    public void Abandon()
    {
        IsAbandoned = true;
        Stop();
    }

    /// <summary>A mistake of this program, which nothing may hide.</summary>
    public bool IsBug(Exception failure) => failure is NullReferenceException or IndexOutOfRangeException or InvalidCastException or ArgumentException;

    /// <summary>Asks for the processes of a machine that are not forked from others.</summary>
    public void PostPopulation(LoadMachine machine)
    {
        foreach (var kind in machine.Profile.Kinds.Where(kind => kind.From is null))
        {
            var count = machine.PopulationByKind[kind.Index];
            Interlocked.Add(ref _unstarted, count);
            for (var i = 0; i < Math.Min(count, _workers.Length); i++)
            {
                WorkerOf(machine, i).Post(new Birth(machine, kind, i, _workers.Length, count, null));
            }
        }
    }

    /// <summary>A process has started: those that are forked from it can be made.</summary>
    public void PostChildren(EmulatedProcess parent)
    {
        var machine = parent.Machine;
        foreach (var kind in machine.Profile.Kinds.Where(kind => kind.From == parent.Script.Kind))
        {
            var (count, parents) = (machine.PopulationByKind[kind.Index], machine.PopulationByKind[parent.Script.Kind.Index]);
            if (parent.Number < 0 || parent.Number >= count)
            {
                continue;
            }

            Interlocked.Add(ref _unstarted, ((count - parent.Number - 1) / parents) + 1);
            WorkerOf(machine, parent.Number).Post(new Birth(machine, kind, parent.Number, parents, count, parent.Seat));
        }
    }

    /// <summary>A process has ended: another one takes its place.</summary>
    public void PostSuccessor(EmulatedProcess process)
    {
        if (process.Number == EmulatedProcess.NoNumber)
        {
            return;
        }

        var (machine, kind) = (process.Machine, process.Script.Kind);
        var parent = kind.From is null ? process.Number : machine.ParentOf(kind, process.Number);
        var seat = kind.From is null ? null : machine.SeatOf(kind.From, parent);
        WorkerOf(machine, parent).Post(new Birth(machine, kind, process.Number, 1, process.Number + 1, seat, process.Life + 1));
    }

    /// <summary>A new process gets a worker: the one that its forks are posted to, or where it has no number any.</summary>
    public void Adopt(EmulatedProcess process)
    {
        CountLiving(1);
        WorkerOf(process.Machine, process.Number == EmulatedProcess.NoNumber ? Interlocked.Increment(ref _nextChild) : process.Number).Take(process);
    }

    /// <summary>A process has started, or cannot.</summary>
    public void CountStarted() => Interlocked.Decrement(ref _unstarted);

    /// <summary>Processes were made or have ended.</summary>
    public void CountLiving(int change) => Interlocked.Add(ref _living, change);

    /// <summary>The engine answers.</summary>
    public void NoteSuccess() => Volatile.Write(ref _lastSuccess, _clock.Elapsed.Ticks);

    /// <summary>The engine does not answer.</summary>
    public void NoteEngineFailure(Exception failure)
    {
        lock (_failureLock)
        {
            EngineFailure ??= $"{failure.GetType().Name}: {failure.Message}";
        }
    }

    private LoadWorker WorkerOf(LoadMachine machine, long number) => _workers[(machine.Index + number) % _workers.Length];
}
