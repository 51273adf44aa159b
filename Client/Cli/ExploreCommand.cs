using System.CommandLine;
using System.CommandLine.Parsing;
using Hugesim.Explore;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim explore FILE</c>: runs a scenario under many schedules and looks for one that breaks a rule.</summary>
internal sealed class ExploreCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim explore Client/Examples/needs-commit-race.txt
          hugesim explore --strategy exhaustive race.txt
          hugesim explore --strategy pct --faults delay,crash --silos 2 --duration 60 race.txt
          hugesim explore race.txt --replay 17:2,31:0
        """;

    private const int DefaultSchedules = 10_000;

    private static readonly string[] s_strategies = ["random", "pct", "exhaustive"];

    private readonly Option<string?> _strategy = CliOptions.Choice(
        "--strategy",
        "How schedules are chosen: random; pct, random priorities with a few change points; exhaustive, all of them up to the order of what commutes. "
        + "The default is random.",
        s_strategies);

    private readonly Option<long?> _schedules = CliOptions.Number(
        "--schedules", $"How many schedules to run. The default is {DefaultSchedules}, or as many as --duration allows, or all with exhaustive.", 1, long.MaxValue);

    private readonly Option<long?> _duration = CliOptions.Number("--duration", "How many seconds to run for.", 1, int.MaxValue);

    private readonly Option<FaultKinds?> _faults = new("--faults")
    {
        Description = "What may go wrong in a schedule, separated by commas: delay, loss, duplicate, crash (needs two silos). The default is nothing.",
        HelpName = "LIST",
        CustomParser = ParseFaults,
    };

    private readonly Option<ScheduleTrace?> _replay = ScheduleOptions.Replay("Run only this schedule, as a failure prints it, and tell what happens.");

    private readonly Option<string?> _save = new("--save")
    {
        Description = "A folder for the shortest scenario of a failure, and its schedule as JSON.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a line." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        var file = new Argument<string>("FILE") { Description = "A scenario with parallel blocks; - is standard input." };
        file.Validators.Add(CliOptions.RefuseUnknownOptions);
        options.Profile.Description += $" The default is {services.ExploredProfile}: a kernel's own accounting bugs would be found again and again.";
        options.Nodes.Description += " The default is 1.";
        options.Seed.Description = "What random choices follow from. The default is 0.";
        var command = new Command("explore", "Run a scenario's parallel blocks under many schedules, and check every rule in each.")
        {
            file, _strategy, _schedules, _duration, options.Seed, _faults, options.Profile, options.Bug, options.Nodes, options.Silos, _replay, _save, _json,
        };
        CliOptions.RefuseCluster(command, "nobody can say in which order a cluster delivers messages; 'hugesim run --cluster' executes the blocks there once");
        command.SetAction(async (result, cancellationToken) =>
        {
            var name = result.GetValue(file)!;
            if (!ScheduleRunner.IsSupported)
            {
                ScheduleOptions.RefuseEngine(console, "explore");
                return ExitCodes.BadInput;
            }

            if (Contradiction(result, options) is { } contradiction)
            {
                CliErrors.Write(console, "hugesim: " + contradiction);
                return ExitCodes.BadInput;
            }

            var (program, errors) = await ScenarioText.ReadAsync(console, name, cancellationToken).ConfigureAwait(false);
            CliErrors.Write(console, errors);
            return program is null ? ExitCodes.BadInput : Run(program, result, Plan(result, options), cancellationToken);
        });
        return command;
    }

    private ExplorationPlan Plan(ParseResult result, CliOptions options)
    {
        var strategy = Enum.Parse<StrategyKind>(result.GetValue(_strategy) ?? s_strategies[0], ignoreCase: true);
        var isOpen = strategy == StrategyKind.Exhaustive || result.GetValue(_duration) is not null;
        var machine = options.Machine(result);
        return new ExplorationPlan(new ExplorationMachine(options.ProfileOf(result, services.ExploredProfile), machine.Nodes, machine.Silos))
        {
            Strategy = strategy,
            Schedules = result.GetValue(_schedules) ?? (isOpen ? long.MaxValue : DefaultSchedules),
            Duration = result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue,
            Seed = machine.Seed,
            Faults = result.GetValue(_faults) ?? FaultKinds.None,
        };
    }

    private int Run(ScenarioProgram program, ParseResult result, ExplorationPlan plan, CancellationToken cancellationToken)
    {
        IExploreReporter reporter = result.GetValue(_json)
            ? new JsonExploreReporter(console.Output)
            : new TextExploreReporter(console);
        if (result.GetValue(_replay) is { } trace)
        {
            var (outcome, story) = ScheduleExplorer.Replay(program, plan.Machine, trace);
            reporter.OnReplay(program, plan, outcome, story);
            return outcome.Failure is null ? ExitCodes.Success : ExitCodes.Differs;
        }

        if (!program.HasBlocks)
        {
            CliErrors.Write(console, $"{program.File}: there is no parallel block, so there is one schedule only");
            CliErrors.Write(console, "  hint: put the commands that shall race between a line 'parallel' and a line 'end'");
            return ExitCodes.BadInput;
        }

        var folder = result.GetValue(_save);
        reporter.OnBegin(program, plan);
        var found = ScheduleExplorer.Explore(program, plan, schedules => reporter.OnProgress(schedules, plan), cancellationToken);
        reporter.OnResult(program, plan, found);
        if (found.Finding is { } finding)
        {
            var (outcome, story) = ScheduleExplorer.Replay(finding.Program, plan.Machine, finding.ProgramTrace);
            var saved = folder is null ? null : SavedFinding.Write(folder, plan, finding, outcome, story);
            reporter.OnFinding(program, plan, finding, outcome, story, saved);
            return ExitCodes.Differs;
        }

        return found.Interrupted ? ExitCodes.Interrupted : ExitCodes.Success;
    }

    // Not a validator: it would ask for values before the words that are none have been reported.
    private string? Contradiction(ParseResult result, CliOptions options)
    {
        var faults = result.GetValue(_faults) ?? FaultKinds.None;
        if (faults != FaultKinds.None && result.GetValue(_strategy) == "exhaustive")
        {
            return "--faults cannot be explored exhaustively: choose --strategy random or pct";
        }

        return (faults & FaultKinds.Crash) != 0 && (result.GetValue(options.Silos) ?? 1) < 2
            ? "--faults crash needs a second silo: add --silos 2"
            : null;
    }

    private static FaultKinds? ParseFaults(ArgumentResult result)
    {
        var kinds = FaultKinds.None;
        foreach (var word in result.Tokens[0].Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Enum.TryParse<FaultKinds>(word, ignoreCase: true, out var kind) || char.IsAsciiDigit(word[0]))
            {
                result.AddError($"--faults: unknown fault '{word}'. Known: delay, loss, duplicate, crash.");
                return null;
            }

            kinds |= kind;
        }

        return kinds;
    }
}
