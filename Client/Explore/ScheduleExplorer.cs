using System.Diagnostics;
using Hugesim.History;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>Runs a scenario under many schedules until one fails or the plan is fulfilled.</summary>
public static class ScheduleExplorer
{
    private const int StepsBetweenLooks = 256;

    /// <summary>Explores. The same plan gives the same result on every machine, unless time ended it.</summary>
    /// <param name="program">The scenario.</param>
    /// <param name="plan">How.</param>
    /// <param name="onProgress">Is told now and then how many schedules have been run.</param>
    /// <param name="cancellationToken">Ends it between two schedules.</param>
    /// <exception cref="NotSupportedException">This build's engine cannot: see <see cref="ScheduleRunner.IsSupported"/>.</exception>
    /// <exception cref="ArgumentException">There is no such kernel profile.</exception>
    public static ExplorationResult Explore(
        ScenarioProgram program, ExplorationPlan plan, Action<long>? onProgress = null, CancellationToken cancellationToken = default)
    {
        using var runner = ScheduleRunner.Create(program, plan.Machine);
        return Explore(program, plan, runner, onProgress, cancellationToken);
    }

    /// <summary>Runs one schedule again and tells what happens.</summary>
    public static (ScheduleOutcome Outcome, ScheduleStory Story) Replay(ScenarioProgram program, ExplorationMachine machine, ScheduleTrace trace)
    {
        using var runner = ScheduleRunner.Create(program, machine, ScheduleNotes.Story);
        var strategy = new ReplayStrategy(trace);
        strategy.TryBegin();
        return (runner.Run(strategy), runner.Story!);
    }

    /// <summary>Runs the first schedule of a strategy and records it step by step.</summary>
    /// <exception cref="NotSupportedException">This build's engine cannot: see <see cref="ScheduleRunner.IsSupported"/>.</exception>
    /// <exception cref="ArgumentException">There is no such kernel profile.</exception>
    public static RecordedRun Record(ScenarioProgram program, ExplorationMachine machine, IScheduleStrategy strategy)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        using var runner = ScheduleRunner.Create(program, machine, ScheduleNotes.Recording);
        strategy.TryBegin();
        var outcome = runner.Run(strategy);
        return runner.Recording! with { Schedule = outcome, Text = string.Join('\n', program.Lines) };
    }

    private static ExplorationResult Explore(
        ScenarioProgram program, ExplorationPlan plan, IScheduleRunner runner, Action<long>? onProgress, CancellationToken cancellationToken)
    {
        var strategy = plan.MakeStrategy();
        var tally = new AnswerTally(program);
        var clock = Stopwatch.StartNew();
        var (schedules, deliveries, tried) = (0L, 0L, 0L);
        ScheduleFinding? finding = null;
        while (schedules < plan.Schedules && finding is null && !cancellationToken.IsCancellationRequested && strategy.TryBegin())
        {
            if (tried++ % StepsBetweenLooks == 0)
            {
                onProgress?.Invoke(schedules);
                if (clock.Elapsed >= plan.Duration)
                {
                    break;
                }
            }

            var outcome = runner.Run(strategy);
            if (outcome.Abandoned)
            {
                continue;
            }

            schedules++;
            deliveries += outcome.Deliveries;
            tally.Add(outcome);
            finding = outcome.Failure is { } failure
                ? ScheduleShrinker.Shorten(program, plan, runner, failure, outcome.Trace, schedules)
                : null;
        }

        return new ExplorationResult(
            schedules, deliveries, strategy is ExhaustiveStrategy { IsComplete: true }, tally.Outcomes, tally.Answers, finding)
        {
            RarePaths = tally.RarePaths,
            Interrupted = cancellationToken.IsCancellationRequested,
        };
    }
}

/// <summary>Counts answers and results.</summary>
internal sealed class AnswerTally(ScenarioProgram program)
{
    private readonly HashSet<string> _results = new(StringComparer.Ordinal);
    private readonly Dictionary<ScenarioCommand, Dictionary<string, long>> _answers = new(ReferenceEqualityComparer.Instance);

    // Before the first block every schedule is the same.
    private readonly HashSet<ScenarioCommand> _always = new(
        program.Parts.TakeWhile(part => part.Step is not null).Select(part => part.Step!), ReferenceEqualityComparer.Instance);

    private readonly HashSet<Rare> _rare = [];

    public int Outcomes => _results.Count;

    public IReadOnlyList<Rare> RarePaths => [.. _rare.Order()];

    public IReadOnlyList<AnswerCount> Answers => [.. _answers.OrderBy(a => a.Key.Source.Line).Select(a => new AnswerCount(a.Key, a.Value))];

    public void Add(ScheduleOutcome outcome)
    {
        _results.Add(outcome.Result);
        _rare.UnionWith(outcome.RarePaths);
        foreach (var (command, answer) in outcome.Answers)
        {
            if (command.Source.Line == 0 || _always.Contains(command))
            {
                continue;
            }

            if (!_answers.TryGetValue(command, out var counts))
            {
                _answers[command] = counts = new Dictionary<string, long>(StringComparer.Ordinal);
            }

            counts[answer] = counts.GetValueOrDefault(answer) + 1;
        }
    }
}
