using System.Globalization;
using Hugesim.Audit;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Fuzzing;

/// <summary>
/// The invariants must hold on a simulated machine after every step, and when all has ended nothing may be left in use or reserved. A kernel with accounting
/// bugs may break them, where the same kernel without its bugs does not.
/// </summary>
/// <param name="machines">Makes the machines.</param>
/// <param name="options">The machine; its scheduler's seed is the scenario's.</param>
/// <param name="repaired">The same kernel without its bugs, or null if it has none.</param>
public sealed class AuditTrial(IScenarioMachineFactory machines, MachineOptions options, string? repaired) : IScenarioTrial
{
    /// <inheritdoc/>
    public async Task<TrialOutcome> RunAsync(IReadOnlyList<string> lines, int seed, bool whole, CancellationToken cancellationToken)
    {
        var (steps, fault) = await PlayAsync(lines, options with { Seed = seed }, cancellationToken).ConfigureAwait(false);
        var text = string.Concat(lines.Select(line => line + "\n"));
        if (fault is { Violations.Count: > 0 } && repaired is not null
            && (await PlayAsync(lines, options with { Seed = seed, Profile = repaired }, cancellationToken).ConfigureAwait(false)).Fault is null)
        {
            return new TrialOutcome(steps, null, text) { Explained = true };
        }

        return new TrialOutcome(steps, fault, text);
    }

    private async Task<(int Steps, TrialFault? Fault)> PlayAsync(IReadOnlyList<string> lines, MachineOptions machineOptions, CancellationToken cancellationToken)
    {
        var machine = await machines.CreateAsync(machineOptions, cancellationToken).ConfigureAwait(false);
        await using (machine.ConfigureAwait(false))
        {
            TrialFault? fault = null;
            var steps = 0;
            try
            {
                var outcome = await AuditedScenario.RunAsync(
                    WellFormedScenario.ReadAsync(lines, "scenario"), machine, new AuditMoments(EveryStep: true), Judge, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                return (outcome.Steps, fault ?? await EndAsync(machine, lines.Count + 1, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or ClusterException))
            {
                var message = $"internal error: {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}";
                return (steps, new TrialFault(message, Math.Min(steps + 1, lines.Count)));
            }

            bool Judge(StepAudit audit)
            {
                steps = audit.Step;
                fault = audit.Violations.Count == 0 ? null : Broken(audit.Violations, audit.Command is { } command ? ScenarioVerb.Of(command.Text) : "", audit.Step);
                return fault is null;
            }
        }
    }

    private static async ValueTask<TrialFault?> EndAsync(IScenarioMachine machine, int line, CancellationToken cancellationToken)
    {
        var counters = (await machine.TearDownAsync(cancellationToken).ConfigureAwait(false)).Counters;
        var violations = await AuditedScenario.AuditAsync(machine, cancellationToken).ConfigureAwait(false);
        if (counters.Free != counters.Nr || counters.Resv != 0)
        {
            var message = string.Create(CultureInfo.InvariantCulture, $"nr={counters.Nr} free={counters.Free} resv={counters.Resv} with nothing left to use it");
            violations = [.. violations, new AuditViolation("end", message, [])];
        }

        return violations.Count == 0 ? null : Broken(violations, "end", line);
    }

    private static TrialFault Broken(IReadOnlyList<AuditViolation> violations, string verb, int line) =>
        new($"{verb}: {string.Join(' ', violations.Select(violation => violation.Rule).Distinct())}", line) { Violations = violations };
}
