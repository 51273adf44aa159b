using Hugesim.Audit;
using Hugesim.Explore;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.History;

/// <summary>A step of a scenario with all that there is to know of it.</summary>
/// <param name="Result">What it answered, and the counters around it.</param>
/// <param name="Spans">Its flow.</param>
/// <param name="Snapshot">The grains after it, if they were asked for.</param>
/// <param name="Names">The processes after it.</param>
public sealed record RecordedStep(
    ScenarioStepResult Result, IReadOnlyList<RecordedSpan> Spans, MachineSnapshot? Snapshot, IReadOnlyList<NamedProcess> Names)
{
    /// <summary>The line <c>parallel</c> of the block that the step belongs to, or null outside of a block.</summary>
    public int? BlockLine { get; init; }

    /// <summary>
    /// The delivery of a message that the step is, in a block; null where it is a command. A command of a block is a step when it is answered: what it did was done by the
    /// deliveries before.
    /// </summary>
    public StoryDelivery? Delivery { get; init; }
}

/// <summary>A scenario that was run to its end, step by step.</summary>
/// <param name="Options">The machine.</param>
/// <param name="Steps">Its steps.</param>
/// <param name="Teardown">What was left, or null if it did not come to its end.</param>
/// <param name="Outcome">How it went.</param>
public sealed record RecordedRun(MachineOptions Options, IReadOnlyList<RecordedStep> Steps, TeardownResult? Teardown, ScenarioOutcome Outcome)
{
    /// <summary>The scenario's text.</summary>
    public string Text { get; init; } = "";

    /// <summary>The schedule of the scenario's parallel blocks and what was found to be wrong; null where one command was executed at a time.</summary>
    public ScheduleOutcome? Schedule { get; init; }

    /// <summary>The deliveries of the block that a step belongs to, in order.</summary>
    public IEnumerable<StoryDelivery> DeliveriesBeside(RecordedStep step) =>
        Steps.Where(other => other.BlockLine == step.BlockLine).Select(other => other.Delivery).OfType<StoryDelivery>();

    /// <summary>Runs a scenario on a fresh machine and keeps everything in memory.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="file">Its name for messages.</param>
    /// <param name="options">The machine.</param>
    /// <param name="machines">Makes the machine.</param>
    /// <param name="inspects">Also look into the machine after each step.</param>
    /// <param name="cancellationToken">Ends the run between two steps.</param>
    public static async Task<RecordedRun> RunAsync(
        Stream scenario, string file, MachineOptions options, IScenarioMachineFactory machines, bool inspects, CancellationToken cancellationToken)
    {
        using var recorder = new FlowRecorder();
        var machine = new FlowMachine(await machines.CreateAsync(options with { Traces = true }, cancellationToken).ConfigureAwait(false), recorder, inspects);
        await using (machine.ConfigureAwait(false))
        {
            // Before anything is done: do all that take part record it?
            await machine.CheckAsync().ConfigureAwait(false);
            var collector = new Collector(machine);
            var outcome = await ScenarioRunner.RunAsync(
                ScenarioParser.ReadAsync(scenario, file, cancellationToken), machine, collector, findAllErrors: true, cancellationToken)
                .ConfigureAwait(false);
            return new RecordedRun(options, collector.Steps, collector.Teardown, outcome) { Text = await TextOf(scenario).ConfigureAwait(false) };
        }
    }

    private static async Task<string> TextOf(Stream scenario)
    {
        if (!scenario.CanSeek)
        {
            return "";
        }

        scenario.Position = 0;
        using var reader = new StreamReader(scenario, leaveOpen: true);
        return await reader.ReadToEndAsync().ConfigureAwait(false);
    }

    private sealed class Collector(FlowMachine machine) : IScenarioObserver
    {
        public List<RecordedStep> Steps { get; } = [];

        public TeardownResult? Teardown { get; private set; }

        public void OnComment(ScenarioComment comment)
        {
            // Comments belong to the file, not to what happened.
        }

        public void OnStep(ScenarioStepResult step) => Steps.Add(new RecordedStep(step, machine.Spans, machine.Snapshot, machine.Names));

        public void OnEnd(TeardownResult teardown) => Teardown = teardown;
    }
}
