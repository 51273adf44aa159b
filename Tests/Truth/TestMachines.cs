using Hugesim.Scenarios;

namespace Hugesim.Tests.Truth;

/// <summary>The simulated machines that the recordings of real kernels are replayed on.</summary>
internal static class TestMachines
{
    /// <summary>Makes the machines; null while no machine is part of the program, and then the recordings are skipped.</summary>
    public static IScenarioMachineFactory? Factory { get; }
}
