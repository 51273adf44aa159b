using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Telemetry;
using Orleans.Runtime;

namespace Hugesim.Machine;

/// <summary>
/// A simulated machine that executes scenarios: the recorder's controller and the user space of its processes, in front of the grains that
/// are the kernel. Answers are the recorder's text.
/// </summary>
internal sealed partial class GrainMachine : IScenarioMachine, IAuditedMachine, IInspectedMachine, IParallelMachine, IFlowSource
{
    private readonly IGrainHost _host;
    private readonly string _name;
    private readonly int _nodes;
    private readonly KernelProfile _profile;
    private readonly bool _races;
    private readonly List<UserProcess> _processes = [];
    private readonly Dictionary<string, long> _segments = [];
    private readonly List<long> _segmentIds = [];
    private readonly List<string> _deaths = [];
    private readonly Dictionary<long, int> _pageNames = [];
    private MachineContext _machine;
    private IGrainFactory? _grains;
    private MachineCalls? _calls;

    private GrainMachine(IGrainHost host, string name, MachineOptions options)
    {
        (_host, _name, _nodes) = (host, name, options.Nodes);
        _machine = new MachineContext(name, options.Profile);
        _profile = KernelProfiles.Get(options.Profile);
        _races = options.Cluster is not null;
    }

    /// <summary>Where its flows are that other processes record; null if there are none.</summary>
    public IFlowSource? Flows { get; set; }

    private IGrainFactory Grains => _grains ?? throw new InvalidOperationException("grains are called outside of a step");

    // The machine and its pool: one client for both.
    private MachineCalls Machine => _calls ??= new MachineCalls(Grains, _name, _host.Calls);

    private MachineCalls Hstate => Machine;

    /// <summary>Boots a machine on a host that it owns from then on.</summary>
    public static async ValueTask<GrainMachine> BootAsync(IGrainHost host, string name, MachineOptions options)
    {
        var machine = new GrainMachine(host, name, options);
        await machine.Run(async () =>
        {
            machine._machine = await machine.Machine.Boot(new BootMachine(options.Profile, options.Nodes, ScenarioLimits.PoolPages));
            return 0;
        }).ConfigureAwait(false);
        return machine;
    }

    /// <inheritdoc/>
    public ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Run(() => Dispatch(command));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> TakeDeaths()
    {
        var deaths = _deaths.ToArray();
        _deaths.Clear();
        return deaths;
    }

    /// <inheritdoc/>
    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) => Run(ReadCounters);

    /// <inheritdoc/>
    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => Run(TearDown);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditViolation>> AuditAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return Run(() => MachineAudit.RunAsync(Grains, _name));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RecordedSpan>> GatherAsync(string traceId) => Flows?.GatherAsync(traceId) ?? new([]);

    /// <inheritdoc/>
    public ValueTask<MachineSnapshot> InspectAsync() => Run(() => MachineAudit.CollectAsync(Grains, _name));

    /// <inheritdoc/>
    public IReadOnlyList<NamedProcess> ReadNames() =>
    [
        .. _processes.Select(p => new NamedProcess(
            p.Name, Keys.Process(_name, p.Pid), p.Parent, p.Death, [.. p.Maps.Select(m => new NamedMapping(m.Key, m.Value.Address, m.Value.Length))])),
    ];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async ValueTask<T> Run<T>(Func<ValueTask<T>> step)
    {
        try
        {
            // Under the deterministic scheduler the step has to stay on its thread.
            return await _host.RunAsync(grains =>
            {
                _grains = grains;
                return step();
            });
        }
        catch (Exception exception) when (exception is StateLostException or StaleEpochException or SiloUnavailableException or CallGivenUpException)
        {
            var what = exception is CallGivenUpException { InnerException: TimeoutException }
                ? "the machine does not answer"
                : "the machine is broken, because a silo that held a part of it has gone";
            throw new ClusterException(
                $"{what}: {exception.Message}",
                "run the scenario again; silos that store their grains' state, as on PostgreSQL, keep it when they are stopped in order", exception);
        }
    }

    private ValueTask<string> Dispatch(ScenarioCommand command) => command is ProcessCommand ofProcess ? OfProcess(ofProcess) : OfMachine(command);

    private async ValueTask<string> OfProcess(ProcessCommand command)
    {
        var process = _processes.Find(p => p.Name == command.Process);
        if (process is null)
        {
            return RecorderAnswers.NoSuchProcess;
        }

        if (command is KillCommand kill)
        {
            return process.Death is not null ? "(dead)" : await Die(process, $"killed by {SignalName(kill.Signal)}");
        }

        if (command is ForkCommand fork && _processes.Exists(p => p.Name == fork.Child))
        {
            return RecorderAnswers.NameInUse;
        }

        if (process.Death is { } death)
        {
            return $"({process.Name} is dead: {death})";
        }

        return command switch
        {
            RefusedCommand refused => refused.Answer,
            MappingCommand onMapping => process.Maps.TryGetValue(onMapping.Mapping, out var range)
                ? await OfMapping(process, onMapping, range)
                : RecorderAnswers.BadMapping,
            FileCommand onFile => process.Files.TryGetValue(onFile.File, out var fd)
                ? await OfFile(process, onFile, fd)
                : RecorderAnswers.BadFile,
            _ => await OfTask(process, command),
        };
    }

    // The process ends: by itself, by a signal, or with the machine.
    private async ValueTask<string> Die(UserProcess process, string death)
    {
        await process.Grain.Exit();
        return process.Death = death;
    }

    private async ValueTask<MachineCounters> ReadCounters()
    {
        var counters = await Hstate.ReadCounters();
        var mounts = await Machine.Statfs();
        return new MachineCounters(
            counters.Nr, counters.Free, counters.Resv, counters.Surplus, counters.Overcommit,
            [.. counters.Nodes.Select((n, i) => new NodeCounters(i, n.Nr, n.Free, n.Surplus))],
            [.. mounts.Select(m => new MountCounters(m.Name, m.Blocks, m.FreeBlocks))],
            _profile.CgroupHugetlb ? [.. counters.Cgroups.Select(c => new CgroupCounters(c.Name, c.Usage, c.Rsvd))] : []);
    }

    /// <summary>What a teardown goes through in this order: the processes that live, and the segments.</summary>
    internal (long[] Processes, long[] Segments) Remaining => ([.. _processes.Where(p => p.Death is null).Select(p => p.Pid)], [.. _segmentIds]);

    private async ValueTask<TeardownResult> TearDown()
    {
        foreach (var process in _processes.Where(p => p.Death is null))
        {
            await Die(process, "killed by SIGKILL");
        }

        foreach (var id in _segmentIds)
        {
            await Machine.ShmRemove(id);
        }

        foreach (var mount in (await Machine.Statfs()).Reverse())
        {
            await Machine.Umount(mount.Name, lazy: true);
        }

        var counters = await ReadCounters();
        var leak = counters.Nr != counters.Free || counters.Resv != 0 || counters.Surp != 0;
        await Hstate.SetOvercommit(0);
        await Hstate.SetMaxHugePages(new SetPoolRequest(0, -1, ~0L));
        var remaining = (await Hstate.ReadCounters()).Nr;
        return new TeardownResult(counters, leak, remaining);
    }

    private static string Text(Errno error) => error == Errno.None ? "ok" : error.ToString();

    private static string SignalName(int signal) => signal switch
    {
        6 => "SIGABRT",
        7 => "SIGBUS",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => $"SIG{signal}",
    };
}
