using System.CommandLine;
using System.CommandLine.Parsing;
using Hugesim.Explore;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>The machine and the schedule that a command shows step by step.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Schedule">The schedule of its parallel blocks, or null if none is named.</param>
/// <param name="Seed">A seed to take the schedule from, or null.</param>
internal sealed record HistoryRequest(MachineOptions Machine, ScheduleTrace? Schedule, long? Seed);

/// <summary>The options of commands that show a scenario step by step: its machine, and the schedule of its parallel blocks.</summary>
internal sealed class ScheduleOptions
{
    private readonly CliServices _services;
    private readonly CliOptions _options;
    private readonly Option<ScheduleTrace?> _replay = Replay(
        "Show this schedule of the parallel blocks, delivery by delivery, as 'hugesim explore' prints it. The default is the usual order: the process that ran last goes on.");

    public ScheduleOptions(CliServices services)
    {
        _services = services;
        _options = new CliOptions(services);
        _options.Profile.Description += $" The default is {services.Profiles[^1]}, with --replay {services.ExploredProfile}, as for explore.";
        _options.Nodes.Description += " The default is 1.";
        _options.Seed.Description = "The seed of the deterministic scheduler. Of a file with parallel blocks the first schedule that explore tries with this seed is shown.";
    }

    private Option[] All =>
    [
        _options.Profile, _options.Repair, _options.Bug, _options.Nodes, _options.Scheduler, _options.Seed, _options.Silos, _options.Cluster, _replay,
    ];

    /// <summary>The first of the options that a command line has for one scenario, or null.</summary>
    public Option? FirstGiven(CommandResult result) => All.FirstOrDefault(option => option != _options.Cluster && result.GetResult(option) is { Implicit: false });

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(_options.RefuseContradiction);
        command.Validators.Add(RefuseContradiction);
    }

    /// <summary>Has the command executed in the process of the cluster, if that has the silos in it; null if it is to be executed here.</summary>
    public async Task<int?> ForwardAsync(CliConsole console, ParseResult result, IReadOnlyList<Symbol> files, CancellationToken cancellationToken) =>
        result.GetValue(_options.Cluster) is not { } cluster
            ? null
            : await ForwardedCommand.RunAsync(console, result, cluster, files, cancellationToken).ConfigureAwait(false);

    /// <summary>What the options ask for.</summary>
    public HistoryRequest Of(ParseResult result)
    {
        var schedule = result.GetValue(_replay);
        var machine = _options.Machine(result);
        return new HistoryRequest(
            schedule is null ? machine : machine with { Profile = _options.ProfileOf(result, _services.ExploredProfile) }, schedule, result.GetValue(_options.Seed));
    }

    /// <summary>The option that names a schedule.</summary>
    public static Option<ScheduleTrace?> Replay(string description) => new("--replay")
    {
        Description = description,
        HelpName = "SCHEDULE",
        CustomParser = ParseSchedule,
    };

    /// <summary>Says that this build cannot run schedules.</summary>
    public static void RefuseEngine(CliConsole console, string what)
    {
        CliErrors.Write(console, $"{what}: this build runs on {GrainHost.EngineName}, where nobody can say which message is delivered next");
        CliErrors.Write(console, "  hint: build with -p:GrainEngine=Embedded");
    }

    private void RefuseContradiction(CommandResult result)
    {
        if (result.GetResult(_replay) is null)
        {
            return;
        }

        foreach (var option in new Option[] { _options.Scheduler, _options.Seed, _options.Cluster }.Where(option => result.GetResult(option) is not null))
        {
            result.AddError(option == _options.Cluster
                ? "--replay and --cluster contradict each other: nobody can say in which order a cluster delivers messages."
                : $"--replay and {option.Name} contradict each other: a schedule says what is delivered next.");
        }
    }

    private static ScheduleTrace? ParseSchedule(ArgumentResult result)
    {
        try
        {
            return ScheduleTrace.Parse(result.Tokens[0].Value);
        }
        catch (FormatException exception)
        {
            result.AddError($"--replay: {exception.Message}.");
            return null;
        }
    }
}
