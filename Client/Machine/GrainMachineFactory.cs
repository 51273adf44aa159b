using Hugesim.Cli;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Machine;

/// <summary>Makes simulated machines on silos in this process.</summary>
public sealed class GrainMachineFactory : IScenarioMachineFactory, IAsyncDisposable
{
    private readonly SharedGrainHosts _hosts = new();
    private long _machines;

    /// <inheritdoc/>
    public async ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct)
    {
        var deterministic = options.Scheduler == "deterministic";
        if (deterministic && !GrainHost.SupportsDeterministic)
        {
            throw new MachineFailureException(
                $"the deterministic scheduler belongs to the embedded engine, and this build runs on {GrainHost.EngineName}: "
                + "build with -p:GrainEngine=Embedded, or leave --scheduler away");
        }

        var host = await _hosts.GetAsync(new GrainHostOptions(options.Silos, deterministic, options.Seed)).ConfigureAwait(false);
        return await GrainMachine.BootAsync(host, $"m{Interlocked.Increment(ref _machines)}", options).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _hosts.DisposeAsync();
}
