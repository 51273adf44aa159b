using System.Collections.Concurrent;
using Hugesim.Audit;
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
        var options = new MachineOptions(request.Profile, request.Nodes, "parallel", 0, 1);
        var machine = await GrainMachine.BootAsync(new BorrowedGrainHost(host), name, options).ConfigureAwait(false);
        _machines[name] = new Hosted(machine, new ScenarioParser(name, ScenarioDialect.Recorder));
        return new BootAnswer(name);
    }

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

    /// <summary>Reads the counters.</summary>
    public ValueTask<MachineCounters> ReadCountersAsync(string name) => Find(name).Machine.ReadCountersAsync(CancellationToken.None);

    /// <summary>Checks the invariants.</summary>
    public ValueTask<IReadOnlyList<AuditViolation>> AuditAsync(string name) => Find(name).Machine.AuditAsync(CancellationToken.None);

    /// <summary>Tears the machine down; it is kept until it is dropped.</summary>
    public ValueTask<TeardownResult> TearDownAsync(string name) => Find(name).Machine.TearDownAsync(CancellationToken.None);

    /// <summary>Forgets a machine.</summary>
    public void Drop(string name) => _machines.TryRemove(name, out _);

    private Hosted Find(string name) => _machines.TryGetValue(name, out var hosted)
        ? hosted
        : throw ClusterException.Input($"there is no machine {name}", "machines end with the client that made them, and with the cluster");

    private sealed record Hosted(GrainMachine Machine, ScenarioParser Parser);
}
