using Hugesim.Scenarios;

namespace Hugesim.Plan;

/// <summary>A step that a larger pool might have saved.</summary>
/// <param name="Line">Its line in the scenario.</param>
/// <param name="Command">The command as written.</param>
/// <param name="Process">The process that is hit; empty for a mount.</param>
/// <param name="Answer">What it got, such as <c>ENOMEM</c> or <c>killed by SIGBUS at page 3</c>.</param>
internal sealed record PlanProblem(int Line, string Command, string Process, string Answer)
{
    /// <summary>What a step's result says about the pool: null where all is well, or where it has nothing to do with memory.</summary>
    public static PlanProblem? Of(ScenarioStepResult step)
    {
        var source = step.Command.Source;
        var process = step.Command is ProcessCommand of ? of.Process : "";
        if (step.Deaths.Count > 0)
        {
            // "c killed by SIGKILL": somebody else paid for this step.
            var death = step.Deaths[0];
            var space = death.IndexOf(' ');
            return new PlanProblem(source.Line, source.Text, space < 0 ? process : death[..space], space < 0 ? death : death[(space + 1)..]);
        }

        return LacksMemory(step.Command, step.Answer.TrimEnd()) ? new PlanProblem(source.Line, source.Text, process, step.Answer.TrimEnd()) : null;
    }

    private static bool LacksMemory(ScenarioCommand command, string answer) => answer switch
    {
        "ENOMEM" or "ENOSPC" => true,
        // The kernel's own access, and populating: the page could not be had.
        "EFAULT" => command is KernelReadCommand or KernelWriteCommand or MadviseCommand { Advice: MemoryAdvice.PopulateRead or MemoryAdvice.PopulateWrite },
        _ => answer.StartsWith("killed by SIGBUS", StringComparison.Ordinal) || answer.StartsWith("SIGBUS", StringComparison.Ordinal),
    };
}

/// <summary>What a machine of a trial has.</summary>
/// <param name="PoolPages">The persistent pool of each node, in huge pages.</param>
/// <param name="OvercommitPages">The limit of surplus pages.</param>
internal sealed record PlanMachine(IReadOnlyList<long> PoolPages, long OvercommitPages)
{
    /// <summary>A mount whose <c>size=</c> is changed for the trial, or null.</summary>
    public (string Mount, long SizePages)? MountSize { get; init; }

    /// <summary>The pages of all nodes together.</summary>
    public long TotalPages => PoolPages.Sum();
}
