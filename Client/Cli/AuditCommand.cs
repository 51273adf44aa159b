using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hugesim.Machine;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim audit FILE...</c>: executes scenarios and checks the invariants of the machine.</summary>
internal sealed class AuditCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim audit --every-step Client/Examples/fork-cow.txt
          hugesim audit --repair --step 12 my.txt
        """;

    private readonly CliOptions _options = new(services);

    private readonly Option<bool> _everyStep = new("--every-step") { Description = "Audit after each step, and end at the first one that breaks an invariant." };

    private readonly Option<long?> _step = CliOptions.Number("--step", "Audit after this step, counted from 1, and end there.", 1, int.MaxValue);

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object an audit and a summary." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var files = CliOptions.Scenarios("Scenarios, each run on a fresh machine; - is standard input.");
        _options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        _options.Nodes.Description += " The default is 1.";
        var command = new Command(
            "audit", "Run scenarios and check that all parts of the machine agree: after the last step, before all is torn down, or as asked for.")
        {
            files, _everyStep, _step, _options.Profile, _options.Repair, _options.Bug, _options.Nodes, _json, _options.Scheduler, _options.Seed, _options.Silos,
            _options.Cluster,
        };
        command.Validators.Add(RefuseContradiction);
        command.Validators.Add(_options.RefuseContradiction);
        command.SetAction((result, cancellationToken) => RunAsync(result, result.GetValue(files)!, cancellationToken));
        return command;
    }

    private void RefuseContradiction(CommandResult result)
    {
        if (result.GetResult(_everyStep) is not null && result.GetResult(_step) is not null)
        {
            result.AddError("--every-step and --step contradict each other: give one of them.");
        }
    }

    private async Task<int> RunAsync(ParseResult result, string[] files, CancellationToken cancellationToken)
    {
        var machine = _options.Machine(result);
        var moments = new AuditMoments(result.GetValue(_everyStep), (int?)result.GetValue(_step));
        IAuditReporter reporter = result.GetValue(_json) ? new JsonAuditReporter(console.Output) : new TextAuditReporter(new StyledOutput(console));
        var (sound, bad) = (0, 0);
        foreach (var file in files)
        {
            var broken = false;
            var outcome = await AuditFileAsync(file, machine, moments, Judge, cancellationToken).ConfigureAwait(false);
            if (outcome.Interrupted)
            {
                CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture, $"{file}: interrupted after {outcome.Steps} steps"));
                return ExitCodes.Interrupted;
            }

            IReadOnlyList<ScenarioError> errors = outcome.Errors.Count == 0 && moments.Step > outcome.Steps ? [TooShort(file, outcome.Steps)] : outcome.Errors;
            CliErrors.Write(console, errors);
            bad += errors.Count > 0 ? 1 : 0;
            sound += errors.Count == 0 && !broken ? 1 : 0;

            bool Judge(StepAudit audit)
            {
                if (moments.Step > audit.Step)
                {
                    return false;
                }

                reporter.OnAudit(new AuditSubject(file, machine.Profile), audit);
                broken |= audit.Violations.Count > 0;
                return !broken;
            }
        }

        reporter.OnSummary(sound, files.Length);
        return bad > 0 ? ExitCodes.BadInput : sound < files.Length ? ExitCodes.Differs : ExitCodes.Success;
    }

    private static ScenarioError TooShort(string file, int steps) => new(
        file, 0, 0, string.Create(CultureInfo.InvariantCulture, $"the scenario has only {steps} {(steps == 1 ? "step" : "steps")}"),
        "name one of them with --step; comments are not counted");

    private async Task<AuditedOutcome> AuditFileAsync(
        string file, MachineOptions options, AuditMoments moments, Func<StepAudit, bool> onAudit, CancellationToken cancellationToken)
    {
        var isInput = file == "-";
        var (stream, error) = isInput ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            return new AuditedOutcome(0, [error!]);
        }

        try
        {
            var machine = await services.Machines.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            await using (machine.ConfigureAwait(false))
            {
                var scenario = ScenarioParser.ReadAsync(stream, file, cancellationToken);
                return await AuditedScenario.RunAsync(scenario, machine, moments, onAudit, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isInput)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
