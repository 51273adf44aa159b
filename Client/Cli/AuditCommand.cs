using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hugesim.Clusters;
using Hugesim.Machine;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim audit FILE...</c>: executes scenarios and checks the invariants of the machine.</summary>
internal sealed class AuditCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim audit --every-step Client/Examples/fork-cow.txt
          hugesim audit --repair --step 12 my.txt
          hugesim audit --cluster local
        """;

    private readonly CliOptions _options = new(services);

    private readonly Option<bool> _everyStep = new("--every-step") { Description = "Audit after each step, and end at the first one that breaks an invariant." };

    private readonly Option<long?> _step = CliOptions.Number("--step", "Audit after this step, counted from 1, and end there.", 1, int.MaxValue);

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object an audit and a summary." };

    private readonly Option<string?> _machine = new("--machine")
    {
        Description = "With --cluster and without a file: only this machine, as 'hugesim cluster status' names it.",
        HelpName = "NAME",
    };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var files = CliOptions.Scenarios("Scenarios, each run on a fresh machine; - is standard input. Without one, --cluster's machines are audited as they are.");
        files.Arity = ArgumentArity.ZeroOrMore;
        _options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        _options.Nodes.Description += " The default is 1.";
        var command = new Command(
            "audit", "Run scenarios and check that all parts of the machine agree: after the last step, before all is torn down, or as asked for.")
        {
            files, _everyStep, _step, _options.Profile, _options.Repair, _options.Bug, _options.Nodes, _json, _options.Scheduler, _options.Seed, _options.Silos,
            _options.Cluster, _machine,
        };
        command.Validators.Add(RefuseContradiction);
        command.Validators.Add(result => RefuseMachines(result, files));
        command.Validators.Add(_options.RefuseContradiction);
        command.SetAction((result, cancellationToken) => result.GetValue(files) is { Length: > 0 } named
            ? RunAsync(result, named, cancellationToken)
            : AuditClusterAsync(result.GetValue(_options.Cluster)!, result.GetValue(_machine), Reporter(result), cancellationToken));
        return command;
    }

    private void RefuseContradiction(CommandResult result)
    {
        if (result.GetResult(_everyStep) is not null && result.GetResult(_step) is not null)
        {
            result.AddError("--every-step and --step contradict each other: give one of them.");
        }
    }

    // A machine that runs is audited as it is: what belongs to one that is made for a scenario does not go with it.
    private void RefuseMachines(CommandResult result, Argument<string[]> files)
    {
        if (result.GetResult(files) is { Tokens.Count: > 0 })
        {
            if (result.GetResult(_machine) is not null)
            {
                result.AddError("--machine is a machine that runs, and a scenario gets one of its own: give one of them.");
            }
        }
        else if (result.GetResult(_options.Cluster) is null)
        {
            result.AddError("Required argument missing: name a scenario, or with --cluster the cluster whose machines are to be audited.");
        }
        else
        {
            Option[] ofScenarios = [_everyStep, _step, _options.Profile, _options.Repair, _options.Bug, _options.Nodes];
            foreach (var option in ofScenarios.Where(option => result.GetResult(option) is { Implicit: false }))
            {
                result.AddError($"{option.Name} is for a scenario: name its file.");
            }
        }
    }

    private IAuditReporter Reporter(ParseResult result) =>
        result.GetValue(_json) ? new JsonAuditReporter(console.Output) : new TextAuditReporter(new StyledOutput(console));

    private async Task<int> AuditClusterAsync(string cluster, string? name, IAuditReporter reporter, CancellationToken cancellationToken)
    {
        var machines = await ClusterConnector.ConnectAsync(cluster, traces: false, cancellationToken).ConfigureAwait(false);
        await using (machines.ConfigureAwait(false))
        {
            var all = await machines.ListAsync(cancellationToken).ConfigureAwait(false);
            var chosen = all.Where(owned => name is null || owned.Machine.Name == name).ToArray();
            if (name is not null && chosen.Length == 0)
            {
                throw ClusterException.Input(
                    $"cluster {cluster} has no machine '{name}'",
                    all.Count == 0 ? "it has none now" : $"its machines are {string.Join(", ", all.Take(20).Select(owned => owned.Machine.Name))}");
            }

            var sound = 0;
            foreach (var (machine, _, _) in chosen)
            {
                var violations = await machines.AuditAsync(machine, cancellationToken).ConfigureAwait(false);
                reporter.OnAudit(new AuditSubject(machine.Name, machine.Profile), new StepAudit(0, null, violations));
                sound += violations.Count == 0 ? 1 : 0;
            }

            reporter.OnSummary(sound, chosen.Length);
            return sound < chosen.Length ? ExitCodes.Differs : ExitCodes.Success;
        }
    }

    private async Task<int> RunAsync(ParseResult result, string[] files, CancellationToken cancellationToken)
    {
        var machine = _options.Machine(result);
        var moments = new AuditMoments(result.GetValue(_everyStep), (int?)result.GetValue(_step));
        var reporter = Reporter(result);
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
