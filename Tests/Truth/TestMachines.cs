using Hugesim.Machine;
using Hugesim.Scenarios;

namespace Hugesim.Tests.Truth;

/// <summary>The simulated machines that the recordings of real kernels are replayed on.</summary>
internal static class TestMachines
{
    /// <summary>Makes the machines.</summary>
    public static IScenarioMachineFactory Factory { get; } = new GrainMachineFactory();
}
