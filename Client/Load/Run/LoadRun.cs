using System.Diagnostics;
using System.Globalization;
using Hugesim.Grains;

namespace Hugesim.Load;

/// <summary>A load: boots machines, starts their processes, lets them work, audits the machines at rest, and ends everything.</summary>
internal sealed class LoadRun
{
    private static readonly TimeSpan SampleTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ProgressTime = TimeSpan.FromMilliseconds(200);

    private readonly LoadOptions _options;
    private readonly ILoadReporter _reporter;
    private readonly CancellationToken _interrupted;
    private readonly LoadState _state;
    private readonly LoadTotals _startup = new();
    private readonly LoadTotals _warmup = new();
    private readonly LoadTotals _totals = new();
    private readonly List<LoadSample> _samples = [];
    private readonly Lock _gate = new();
    private LoadTotals _phase;
    private LoadMachine[] _machines = [];
    private double _startSeconds;
    private long _started;
    private long? _bytesPerProcess;

    /// <summary>Prepares a load.</summary>
    /// <param name="options">The load.</param>
    /// <param name="reporter">Is told what happens.</param>
    /// <param name="interrupted">Ends the load in order: what was measured is kept, the machines are audited.</param>
    public LoadRun(LoadOptions options, ILoadReporter reporter, CancellationToken interrupted)
    {
        (_options, _reporter, _interrupted) = (options, reporter, interrupted);
        _state = new LoadState(options);
        _phase = _startup;
    }

    /// <summary>Runs the load; once.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="calls">Calls to it.</param>
    /// <exception cref="LoadSetupException">A machine cannot be set up.</exception>
    public async ValueTask<LoadResults> RunAsync(IGrainFactory grains, RepeatedCalls calls)
    {
        using var onInterruption = _interrupted.Register(_state.Stop);
        await BootAsync(grains, calls);
        _reporter.OnBegin(_options);
        var before = BytesInUse();
        _startSeconds = await StartAsync();
        _started = _state.Living;
        _bytesPerProcess = _started > 0 ? (BytesInUse() - before) / _started : null;
        var works = _options.Duration > TimeSpan.Zero && _started > 0;
        if (works && _options.Warmup > TimeSpan.Zero)
        {
            await WarmUpAsync();
        }

        var measured = works && !_state.IsStopped ? await MeasureAsync() : 0;
        var end = _state.EngineIsGone ? LoadEnd.EngineFailed
            : _interrupted.IsCancellationRequested ? LoadEnd.Interrupted
            : _started == 0 ? LoadEnd.NothingStarted
            : LoadEnd.Complete;
        var results = ResultsOf(_totals, measured, end, _state.EngineFailure);
        return end == LoadEnd.EngineFailed ? results : await FinishAsync(results);
    }

    /// <summary>Gives the load up while it runs, because its cluster is gone, and returns what was measured until now.</summary>
    /// <param name="failure">What happened to the cluster.</param>
    public LoadResults Abandon(string failure)
    {
        _state.Abandon();
        var totals = new LoadTotals();
        lock (_gate)
        {
            totals.Take(_totals);
            var isMeasuring = _phase == _totals;
            Collect(isMeasuring ? totals : _phase);
            return ResultsOf(totals, isMeasuring ? _state.Nanoseconds / 1e9 : 0, LoadEnd.EngineFailed, failure);
        }
    }

    private LoadResults ResultsOf(LoadTotals totals, double measured, LoadEnd end, string? failure) => new()
    {
        Options = _options,
        Totals = totals,
        Startup = _startup,
        Samples = [.. _samples],
        StartSeconds = _startSeconds,
        MeasuredSeconds = measured,
        StartedProcesses = _started,
        BytesPerProcess = _bytesPerProcess,
        DueCalls = _state.DueCalls((long)(measured * 1e9)),
        End = end,
        EngineFailure = failure,
        Thresholds = [.. _options.Thresholds.Select(threshold => threshold.Check(totals, measured))],
    };

    // Below that, what processes need cannot be told from what everything else needs.
    private long? BytesInUse()
    {
        const int FewProcesses = 1000;
        if (_options.Processes < FewProcesses)
        {
            return null;
        }

        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: false);
    }

    private async ValueTask BootAsync(IGrainFactory grains, RepeatedCalls calls)
    {
        _machines = new LoadMachine[_options.Machines];
        for (var i = 0; i < _machines.Length; i++)
        {
            if (Population.Share(_options.Profile, _options.ProcessesOf(i), out var counts) is { } wrong)
            {
                throw new LoadSetupException(wrong.ToString(), wrong.Hint ?? "");
            }

            _machines[i] = await LoadMachine.BootAsync(grains, calls, _options, i, counts);
            _state.PostPopulation(_machines[i]);
        }
    }

    private async ValueTask<double> StartAsync()
    {
        _state.ResetClock();
        var all = Task.WhenAll(_state.Workers.Select(worker => Task.Run(worker.StartAsync, CancellationToken.None)));
        while (await Task.WhenAny(all, Task.Delay(ProgressTime, CancellationToken.None)) != all)
        {
            _reporter.OnProgress("starting processes", _options.Processes - _state.Unstarted, _options.Processes);
            StopIfEngineIsGone();
        }

        await all;
        Collect(_startup);
        return _state.Nanoseconds / 1e9;
    }

    private async ValueTask WarmUpAsync()
    {
        Enter(_warmup);
        var all = WorkAsync(_options.Warmup, calls: null);
        while (await Task.WhenAny(all, Task.Delay(ProgressTime, CancellationToken.None)) != all)
        {
            _reporter.OnProgress("warming up, second", _state.Nanoseconds / 1_000_000_000, (long)_options.Warmup.TotalSeconds);
            StopIfEngineIsGone();
        }

        await all;
        Collect(_warmup);
    }

    private async ValueTask<double> MeasureAsync()
    {
        Enter(_totals);
        var all = WorkAsync(_options.Duration, _options.Calls);
        var (last, next) = (0.0, SampleTime);
        while (!all.IsCompleted)
        {
            var left = next - TimeSpan.FromSeconds(_state.Nanoseconds / 1e9);
            await Task.WhenAny(all, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, CancellationToken.None));
            last = await SampleAsync(last);
            next += SampleTime;
            StopIfEngineIsGone();
        }

        var measured = await all;
        lock (_gate)
        {
            // Calls that ended after the last sample had counted, while it read the counters.
            Collect(_totals);
        }

        return measured;
    }

    // Returns how many seconds the processes worked.
    private async Task<double> WorkAsync(TimeSpan time, long? calls)
    {
        using var pacer = _options.Rate is null ? null : new LoadPacer(_state);
        _state.BeginWork(time, calls, pacer);
        await Task.WhenAll(_state.Workers.Select(worker => Task.Run(worker.RunAsync, CancellationToken.None)));
        return _state.Nanoseconds / 1e9;
    }

    private async ValueTask<double> SampleAsync(double last)
    {
        long calls;
        LatencyHistogram latencies;
        Dictionary<string, long> failures;
        lock (_gate)
        {
            var second = new LoadTotals();
            Collect(second);
            (calls, latencies, failures) = (second.Calls, second.AllLatencies(), new(second.FailuresByCause));
            _totals.Take(second);
        }

        var now = _state.Nanoseconds / 1e9;
        var sample = new LoadSample(
            now, calls / Math.Max(now - last, 1e-3), latencies.Percentile(50), latencies.Percentile(99), latencies.Max, failures,
            await ReadCountersAsync(), _state.Living);

        // The rest after the last full second is too short to be compared with the others.
        var isShown = now - last > SampleTime.TotalSeconds / 2 || _samples.Count == 0;
        if (!isShown)
        {
            return now;
        }

        lock (_gate)
        {
            _samples.Add(sample);
        }

        if (!_state.IsAbandoned)
        {
            _reporter.OnSample(sample, _totals);
        }

        return now;
    }

    private async ValueTask<PoolCounters> ReadCountersAsync()
    {
        var sum = default(PoolCounters);
        try
        {
            foreach (var machine in _machines)
            {
                var one = await machine.ReadCounters();
                sum = new PoolCounters(sum.Nr + one.Nr, sum.Free + one.Free, sum.Resv + one.Resv, sum.Surplus + one.Surplus);
            }
        }
        catch (Exception failure) when (!_state.IsBug(failure))
        {
            _state.NoteEngineFailure(failure);
        }

        return sum;
    }

    private async ValueTask<LoadResults> FinishAsync(LoadResults results)
    {
        var violations = new List<string>();
        var clock = Stopwatch.StartNew();
        try
        {
            for (var i = 0; i < _machines.Length; i++)
            {
                _reporter.OnProgress("auditing machines", i, _machines.Length);
                violations.AddRange(await _machines[i].AuditAsync());
            }

            var auditSeconds = clock.Elapsed.TotalSeconds;
            clock.Restart();
            await EndProcessesAsync();
            foreach (var machine in _machines)
            {
                violations.AddRange(await machine.EndAsync());
            }

            return results with
            {
                Violations = violations,
                AuditSeconds = auditSeconds,
                EndSeconds = clock.Elapsed.TotalSeconds,
                EngineFailure = _state.EngineFailure,
            };
        }
        catch (Exception failure) when (!_state.IsBug(failure))
        {
            return results with
            {
                Violations = violations,
                End = LoadEnd.EngineFailed,
                EngineFailure = string.Create(CultureInfo.InvariantCulture, $"{failure.GetType().Name}: {failure.Message}"),
            };
        }
    }

    private async ValueTask EndProcessesAsync()
    {
        var living = _state.Living;
        var all = Task.WhenAll(_state.Workers.Select(worker => Task.Run(worker.EndAsync, CancellationToken.None)));
        while (await Task.WhenAny(all, Task.Delay(ProgressTime, CancellationToken.None)) != all)
        {
            _reporter.OnProgress("ending processes", living - _state.Living, living);
        }

        await all;
    }

    // What workers record from now on belongs to another part of the load.
    private void Enter(LoadTotals phase)
    {
        lock (_gate)
        {
            _phase = phase;
        }
    }

    private void Collect(LoadTotals totals)
    {
        foreach (var worker in _state.Workers)
        {
            worker.Recorder.MoveTo(totals);
        }
    }

    private void StopIfEngineIsGone()
    {
        if (_state.EngineIsGone)
        {
            _state.Stop();
        }
    }
}
