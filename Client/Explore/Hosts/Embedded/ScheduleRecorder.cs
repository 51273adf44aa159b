using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Hugesim.Audit;
using Hugesim.History;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Telemetry;

namespace Hugesim.Explore;

/// <summary>
/// Records a schedule as a run: each command outside of blocks is a step as anywhere, and inside of them each delivery is one, with the machine after it, and each answer.
/// A block is one flow, in which the commands lie side by side.
/// </summary>
/// <param name="options">The machine.</param>
/// <param name="look">The states of its grains, looked at between two turns.</param>
internal sealed class ScheduleRecorder(MachineOptions options, Func<MachineSnapshot> look) : IDisposable
{
    private const string DeliveryTag = "hugesim.delivery";

    private readonly FlowRecorder _recorder = new();
    private readonly List<RecordedStep> _steps = [];
    private readonly Dictionary<string, ScenarioCommand> _current = new(StringComparer.Ordinal);
    private MachineCounters? _counters;
    private MachineSnapshot? _snapshot;
    private TeardownResult? _teardown;
    private GrainMachine? _machine;
    private ParallelBlock? _block;
    private StoryDelivery? _delivery;

    /// <summary>What has been recorded.</summary>
    public RecordedRun Run => new(options, [.. _steps], _teardown, new ScenarioOutcome(_steps.Count, [], false));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _steps.Clear();
        (_counters, _snapshot, _teardown, _machine, _block, _delivery) = (null, null, null, null, null, null);
    }

    /// <summary>Executes a command outside of blocks.</summary>
    public string Execute(GrainMachine machine, ScenarioCommand command)
    {
        _machine = machine;
        var before = _counters ??= Ended(machine.ReadCountersAsync(CancellationToken.None));
        var (answer, spans) = Ended(_recorder.RecordAsync(FlowNames.Of(command), StepFlow.Tags(command, _steps.Count + 1), async root =>
        {
            var text = await machine.ExecuteAsync(command, CancellationToken.None);
            StepFlow.End(new FlowSpan(root), text);
            return text;
        }));
        _counters = Ended(machine.ReadCountersAsync(CancellationToken.None));
        _snapshot = Ended(machine.InspectAsync());
        _steps.Add(Step(command, answer, machine.TakeDeaths(), before, spans));
        return answer;
    }

    /// <summary>Executes a block.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="block">The block.</param>
    /// <param name="onAnswer">Is told each answer.</param>
    /// <param name="onCommand">Is told each command.</param>
    /// <param name="onEnd">Is told that nothing of the block runs any more.</param>
    public void Execute(GrainMachine machine, ParallelBlock block, Action<ScenarioCommand, string> onAnswer, Action<ScenarioCommand> onCommand, Action onEnd)
    {
        _machine = machine;
        _counters ??= Ended(machine.ReadCountersAsync(CancellationToken.None));
        _block = block;
        _current.Clear();
        var (first, parts) = (_steps.Count, new Dictionary<ScenarioCommand, string>(ReferenceEqualityComparer.Instance));
        Exception? failure = null;
        var (_, spans) = Ended(_recorder.RecordAsync("parallel", Tags(block), root =>
        {
            async ValueTask<string> Around(ScenarioCommand command, Func<ValueTask<string>> execute)
            {
                using var part = FlowRecorder.StartPart(root, FlowNames.Of(command), StepFlow.Tags(command, null));
                parts[command] = part.SpanId.ToHexString();
                var answer = await execute();
                StepFlow.End(new FlowSpan(part), answer);
                return answer;
            }

            failure = Catch(() => _ = machine.ExecuteAsync(block, (command, answer) => OnAnswer(command, answer, onAnswer), command => OnCommand(command, onCommand), Around));
            return new ValueTask<int>(0);
        }, span => span.SetTag(DeliveryTag, _delivery?.Step)));
        onEnd();
        EndDelivery();
        Attach(first, spans, parts);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        _block = null;
        _counters = Ended(machine.ReadCountersAsync(CancellationToken.None));
        _ = machine.TakeDeaths();
    }

    /// <summary>A delivery comes next.</summary>
    public void OnDelivery(StoryDelivery delivery)
    {
        EndDelivery();
        _delivery = delivery;
    }

    /// <summary>The machine is torn down.</summary>
    public void OnEnd(TeardownResult teardown) => _teardown = teardown;

    /// <inheritdoc/>
    public void Dispose() => _recorder.Dispose();

    private static IEnumerable<KeyValuePair<string, object?>> Tags(ParallelBlock block) =>
    [
        new("hugesim.command", block.Source.Text), new("code.file.path", block.Source.File), new("code.line.number", block.Source.Line),
    ];

    private static Exception? Catch(Action run)
    {
        try
        {
            run();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private void OnCommand(ScenarioCommand command, Action<ScenarioCommand> next)
    {
        _current[_block!.Threads.First(thread => thread.Commands.Contains(command)).Name] = command;
        next(command);
    }

    // The turn that brings the answer has done all that it will before the client goes on.
    private void OnAnswer(ScenarioCommand command, string answer, Action<ScenarioCommand, string> next)
    {
        EndDelivery();
        _steps.Add(Step(command, answer, [], _counters!, []) with { BlockLine = _block!.Source.Line });
        next(command, answer);
    }

    // Whatever runs next, the delivery's own turn is over: the machine is what it left.
    private void EndDelivery()
    {
        if (_delivery is not { } delivery)
        {
            return;
        }

        var before = _counters!;
        var snapshot = look();
        if (snapshot.Hstate is { } hstate)
        {
            _snapshot = snapshot;
            _counters = CountersOf(snapshot, hstate.Counters, before);
        }

        var command = _current.GetValueOrDefault(delivery.Thread) ?? _block!.Threads.FirstOrDefault(thread => thread.Name == delivery.Thread)?.Commands[0] ?? _block.Commands[0];
        _steps.Add(Step(command, "", [], before, []) with { BlockLine = _block!.Source.Line, Delivery = delivery });
        _delivery = null;
    }

    private RecordedStep Step(
        ScenarioCommand command, string answer, IReadOnlyList<string> deaths, MachineCounters before, IReadOnlyList<RecordedSpan> spans) =>
        new(new ScenarioStepResult(_steps.Count + 1, command, answer, deaths, before, _counters!), spans, _snapshot, _machine!.ReadNames());

    // A delivery has the spans that began in its turn; an answer those below its command. The root, which is nobody's, stands before the first.
    private void Attach(int first, IReadOnlyList<RecordedSpan> spans, Dictionary<ScenarioCommand, string> parts)
    {
        var began = spans.ToLookup(span => span.Tag(DeliveryTag) ?? "");
        var children = spans.ToLookup(span => span.ParentId ?? "");
        for (var i = first; i < _steps.Count; i++)
        {
            var step = _steps[i];
            IEnumerable<RecordedSpan> own = step.Delivery is { } delivery
                ? began[delivery.Step.ToString(CultureInfo.InvariantCulture)].Where(span => !parts.ContainsValue(span.SpanId))
                : spans.Where(span => span.SpanId == parts[step.Result.Command]).SelectMany(span => Below(span, children));
            _steps[i] = step with { Spans = i == first ? [.. spans.Where(span => span.ParentId is null), .. own] : [.. own] };
        }
    }

    private static IEnumerable<RecordedSpan> Below(RecordedSpan span, ILookup<string, RecordedSpan> children) =>
        children[span.SpanId].SelectMany(child => Below(child, children)).Prepend(span);

    // What the mounts are is known from before the block; statfs would be a message.
    private static MachineCounters CountersOf(MachineSnapshot snapshot, Abstractions.HstateCounters counters, MachineCounters before)
    {
        MountCounters Mount(MountCounters mount)
        {
            var key = snapshot.Inventory.Mounts.LastOrDefault(other => other.Split('/')[1] == mount.Name);
            return key is not null && snapshot.Subpools.TryGetValue(key, out var subpool) && subpool.Max >= 0
                ? mount with { Blocks = subpool.Max, FreeBlocks = subpool.Max - subpool.Used }
                : mount;
        }

        return new MachineCounters(
            counters.Nr, counters.Free, counters.Resv, counters.Surplus, counters.Overcommit,
            [.. counters.Nodes.Select((node, i) => new NodeCounters(i, node.Nr, node.Free, node.Surplus))],
            [.. before.Mounts.Select(Mount)],
            before.Cgroups.Count == 0 ? [] : [.. counters.Cgroups.Select(group => new CgroupCounters(group.Name, group.Usage, group.Rsvd))]);
    }

    private static T Ended<T>(ValueTask<T> call) => call.AsTask().GetAwaiter().GetResult();
}
