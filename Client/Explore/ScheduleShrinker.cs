using Hugesim.Fuzzing;

namespace Hugesim.Explore;

/// <summary>Makes a failing schedule shorter: first fewer context switches and faults, then fewer lines with schedules of their own.</summary>
internal static class ScheduleShrinker
{
    private const int TraceBudget = 4_000;
    private const int ScenarioBudget = 150;
    private const int SchedulesPerScenario = 50;

    /// <summary>Shortens a finding, if the plan asks for that.</summary>
    public static ScheduleFinding Shorten(
        ScenarioProgram program, ExplorationPlan plan, IScheduleRunner runner, ScheduleFailure failure, ScheduleTrace found, long schedule)
    {
        if (!plan.Shortens)
        {
            return new ScheduleFinding(failure, schedule, found, found, program, found);
        }

        var trace = ShortenTrace(runner, failure, found, TraceBudget);
        var (shortest, shortestTrace) = ShortenScenario(program, plan, failure, trace);
        return new ScheduleFinding(failure, schedule, found, trace, shortest, shortestTrace);
    }

    /// <summary>The shortest schedule found that fails alike, by delta debugging and then by looking at all schedules with one or two switches.</summary>
    public static ScheduleTrace ShortenTrace(IScheduleRunner runner, ScheduleFailure failure, ScheduleTrace found, int budget)
    {
        var search = new TraceSearch(runner, failure, found, budget);
        search.Minimize();
        search.TryFewSwitches();
        return search.Best;
    }

    private static (ScenarioProgram Program, ScheduleTrace Trace) ShortenScenario(
        ScenarioProgram program, ExplorationPlan plan, ScheduleFailure failure, ScheduleTrace trace)
    {
        var (best, bestTrace) = (program, trace);
        var shrinker = new ScenarioShrinker(lines => new(Holds(lines)), ScenarioBudget);
        shrinker.ShrinkAsync(program.Lines).GetAwaiter().GetResult();
        return (best, bestTrace);

        bool Holds(IReadOnlyList<string> lines)
        {
            if (ScenarioProgram.Parse(program.File, lines).Program is not { } candidate)
            {
                return false;
            }

            using var runner = ScheduleRunner.Create(candidate, plan.Machine);
            if (Find(runner, plan, failure, bestTrace) is not { } failing)
            {
                return false;
            }

            (best, bestTrace) = (candidate, ShortenTrace(runner, failure, failing, TraceBudget / 20));
            return true;
        }
    }

    // A shorter scenario has other steps: the schedule that failed may still do, else others are tried.
    private static ScheduleTrace? Find(IScheduleRunner runner, ExplorationPlan plan, ScheduleFailure failure, ScheduleTrace known)
    {
        IScheduleStrategy[] strategies =
        [
            new ReplayStrategy(known),
            new ReplayStrategy(ScheduleTrace.Empty),
            (plan with { Strategy = StrategyKind.Pct }).MakeStrategy(),
            (plan with { Strategy = StrategyKind.Random }).MakeStrategy(),
        ];
        foreach (var strategy in strategies)
        {
            for (var i = 0; i < SchedulesPerScenario && strategy.TryBegin(); i++)
            {
                var outcome = runner.Run(strategy);
                if (failure.IsLike(outcome.Failure))
                {
                    return outcome.Trace;
                }
            }
        }

        return null;
    }

    /// <summary>Looks for a shorter schedule.</summary>
    private sealed class TraceSearch(IScheduleRunner runner, ScheduleFailure failure, ScheduleTrace found, int budget)
    {
        private int _left = budget;
        private int _deliveries;
        private int _flows = 2;

        public ScheduleTrace Best { get; private set; } = found;

        public void Minimize()
        {
            for (var size = Best.Length; size >= 1 && _left > 0; size /= 2)
            {
                for (var start = Best.Length - size; start >= 0 && _left > 0; start -= size)
                {
                    start = Math.Min(start, Best.Length - size);
                    if (start < 0)
                    {
                        break;
                    }

                    Try(Without(Best, start, size));
                }
            }
        }

        // Most races need one or two switches; a random schedule that was minimized may have more.
        public void TryFewSwitches()
        {
            if (Best.Faults.Count + Best.Crashes.Count > 0)
            {
                return;
            }

            Try(ScheduleTrace.Empty);
            _flows = Math.Max(_flows, Best.Switches.Select(s => s.Flow + 1).DefaultIfEmpty(0).Max());
            for (var switches = 1; switches <= 2 && switches < Best.Length; switches++)
            {
                TryAll([], switches);
            }
        }

        private void TryAll(List<ContextSwitch> switches, int more)
        {
            if (more == 0)
            {
                Try(ScheduleTrace.Empty with { Switches = [.. switches] });
                return;
            }

            var first = switches.Count == 0 ? 0 : switches[^1].Step + 1;
            for (var step = first; step < _deliveries && _left > 0 && switches.Count + more < Best.Length; step++)
            {
                for (var flow = 0; flow < _flows; flow++)
                {
                    switches.Add(new ContextSwitch(step, flow, 0));
                    TryAll(switches, more - 1);
                    switches.RemoveAt(switches.Count - 1);
                }
            }
        }

        private void Try(ScheduleTrace candidate)
        {
            if (_left-- <= 0)
            {
                return;
            }

            var strategy = new ReplayStrategy(candidate);
            strategy.TryBegin();
            var outcome = runner.Run(strategy);
            _deliveries = Math.Max(_deliveries, outcome.Deliveries);

            // What was really done: a switch that changed nothing is not in the trace of the run.
            if (failure.IsLike(outcome.Failure) && outcome.Trace.Length < Best.Length)
            {
                Best = outcome.Trace;
            }
        }

        private static ScheduleTrace Without(ScheduleTrace trace, int start, int count)
        {
            var faults = start - trace.Switches.Count;
            var crashes = faults - trace.Faults.Count;
            return new ScheduleTrace(
                Cut(trace.Switches, start, count), Cut(trace.Faults, faults, count), Cut(trace.Crashes, crashes, count));
        }

        private static T[] Cut<T>(IReadOnlyList<T> list, int start, int count) => [.. list.Where((_, i) => i < start || i >= start + count)];
    }
}
