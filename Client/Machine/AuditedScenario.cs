using Hugesim.Audit;
using Hugesim.Scenarios;

namespace Hugesim.Machine;

/// <summary>When to audit the machine of a scenario; at its end, before the machine is torn down, if nothing else is asked for.</summary>
/// <param name="EveryStep">After each step.</param>
/// <param name="Step">After this step, from 1; the scenario ends there.</param>
public sealed record AuditMoments(bool EveryStep = false, int? Step = null);

/// <summary>One audit of a scenario's machine.</summary>
/// <param name="Step">The step that it came after, from 1; 0 if there was none.</param>
/// <param name="Command">The step's command, or null.</param>
/// <param name="Violations">What does not hold.</param>
public sealed record StepAudit(int Step, SourceLine? Command, IReadOnlyList<AuditViolation> Violations);

/// <summary>How an audited scenario went.</summary>
/// <param name="Steps">Commands executed.</param>
/// <param name="Errors">What is wrong with the scenario; it was executed up to there.</param>
public sealed record AuditedOutcome(int Steps, IReadOnlyList<ScenarioError> Errors)
{
    /// <summary>Whether the user ended it.</summary>
    public bool Interrupted { get; init; }
}

/// <summary>Executes a scenario on a simulated machine and audits the machine on the way.</summary>
public static class AuditedScenario
{
    /// <summary>Executes and audits.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="machine">A fresh machine; tearing it down and disposing it is the caller's work.</param>
    /// <param name="moments">When to audit.</param>
    /// <param name="onAudit">Is told each audit; answers whether to go on.</param>
    /// <param name="cancellationToken">Ends the scenario between two commands.</param>
    public static async Task<AuditedOutcome> RunAsync(
        IAsyncEnumerable<ScenarioItem> scenario, IScenarioMachine machine, AuditMoments moments, Func<StepAudit, bool> onAudit, CancellationToken cancellationToken)
    {
        var (steps, audited) = (0, -1);
        SourceLine? command = null;
        try
        {
            await foreach (var item in scenario.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (item is ScenarioFault fault)
                {
                    return new AuditedOutcome(steps, fault.Errors);
                }

                if (item is ScenarioBlockBegin block)
                {
                    return new AuditedOutcome(steps, [ScenarioRunner.RefuseBlock(block.Source)]);
                }

                if (item is ScenarioStep step)
                {
                    (steps, command) = (steps + 1, step.Command.Source);
                    await machine.ExecuteAsync(step.Command, CancellationToken.None).ConfigureAwait(false);
                    if (moments.EveryStep)
                    {
                        audited = steps;
                        if (!onAudit(new StepAudit(steps, command, await AuditAsync(machine, cancellationToken).ConfigureAwait(false))))
                        {
                            break;
                        }
                    }

                    if (steps == moments.Step)
                    {
                        break;
                    }
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (audited < steps)
            {
                onAudit(new StepAudit(steps, command, await AuditAsync(machine, cancellationToken).ConfigureAwait(false)));
            }

            return new AuditedOutcome(steps, []);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new AuditedOutcome(steps, []) { Interrupted = true };
        }
    }

    /// <summary>Audits the machine as it is.</summary>
    /// <exception cref="InvalidOperationException">It is no simulated machine.</exception>
    public static ValueTask<IReadOnlyList<AuditViolation>> AuditAsync(IScenarioMachine machine, CancellationToken cancellationToken) =>
        machine is IAuditedMachine audited
            ? audited.AuditAsync(cancellationToken)
            : throw new InvalidOperationException("only a simulated machine can be audited");
}
