using System.Net.Http.Json;
using Hugesim.Abstractions;
using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;

namespace Hugesim.Clusters;

/// <summary>A machine in the process that runs a local cluster of the embedded engine.</summary>
internal sealed class RemoteMachine : IScenarioMachine, IAuditedMachine, IParallelMachine
{
    private readonly ControlClient _client;
    private readonly string _path;
    private readonly List<string> _deaths = [];

    private RemoteMachine(ControlClient client, string name) => (_client, _path) = (client, $"machines/{name}");

    /// <summary>Boots a machine.</summary>
    public static async ValueTask<IScenarioMachine> BootAsync(
        ControlClient client, MachineOptions options, MachineOwner owner, CancellationToken cancellationToken)
    {
        var request = JsonContent.Create(new BootRequest(options.Profile, options.Nodes, owner), ControlJson.Default.BootRequest);
        var answer = await client.SendAsync(HttpMethod.Post, "machines/", request, ControlJson.Default.BootAnswer, cancellationToken).ConfigureAwait(false);
        return new RemoteMachine(client, answer.Machine);
    }

    /// <inheritdoc/>
    public async ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        var request = JsonContent.Create(new CommandRequest(command.Source.Text, command.Source.Line), ControlJson.Default.CommandRequest);
        var answer = await _client.SendAsync(
            HttpMethod.Post, $"{_path}/commands", request, ControlJson.Default.CommandAnswer, cancellationToken).ConfigureAwait(false);
        _deaths.AddRange(answer.Deaths);
        return answer.Answer;
    }

    /// <inheritdoc/>
    public (string Message, string Hint)? RefusesBlocks => null;

    /// <inheritdoc/>
    public async ValueTask ExecuteAsync(ParallelBlock block, Action<ScenarioCommand, string> onAnswer)
    {
        var request = JsonContent.Create(
            new BlockRequest([.. block.Commands.Select(command => command.Source.Text)], block.Source.Line), ControlJson.Default.BlockRequest);
        var done = await _client.SendAsync(HttpMethod.Post, $"{_path}/block", request, ControlJson.Default.BlockAnswers, CancellationToken.None).ConfigureAwait(false);
        _deaths.AddRange(done.Deaths);
        foreach (var answer in done.Answers)
        {
            onAnswer(block.Commands[answer.Line], answer.Answer);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> TakeDeaths()
    {
        var deaths = _deaths.ToArray();
        _deaths.Clear();
        return deaths;
    }

    /// <inheritdoc/>
    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) =>
        new(_client.GetAsync($"{_path}/counters", ControlJson.Default.MachineCounters, ct));

    /// <inheritdoc/>
    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) =>
        new(_client.SendAsync(HttpMethod.Post, $"{_path}/teardown", null, ControlJson.Default.TeardownResult, ct));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditViolation>> AuditAsync(CancellationToken ct) =>
        new(_client.GetAsync($"{_path}/audit", ControlJson.Default.IReadOnlyListAuditViolation, ct));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _client.SendAsync<object>(HttpMethod.Delete, _path, null, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Silo.ClusterException)
        {
            // With the cluster its machines have gone: who used them has been told.
        }
    }
}
