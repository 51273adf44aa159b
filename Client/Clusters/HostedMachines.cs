using System.Collections.Concurrent;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Grains;
using Hugesim.History;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Silo;
using Hugesim.Telemetry;

namespace Hugesim.Clusters;

/// <summary>The machines that this process keeps for clients in other processes.</summary>
internal sealed class HostedMachines(IGrainHost host)
{
    private readonly ConcurrentDictionary<string, Hosted> _machines = new();
    private long _count;

    /// <summary>Boots a machine.</summary>
    public async Task<BootAnswer> BootAsync(BootRequest request)
    {
        var name = $"m{Interlocked.Increment(ref _count)}";
        await ForgetEndedAsync().ConfigureAwait(false);
        await DirectoryAsync(directory => directory.Add(request.Owner, [new ClusterMachine(name, request.Profile, request.Nodes)])).ConfigureAwait(false);
        var options = new MachineOptions(request.Profile, request.Nodes, "parallel", 0, 1) { Cluster = ClusterNames.Default };
        var machine = await GrainMachine.BootAsync(new BorrowedGrainHost(host), name, options).ConfigureAwait(false);
        _machines[name] = new Hosted(machine, new ScenarioParser(name, ScenarioDialect.Recorder), request);
        return new BootAnswer(name);
    }

    /// <summary>A client lives.</summary>
    public Task RenewAsync(MachineOwner owner)
    {
        var machines = _machines.Where(hosted => hosted.Value.Request.Owner.Id == owner.Id)
            .Select(hosted => new ClusterMachine(hosted.Key, hosted.Value.Request.Profile, hosted.Value.Request.Nodes)).ToArray();
        return machines.Length == 0 ? Task.CompletedTask : DirectoryAsync(directory => directory.Renew(owner, machines));
    }

    /// <summary>The machines of all clients.</summary>
    public async Task<OwnedMachine[]> ListAsync() =>
        await host.RunAsync(grains => grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey).List()).ConfigureAwait(false);

    /// <summary>Executes a line.</summary>
    /// <param name="name">The machine.</param>
    /// <param name="request">The line.</param>
    /// <param name="traceParent">The client's span, if it traces, in the form of W3C's trace context.</param>
    public async Task<CommandAnswer> ExecuteAsync(string name, CommandRequest request, string? traceParent)
    {
        var hosted = Find(name);
        if (hosted.Parser.ParseLine(request.Number, request.Line) is not ScenarioStep step)
        {
            throw ClusterException.Input($"'{request.Line}' is no command", "the languages of client and cluster differ: use the same version of hugesim");
        }

        using var flow = ClientTracing.ContinueFlow(FlowNames.Of(step.Command), traceParent);
        var answer = await hosted.Machine.ExecuteAsync(step.Command, CancellationToken.None).ConfigureAwait(false);
        StepFlow.End(flow, answer);
        return new CommandAnswer(answer, hosted.Machine.TakeDeaths());
    }

    /// <summary>Executes a block: the commands of different processes really at the same time.</summary>
    public async Task<BlockAnswers> ExecuteAsync(string name, BlockRequest request)
    {
        var hosted = Find(name);
        var source = new SourceLine(name, request.Number, ScenarioParser.BlockBegin);
        var commands = request.Lines.Select((line, i) => hosted.Parser.ParseLine(request.Number + i + 1, line) is ScenarioStep step
            ? step.Command
            : throw ClusterException.Input($"'{line}' is no command", "the languages of client and cluster differ: use the same version of hugesim")).ToList();
        var answers = new List<BlockAnswer>();
        await hosted.Machine.ExecuteAsync(
            ParallelBlock.Of(source, commands), (command, answer) => answers.Add(new BlockAnswer(commands.IndexOf(command), answer))).ConfigureAwait(false);
        return new BlockAnswers(answers, hosted.Machine.TakeDeaths());
    }

    /// <summary>Reads the counters.</summary>
    public ValueTask<MachineCounters> ReadCountersAsync(string name) => Find(name).Machine.ReadCountersAsync(CancellationToken.None);

    /// <summary>Checks the invariants of a machine, whoever has it.</summary>
    public async Task<IReadOnlyList<AuditViolation>> AuditAsync(string name)
    {
        try
        {
            return await host.RunAsync(grains => LiveAudit.RunAsync(grains, name)).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            throw NoMachine(name);
        }
    }

    /// <summary>Tears the machine down; it is kept until it is dropped.</summary>
    public ValueTask<TeardownResult> TearDownAsync(string name) => Find(name).Machine.TearDownAsync(CancellationToken.None);

    /// <summary>Switches a machine off.</summary>
    public async Task DropAsync(string name)
    {
        _machines.TryRemove(name, out _);
        if (Array.Find(await ListAsync().ConfigureAwait(false), owned => owned.Machine.Name == name) is { Machine: var machine })
        {
            await host.RunAsync(async grains =>
            {
                await MachinePower.OffAsync(grains, machine).ConfigureAwait(false);
                return 0;
            }).ConfigureAwait(false);
            await DirectoryAsync(directory => directory.Remove([name])).ConfigureAwait(false);
        }
    }

    // Machines of clients that were killed have been switched off by the directory.
    private async Task ForgetEndedAsync()
    {
        var known = _machines.Keys.ToArray();
        var living = (await ListAsync().ConfigureAwait(false)).Select(owned => owned.Machine.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in known.Where(name => !living.Contains(name)))
        {
            _machines.TryRemove(name, out _);
        }
    }

    private async Task DirectoryAsync(Func<IMachineDirectoryGrain, ValueTask> call) => await host.RunAsync(async grains =>
    {
        await call(grains.GetGrain<IMachineDirectoryGrain>(IMachineDirectoryGrain.TheKey)).ConfigureAwait(false);
        return 0;
    }).ConfigureAwait(false);

    private Hosted Find(string name) => _machines.TryGetValue(name, out var hosted) ? hosted : throw NoMachine(name);

    private static ClusterException NoMachine(string name) =>
        ClusterException.Input($"there is no machine {name}", "machines end with the client that made them, and with the cluster; see 'hugesim cluster status'");

    private sealed record Hosted(GrainMachine Machine, ScenarioParser Parser, BootRequest Request);
}
