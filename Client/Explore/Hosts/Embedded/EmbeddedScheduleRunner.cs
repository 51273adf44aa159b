using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.History;
using Hugesim.Machine;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Explore;

/// <summary>A cluster that is made anew for each schedule.</summary>
internal sealed partial class EmbeddedScheduleRunner : IScheduleRunner
{
    private const string MachineName = "m";

    private readonly ScenarioProgram _program;
    private readonly ScenarioCommand[] _commands;
    private readonly ReservePromises _promises;
    private readonly MachineOptions _options;
    private readonly ScheduledOrder _order;
    private readonly EmbeddedCluster _cluster;
    private readonly InstanceSource _instances;
    private readonly EndStates _ends;
    private readonly StoryTeller? _teller;
    private readonly ScheduleRecorder? _recorder;
    private readonly Dictionary<ScenarioCommand, string> _answers = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Rare> _rare = [];
    private readonly CallHistory _history;
    private readonly InjectedFailures _injected;
    private ScheduleFailure? _failure;
    private bool _knowsBeginning;

    public EmbeddedScheduleRunner(ScenarioProgram program, ExplorationMachine machine, ScheduleNotes notes)
    {
        _program = program;
        _commands = [.. program.Commands];
        _options = new MachineOptions(machine.Profile, machine.Nodes, "deterministic", 0, machine.Silos);
        _injected = machine.Injected;
        _history = new CallHistory(KernelProfiles.Get(machine.Profile));
        _promises = new ReservePromises(program, KernelProfiles.Get(machine.Profile), machine.Injected);
        _order = new ScheduledOrder();
        _recorder = notes == ScheduleNotes.Recording ? new ScheduleRecorder(_options, LookInto) : null;
        _teller = notes == ScheduleNotes.None ? null : new StoryTeller(_order, ReadCounters, _recorder is null ? null : _recorder.OnDelivery);
        _cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            Silos = machine.Silos,
            Scheduler = SchedulerKind.Deterministic,
            ResponseTimeout = GrainHostOptions.ResponseTimeout,
            ConfigureServices = services => services.AddEmbeddedHugesim(),
            Faults = _order.Faults,
            OnCall = _history.OnCall,
            OnMessage = _teller is { } teller ? teller.OnMessage : null,
        });
        _cluster.Order = _order;
        _instances = new InstanceSource(_cluster);
        _ends = new EndStates(_cluster);
    }

    /// <summary>Schedules whose end was known, because another one had come to the same state.</summary>
    public long KnownEnds { get; private set; }

    /// <inheritdoc/>
    public ScheduleStory? Story => _teller?.Tell();

    /// <inheritdoc/>
    public RecordedRun? Recording => _recorder?.Run;

    /// <inheritdoc/>
    public ScheduleOutcome Run(IScheduleStrategy strategy)
    {
        ScheduleOutcome? outcome = null;
        RarePath.Listen(path => _rare.Add(path), () => outcome = RunSchedule(strategy));
        return outcome!;
    }

    private ScheduleOutcome RunSchedule(IScheduleStrategy strategy)
    {
        var (counters, abandoned) = ("", false);
        Reset(strategy);
        if (!_knowsBeginning)
        {
            Catch(CheckBeginning);
            _knowsBeginning = _failure is null;
            if (_knowsBeginning)
            {
                Reset(strategy);
            }
        }

        if (_failure is null)
        {
            Catch(() => (counters, abandoned) = RunToEnd());
        }

        _order.IsActive = false;
        strategy.End();
        var answers = _commands.Where(_answers.ContainsKey).Select(command => (command, _answers[command])).ToList();
        if (counters.Length > 0)
        {
            answers.Add((new CountersCommand(new SourceLine(_program.File, 0, "end")), counters));
        }

        return new ScheduleOutcome(_failure, _order.Trace, _order.Step, answers, abandoned) { RarePaths = _rare.Count == 0 ? [] : [.. _rare] };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _recorder?.Dispose();
        _cluster.Dispose();
    }

    private void Reset(IScheduleStrategy strategy)
    {
        _failure = null;
        _answers.Clear();
        _promises.Clear();
        _history.Clear();
        _rare.Clear();
        _cluster.Reset(0);
        _order.Reset(strategy);
        _teller?.Clear();
        _recorder?.Clear();
    }

    private void Catch(Action run)
    {
        try
        {
            run();
        }
        catch (DeadlockException failure)
        {
            Fail(new ScheduleFailure(FailureKind.Deadlock, "deadlock", failure.Message, 0));
        }
        catch (Exception failure) when (_order.HasCrashed && SaysWhatIsLost(failure))
        {
            // What a silo's crash may come to: nobody is told a wrong number, and nobody waits for ever.
        }
        catch (Exception failure)
        {
            Fail(new ScheduleFailure(FailureKind.Exception, RuleOf(failure), failure.Message, 0));
        }
    }

    // Of a machine that is gone whole nobody knows that it had booted.
    private static bool SaysWhatIsLost(Exception failure) =>
        failure is StateLostException or ArgumentException { ParamName: "machine" } || failure.InnerException is StateLostException;

    // The same exception on another page or grain is the same failure.
    private static string RuleOf(Exception failure) =>
        $"{failure.GetType().Name} {string.Concat(failure.Message.TakeWhile(c => c is not ('{' or '\n')).Where(c => !char.IsAsciiDigit(c)).Take(80))}";

    // What comes before the first block is the same in every schedule: it is audited once, and left alone afterwards.
    private void CheckBeginning()
    {
        var machine = Boot();
        foreach (var part in _program.Parts.TakeWhile(part => part.Block is null && _failure is null))
        {
            Step(machine, part.Step!);
            Audit(machine, part.Step!.Source.Line);
        }
    }

    private (string Counters, bool Abandoned) RunToEnd()
    {
        try
        {
            return (RunProgram(), false);
        }
        catch (ScheduleAbandonedException)
        {
            return ("", true);
        }
    }

    private string RunProgram()
    {
        var machine = Boot();
        var hadBlock = false;
        for (var i = 0; i < _program.Parts.Count; i++)
        {
            var part = _program.Parts[i];
            if (part.Block is { } block)
            {
                if (!hadBlock && _injected != InjectedFailures.None)
                {
                    Inject();
                }

                hadBlock = true;
                RunBlock(machine, block);
            }
            else
            {
                Step(machine, part.Step!);
            }

            if (hadBlock && i < _program.Parts.Count - 1)
            {
                Audit(machine, LineOf(part));
            }

            if (_failure is not null)
            {
                return "";
            }
        }

        return hadBlock && _teller is null && !_order.HasFaults ? EndOnce(machine) : End(machine, hadBlock);
    }

    private void Inject() => _cluster.Run(async grains =>
    {
        var parts = await MachineAudit.CollectAsync(grains, MachineName);
        foreach (var inode in parts.Inodes.Keys)
        {
            await grains.GetGrain<IInodeGrain>(inode).InjectFailures(_injected);
        }

        foreach (var vma in parts.Vmas.Keys)
        {
            await grains.GetGrain<IVmaGrain>(vma).InjectFailures(_injected);
        }
    });

    private GrainMachine Boot() => Ended(GrainMachine.BootAsync(new ClusterHost(_cluster), MachineName, _options));

    private void Step(GrainMachine machine, ScenarioCommand command)
    {
        _promises.OnCommand(command);
        OnAnswer(command, _recorder is { } recorder ? recorder.Execute(machine, command) : Ended(machine.ExecuteAsync(command, CancellationToken.None)));
    }

    private void RunBlock(GrainMachine machine, ParallelBlock block)
    {
        _order.BeginBlock();
        _teller?.BeginBlock(block);
        if (_recorder is { } recorder)
        {
            recorder.Execute(machine, block, OnAnswer, _promises.OnCommand, () => _order.IsActive = false);
        }
        else
        {
            _ = machine.ExecuteAsync(block, OnAnswer, _promises.OnCommand);
        }

        _order.IsActive = false;
        _teller?.EndBlock();
    }

    private void OnAnswer(ScenarioCommand command, string answer)
    {
        _answers[command] = answer;
        _teller?.OnAnswer(command, answer);
        if (_promises.OnAnswer(command, answer) is { } failure)
        {
            Fail(failure);
        }
    }

    private void Fail(ScheduleFailure failure) => _failure ??= failure;

    private string ReadCounters()
    {
        if (_cluster.FindInstance(_cluster.GrainFactory.GetGrain<IHstateGrain>(Keys.Hstate(MachineName))) is not IHstateGrain hstate)
        {
            return "";
        }

        // It answers at once: the instance is looked at between two turns.
        var counters = Ended(hstate.ReadCounters());
        return $"nr={counters.Nr} free={counters.Free} resv={counters.Resv} surp={counters.Surplus}";
    }

    private MachineSnapshot LookInto() => Ended(MachineAudit.CollectAsync(_instances, MachineName));

    // Under the deterministic scheduler a call has ended when it returns.
    private static T Ended<T>(ValueTask<T> call) => call.AsTask().GetAwaiter().GetResult();

    private sealed class ClusterHost(EmbeddedCluster cluster) : IScheduledGrainHost
    {
        public RepeatedCalls Calls { get; } = new(cluster.Services.GetRequiredService<TimeProvider>());

        public ValueTask<T> RunAsync<T>(Func<IGrainFactory, ValueTask<T>> client) => new(cluster.Run(grains => client(grains).AsTask()));

        public void Run(Func<IGrainFactory, Task>[] clients) => cluster.Run(clients);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
