using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>A machine each of whose commands is a flow with a span of its own at the root, for those who have flows sent elsewhere.</summary>
internal sealed class TracedMachine(IScenarioMachine machine) : IScenarioMachine
{
    private int _step;

    /// <inheritdoc/>
    public async ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        using var root = ClientTracing.BeginFlow(FlowNames.Of(command), StepFlow.Tags(command, ++_step));
        var answer = await machine.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        StepFlow.End(root, answer);
        return answer;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> TakeDeaths() => machine.TakeDeaths();

    /// <inheritdoc/>
    public ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct) => machine.ReadCountersAsync(ct);

    /// <inheritdoc/>
    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => machine.TearDownAsync(ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => machine.DisposeAsync();
}
