using Hugesim.Scenarios;

namespace Hugesim.Fuzzing;

/// <summary>A machine whose internal errors are answers, so that a search goes on and shortens what leads to them.</summary>
internal sealed class FailureReportingMachine(IScenarioMachine machine) : IScenarioMachine
{
    /// <inheritdoc/>
    public async ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await machine.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return $"internal error: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}";
        }
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
