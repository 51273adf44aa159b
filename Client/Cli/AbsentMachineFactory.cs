using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Stands where no simulated machine is part of the program, and says so.</summary>
internal sealed class AbsentMachineFactory : IScenarioMachineFactory
{
    public ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken ct) =>
        throw new MachineFailureException("no machine is wired in: this build can read scenarios but not run them");
}
