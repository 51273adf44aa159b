using Hugesim.Embedded.CodeGeneration;
using Microsoft.Extensions.DependencyInjection;

namespace Hugesim.Embedded;

/// <summary>Who runs the turns.</summary>
public enum SchedulerKind
{
    /// <summary>The thread pool, on all processors.</summary>
    Parallel,

    /// <summary>One thread, one seed, virtual time: the same seed gives the same run.</summary>
    Deterministic,
}

/// <summary>How far a call is.</summary>
public enum CallPhase
{
    /// <summary>The caller makes it.</summary>
    Sent,

    /// <summary>It arrives at the callee; twice, if it was duplicated.</summary>
    Arrived,

    /// <summary>The caller has its answer. Without this, it never had one.</summary>
    Answered,
}

/// <summary>How an <see cref="EmbeddedCluster"/> is made.</summary>
public sealed class EmbeddedClusterOptions
{
    /// <summary>The number of silos.</summary>
    public int Silos { get; set; } = 1;

    /// <summary>Who runs the turns.</summary>
    public SchedulerKind Scheduler { get; set; } = SchedulerKind.Parallel;

    /// <summary>What the deterministic scheduler's choices follow from.</summary>
    public long Seed { get; set; }

    /// <summary>The decisions of an earlier run, to have it again. When they are used up the seed goes on.</summary>
    public DecisionTrace? Replay { get; set; }

    /// <summary>What goes wrong, under the deterministic scheduler.</summary>
    public FaultPlan? Faults { get; set; }

    /// <summary>Hears of each message that the deterministic scheduler delivers, in order.</summary>
    public Action<MessageInfo>? OnMessage { get; set; }

    /// <summary>Hears of each call of the deterministic scheduler, as its caller and its callee see it.</summary>
    public Action<GrainRequest, CallPhase>? OnCall { get; set; }

    /// <summary>
    /// Whether the deterministic scheduler throws a <see cref="DeadlockException"/> when nothing can move, instead of letting the
    /// callers time out. Callers of a message that was lost time out in either case.
    /// </summary>
    public bool DetectDeadlocks { get; set; } = true;

    /// <summary>How long a caller waits before it gets a <see cref="TimeoutException"/>. What it called goes on.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What each silo says about itself, by its number. Placement filters read it.</summary>
    public Func<int, IReadOnlyDictionary<string, string>>? SiloMetadata { get; set; }

    /// <summary>Adds the services that grain constructors ask for. One provider serves all silos.</summary>
    public Action<IServiceCollection>? ConfigureServices { get; set; }

    /// <summary>Hears of failures that no caller awaits: one-way calls, timers, deactivations.</summary>
    public Action<Exception, string>? OnBackgroundError { get; set; }
}
