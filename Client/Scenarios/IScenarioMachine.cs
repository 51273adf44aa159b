namespace Hugesim.Scenarios;

/// <summary>
/// An emulated machine that a scenario drives: it executes one command at a time and answers with the exact text that
/// the recorder prints for the same command on a real kernel.
/// </summary>
public interface IScenarioMachine : IAsyncDisposable
{
    /// <summary>
    /// Executes one command.
    /// </summary>
    /// <returns>
    /// The recorder's text between <c>"&lt; "</c> and the counters: <c>ok val=7</c>, <c>ENOMEM</c>,
    /// <c>SIGBUS(code=2) at page 1</c>, <c>killed by SIGBUS at page 1</c>, <c>(p is dead: killed by SIGBUS)</c>,
    /// <c>?bad mapping or arguments</c>. Answers equal to one of <see cref="RecorderAnswers"/> are printed without counters.
    /// </returns>
    ValueTask<string> ExecuteAsync(ScenarioCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the processes that died during the last command otherwise than by answering it, in the order in which the
    /// processes were created, each as <c>NAME DEATH</c>: <c>c killed by SIGKILL</c>.
    /// </summary>
    IReadOnlyList<string> TakeDeaths();

    /// <summary>Reads every counter that a recording shows after a step.</summary>
    ValueTask<MachineCounters> ReadCountersAsync(CancellationToken ct);

    /// <summary>
    /// Kills all processes, removes shared memory segments, unmounts everything, reads the counters, and then empties the pool.
    /// </summary>
    ValueTask<TeardownResult> TearDownAsync(CancellationToken ct);
}

/// <summary>Makes emulated machines; every scenario runs on a fresh one.</summary>
public interface IScenarioMachineFactory
{
    /// <summary>Makes a machine with an empty pool, no mounts and no processes.</summary>
    ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct);
}

/// <summary>What kind of machine a scenario runs on.</summary>
/// <param name="Profile">The kernel's name, such as <c>7.3</c>.</param>
/// <param name="Nodes">The number of NUMA nodes.</param>
/// <param name="Scheduler"><c>parallel</c> or <c>deterministic</c>.</param>
/// <param name="Seed">The seed of the deterministic scheduler.</param>
/// <param name="Silos">The number of silos in this process.</param>
public sealed record MachineOptions(string Profile, int Nodes, string Scheduler, long Seed, int Silos)
{
    /// <summary>Somebody records the machine's flows.</summary>
    public bool Traces { get; init; }

    /// <summary>The cluster whose silos the machine's grains live on; null for silos in this process.</summary>
    public string? Cluster { get; init; }
}

/// <summary>Answers that come from the recorder itself and are printed without counters.</summary>
public static class RecorderAnswers
{
    /// <summary>The first word names neither a command nor a process that exists.</summary>
    public const string NoSuchProcess = "?no such process or command";

    /// <summary>A fork's new name is taken.</summary>
    public const string NameInUse = "?name in use";

    /// <summary>The process has no mapping of this name, or arguments are missing.</summary>
    public const string BadMapping = "?bad mapping or arguments";

    /// <summary>The process has no open file of this name, or arguments are missing.</summary>
    public const string BadFile = "?bad fd or arguments";

    /// <summary>Whether a recording shows this answer alone, without deaths and counters.</summary>
    public static bool IsPrintedWithoutCounters(string answer) => answer is NoSuchProcess or NameInUse;
}
