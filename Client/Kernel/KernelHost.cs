using Hugesim.Scenarios;

namespace Hugesim.Kernel;

/// <summary>The kernel of the machine that this program runs on, as far as scenarios can run on it.</summary>
public interface IKernelHost
{
    /// <summary>The kernel's release as <c>uname -r</c> prints it.</summary>
    string Release { get; }

    /// <summary>The number of NUMA nodes.</summary>
    int Nodes { get; }

    /// <summary>Why scenarios cannot run here, or null.</summary>
    KernelRefusal? Check(bool force);

    /// <summary>Starts a scenario: an empty pool, no mounts and no processes of its own.</summary>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IScenarioMachine> StartAsync(KernelRunOptions options, CancellationToken cancellationToken);
}

/// <summary>How to run a scenario on the machine's kernel.</summary>
/// <param name="Force">Whether a pool in use is accepted.</param>
/// <param name="StuckAfter">How long a command may take before its process is killed.</param>
/// <param name="OnRepair">Is told that a leaked reservation was repaired.</param>
public sealed record KernelRunOptions(bool Force, TimeSpan StuckAfter, Action<string>? OnRepair)
{
    /// <summary>As the recorder does it.</summary>
    public static KernelRunOptions Default { get; } = new(false, TimeSpan.FromSeconds(20), null);
}

/// <summary>The machine's kernel, through the recorder.</summary>
public sealed class KernelHost : IKernelHost
{
    private readonly IKernelEnvironment _environment;
    private string? _program;

    /// <summary>Makes the host.</summary>
    /// <param name="environment">The machine; the one that this program runs on if null.</param>
    public KernelHost(IKernelEnvironment? environment = null) => _environment = environment ?? new SystemKernelEnvironment();

    /// <inheritdoc/>
    public string Release => _environment.Release;

    /// <inheritdoc/>
    public int Nodes => _environment.Nodes;

    /// <inheritdoc/>
    public KernelRefusal? Check(bool force) => KernelPreconditions.Check(_environment, force);

    /// <inheritdoc/>
    public async ValueTask<IScenarioMachine> StartAsync(KernelRunOptions options, CancellationToken cancellationToken)
    {
        _program ??= await RecorderProgram.Default.GetAsync(_environment.Compiler ?? "cc", cancellationToken).ConfigureAwait(false);
        return await KernelMachine.StartAsync(_program, _environment, options, cancellationToken).ConfigureAwait(false);
    }
}
