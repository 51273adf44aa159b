namespace Hugesim.Load;

/// <summary>A load to be run.</summary>
internal sealed record LoadOptions
{
    /// <summary>What the processes do.</summary>
    public required WorkloadProfile Profile { get; init; }

    /// <summary>The kernel that the machines run.</summary>
    public required string Kernel { get; init; }

    /// <summary>Emulated machines.</summary>
    public required int Machines { get; init; }

    /// <summary>Processes of all machines together, at the start.</summary>
    public required long Processes { get; init; }

    /// <summary>The measured time, after the start; zero ends right after the start.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How long the processes work before that is measured: what .NET compiles when code is first used often delays calls for seconds.</summary>
    public TimeSpan Warmup { get; init; }

    /// <summary>Measured calls after which the load ends, if its time does not end it before; null for no such end.</summary>
    public long? Calls { get; init; }

    /// <summary>Calls on their way at once.</summary>
    public required int Workers { get; init; }

    /// <summary>Open loop: calls a second that are begun whatever happens; null for a closed loop, in which a worker's next call follows its last one.</summary>
    public double? Rate { get; init; }

    /// <summary>The pool of each machine in place of the profile's; null for the profile's.</summary>
    public long? PoolPages { get; init; }

    /// <summary>Where all random choices come from.</summary>
    public long Seed { get; init; }

    /// <summary>Limits on what is measured.</summary>
    public IReadOnlyList<Threshold> Thresholds { get; init; } = [];

    /// <summary>How long all calls may fail for reasons of the engine before the load is given up.</summary>
    public TimeSpan EngineGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the machines' names begin with; machines of two loads in one cluster need different ones.</summary>
    public string MachinePrefix { get; init; } = "load";

    /// <summary>The name of a machine, by its number from 0.</summary>
    public string MachineName(int machine) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{MachinePrefix}{machine}");

    /// <summary>Processes of one machine; the first machines have one more where they cannot be shared out evenly.</summary>
    public long ProcessesOf(int machine) => (Processes / Machines) + (machine < Processes % Machines ? 1 : 0);
}

/// <summary>Is told what happens during a load.</summary>
internal interface ILoadReporter
{
    /// <summary>The machines have booted.</summary>
    void OnBegin(LoadOptions options);

    /// <summary>Processes are started, or ended.</summary>
    /// <param name="phase">What is done, such as <c>starting processes</c>.</param>
    /// <param name="done">How many so far.</param>
    /// <param name="total">How many there are.</param>
    void OnProgress(string phase, long done, long total);

    /// <summary>A second has passed.</summary>
    /// <param name="sample">That second.</param>
    /// <param name="totals">Everything until now.</param>
    void OnSample(LoadSample sample, LoadTotals totals);

    /// <summary>The load is over.</summary>
    void OnSummary(LoadResults results);
}

/// <summary>A machine cannot be set up as the profile asks.</summary>
internal sealed class LoadSetupException(string message, string hint) : Exception(message)
{
    /// <summary>What to do about it.</summary>
    public string Hint { get; } = hint;
}
