using Hugesim.Kernel;
using Hugesim.Model;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>What the command line needs from the rest of the program.</summary>
/// <param name="Machines">Makes the machines that scenarios run on.</param>
/// <param name="Profiles">The names of the kernels that can be simulated, from the oldest to the newest; the last is the default.</param>
public sealed record CliServices(IScenarioMachineFactory Machines, IReadOnlyList<string> Profiles)
{
    /// <summary>The names of the same kernels without their accounting bugs.</summary>
    public IReadOnlyList<string> RepairedProfiles { get; init; } = [];

    /// <summary>The kernel that schedules are explored on: a kernel's own accounting bugs would be found again and again.</summary>
    public string ExploredProfile => RepairedProfiles.Count > 0 ? RepairedProfiles[^1] : Profiles[^1];

    /// <summary>The name of the same kernel without its accounting bugs; null if it has none, or is that kernel already.</summary>
    public string? Repaired(string profile) => RepairedProfiles.FirstOrDefault(name => name == profile + KernelProfile.RepairMark);

    /// <summary>Starts the silos that loads run on.</summary>
    public Func<GrainHostOptions, ValueTask<IGrainHost>> StartGrains { get; init; } = GrainHost.StartAsync;

    /// <summary>The cluster whose machines these are, where nobody can say in which order messages are delivered; null if they are in this process.</summary>
    public string? Cluster { get; init; }

    /// <summary>The kernel of the machine that the program runs on.</summary>
    public IKernelHost Kernel { get; init; } = new KernelHost();
}

/// <summary>A machine cannot be made or has failed, for a reason that the user can be told in one sentence.</summary>
public sealed class MachineFailureException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What went wrong and what to do.</param>
    /// <param name="inner">The cause, if there is one.</param>
    public MachineFailureException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}

/// <summary>The exit codes of every command.</summary>
public static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>A recording or the real kernel differs from what the simulated machine does, or a bug of the museum is not found.</summary>
    public const int Differs = 1;

    /// <summary>The command line or the input is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>The program failed.</summary>
    public const int Failure = 3;

    /// <summary>The user ended the program.</summary>
    public const int Interrupted = 130;
}
