using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>How schedules are chosen.</summary>
public enum StrategyKind
{
    /// <summary>Each delivery is drawn from all that are ready.</summary>
    Random,

    /// <summary>Random priorities with a few change points: <see cref="PctStrategy"/>.</summary>
    Pct,

    /// <summary>All of them, up to the order of what commutes: <see cref="ExhaustiveStrategy"/>.</summary>
    Exhaustive,
}

/// <summary>What to explore, and how long.</summary>
/// <param name="Machine">What the scenario runs on.</param>
public sealed record ExplorationPlan(ExplorationMachine Machine)
{
    /// <summary>How schedules are chosen.</summary>
    public StrategyKind Strategy { get; init; } = StrategyKind.Random;

    /// <summary>The most schedules.</summary>
    public long Schedules { get; init; } = 10_000;

    /// <summary>The longest time. A run that ends by it is not the same on every machine.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.MaxValue;

    /// <summary>What random choices follow from.</summary>
    public long Seed { get; init; }

    /// <summary>Ordering constraints of <see cref="PctStrategy"/>.</summary>
    public int PctDepth { get; init; } = 3;

    /// <summary>What may go wrong with messages and silos.</summary>
    public FaultKinds Faults { get; init; }

    /// <summary>Whether a failing schedule is shortened.</summary>
    public bool Shortens { get; init; } = true;

    /// <summary>The strategy.</summary>
    internal IScheduleStrategy MakeStrategy()
    {
        IScheduleStrategy strategy = Strategy switch
        {
            StrategyKind.Random => new RandomStrategy(Seed),
            StrategyKind.Pct => new PctStrategy(Seed, PctDepth),
            _ => new ExhaustiveStrategy(),
        };
        return Faults == FaultKinds.None ? strategy : new FaultingStrategy(strategy, Faults, Machine.Silos, Seed);
    }
}

/// <summary>A schedule that failed.</summary>
/// <param name="Failure">What was wrong.</param>
/// <param name="Schedule">The number of the schedule, from 1.</param>
/// <param name="Found">The schedule as it was found.</param>
/// <param name="Trace">The shortest one found for the same scenario.</param>
/// <param name="Program">The shortest scenario found.</param>
/// <param name="ProgramTrace">A schedule of that scenario which fails alike.</param>
public sealed record ScheduleFinding(
    ScheduleFailure Failure, long Schedule, ScheduleTrace Found, ScheduleTrace Trace, ScenarioProgram Program, ScheduleTrace ProgramTrace);

/// <summary>The answers to one command over all schedules.</summary>
/// <param name="Command">The command.</param>
/// <param name="Answers">How often each answer came.</param>
public sealed record AnswerCount(ScenarioCommand Command, IReadOnlyDictionary<string, long> Answers);

/// <summary>What an exploration came to.</summary>
/// <param name="Schedules">Schedules that were run to their end.</param>
/// <param name="Deliveries">Deliveries in them.</param>
/// <param name="IsComplete">Every schedule has been run, up to the order of what commutes.</param>
/// <param name="Outcomes">Different results: all answers and the counters at the end.</param>
/// <param name="Answers">The answers by command, of commands in blocks and after them.</param>
/// <param name="Finding">The first failure, which ended the exploration; or null.</param>
public sealed record ExplorationResult(
    long Schedules, long Deliveries, bool IsComplete, int Outcomes, IReadOnlyList<AnswerCount> Answers, ScheduleFinding? Finding)
{
    /// <summary>The rare paths that were taken in any schedule.</summary>
    public IReadOnlyList<Rare> RarePaths { get; init; } = [];

    /// <summary>Whether the user ended it.</summary>
    public bool Interrupted { get; init; }
}
