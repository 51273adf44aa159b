using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>A machine each of whose commands is recorded as a flow: a trace with a span for the command, each message, and each kernel routine.</summary>
/// <param name="machine">The machine.</param>
/// <param name="recorder">Records the flows; it belongs to the caller.</param>
/// <param name="inspects">Also looks into the machine after each command.</param>
internal sealed class FlowMachine(IScenarioMachine machine, FlowRecorder recorder, bool inspects) : IScenarioMachine
{
    private readonly IInspectedMachine? _inspected = inspects
        ? machine as IInspectedMachine ?? throw new ArgumentException("the machine cannot be looked into", nameof(machine))
        : null;
    private int _step;

    /// <summary>The flow of the command that was executed last.</summary>
    public IReadOnlyList<RecordedSpan> Spans { get; private set; } = [];

    /// <summary>The grains when the counters were read last.</summary>
    public MachineSnapshot? Snapshot { get; private set; }

    /// <summary>The processes at that time.</summary>
    public IReadOnlyList<NamedProcess> Names { get; private set; } = [];

    /// <summary>Do all processes that the machine is spread over record flows?</summary>
    /// <exception cref="Silo.ClusterException">One does not.</exception>
    public async ValueTask CheckAsync()
    {
        if (machine is IFlowSource others)
        {
            await others.GatherAsync("").ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken)
    {
        (var answer, Spans) = await recorder.RecordAsync(FlowNames.Of(command), StepFlow.Tags(command, ++_step), async root =>
        {
            var text = await machine.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
            StepFlow.End(new FlowSpan(root), text);
            return text;
        }).ConfigureAwait(false);
        if (machine is IFlowSource others)
        {
            Spans = Join(Spans, await others.GatherAsync(Spans[0].TraceId).ConfigureAwait(false));
        }

        return answer;
    }

    // The root is of this process; what lies in it is ordered by the clocks of all.
    private static IReadOnlyList<RecordedSpan> Join(IReadOnlyList<RecordedSpan> here, IReadOnlyList<RecordedSpan> elsewhere) =>
        elsewhere.Count == 0 ? here : [here[0], .. here.Skip(1).Concat(elsewhere).OrderBy(span => span.Start)];

    /// <inheritdoc/>
    public IReadOnlyList<string> TakeDeaths() => machine.TakeDeaths();

    /// <inheritdoc/>
    public async ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct)
    {
        var counters = await machine.ReadCountersAsync(ct).ConfigureAwait(false);
        if (_inspected is not null)
        {
            Snapshot = await _inspected.InspectAsync().ConfigureAwait(false);
            Names = _inspected.ReadNames();
        }

        return counters;
    }

    /// <inheritdoc/>
    public ValueTask<TeardownResult> TearDownAsync(CancellationToken ct) => machine.TearDownAsync(ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => machine.DisposeAsync();
}
