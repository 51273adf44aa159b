using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Hugesim.Fuzzing;
using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim fuzz</c>: searches for scenarios on which the simulated kernel differs from this machine's, or breaks its invariants.</summary>
internal sealed class FuzzCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim fuzz --against invariants --nodes 4 --repair --count 1000
          hugesim fuzz --against invariants --cluster local --duration 60
          sudo hugesim fuzz --against kernel --count 1000 --save differences
          sudo hugesim fuzz --against kernel --duration 600 --seed 7 --steps 60
        """;

    private const string AgainstKernel = "kernel";
    private const string AgainstInvariants = "invariants";
    private const int DefaultCount = 1000;
    private const int DefaultSteps = 40;
    private const int MostSteps = 400;
    private const int DefaultFindings = 20;

    /// <summary>A blocked process is given up sooner than in a recording: few scenarios have one, and all have the same answer.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(2);

    private readonly CliOptions _options = new(services);

    private readonly Option<string?> _against = CliOptions.Choice(
        "--against",
        "What must hold: the answers of this machine's own kernel, which needs root (kernel, the default), or the audit of the simulated machine after "
        + "each step (invariants).",
        [AgainstKernel, AgainstInvariants]);

    private readonly Option<long?> _count = CliOptions.Number(
        "--count", $"How many scenarios to try. The default is {DefaultCount}, or as many as --duration allows.", 1, int.MaxValue);

    private readonly Option<long?> _duration = CliOptions.Number("--duration", "How many seconds to try for.", 1, int.MaxValue);

    private readonly Option<long?> _seed = CliOptions.Number(
        "--seed",
        "The first scenario's seed; the next ones follow it. It is also the seed of the deterministic scheduler. The default is a new one each time.",
        0,
        int.MaxValue / 2);

    private readonly Option<long?> _steps = CliOptions.Number(
        "--steps", $"The commands in a scenario, 1 to {MostSteps}. The default is {DefaultSteps}.", 1, MostSteps);

    private readonly Option<long?> _findings = CliOptions.Number(
        "--findings", $"End after so many kinds of faults. The default is {DefaultFindings}.", 1, int.MaxValue);

    private readonly Option<string?> _save = new("--save")
    {
        Description = "The folder for the shortest scenario of each kind of fault: against the kernel as a recording of it. The default is the current one.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a finding and a summary." };

    private readonly Option<bool> _force = CliOptions.Force();

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        _options.Profile.Description += " The default is the one nearest to this machine's kernel, or the newest against the invariants.";
        _options.Nodes.Description += " Only against the invariants; the default is 1.";
        var command = new Command(
            "fuzz", "Try random scenarios: on this machine's own kernel, as root, and the simulated one, or audited step by step; shorten those that fail.")
        {
            _against, _count, _duration, _seed, _steps, _findings, _options.Profile, _options.Repair, _options.Nodes, _options.Scheduler, _options.Silos,
            _options.Cluster, _save, _json, _force,
        };
        command.Validators.Add(RefuseCluster);
        command.Validators.Add(RefuseWhatDoesNotApply);
        command.SetAction(RunAsync);
        return command;
    }

    private void RefuseWhatDoesNotApply(CommandResult result)
    {
        // What is given, not what it means: values that are no good have been refused already.
        if (result.GetResult(_against)?.Tokens is [{ Value: AgainstInvariants }])
        {
            if (result.GetResult(_force) is not null)
            {
                result.AddError($"--force is for --against {AgainstKernel}: the simulated machine's pool is its own.");
            }
        }
        else if (result.GetResult(_options.Nodes) is not null)
        {
            result.AddError($"--nodes is for --against {AgainstInvariants}: the real machine has the nodes that it has.");
        }
    }

    // The scenarios' seed is --seed here, also on a cluster.
    private void RefuseCluster(CommandResult result)
    {
        if (result.GetResult(_options.Cluster) is null)
        {
            return;
        }

        foreach (var option in new Option[] { _options.Scheduler, _options.Silos }.Where(option => result.GetResult(option) is not null))
        {
            result.AddError($"{option.Name} belongs to silos in this process, and --cluster names silos elsewhere: give one of them.");
        }
    }

    private Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var folder = result.GetValue(_save) ?? ".";
        PrepareFolder(folder);
        var search = result.GetValue(_against) == AgainstInvariants ? Audited(result) : Compared(result);
        var steps = (int)(result.GetValue(_steps) ?? DefaultSteps);
        var plan = new FuzzPlan(
            (int)(result.GetValue(_seed) ?? Random.Shared.Next(int.MaxValue / 2)),
            (int)(result.GetValue(_count) ?? (result.GetValue(_duration) is null ? DefaultCount : int.MaxValue / 2)),
            result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue,
            (int)(result.GetValue(_findings) ?? DefaultFindings),
            steps,
            folder,
            search);
        IFuzzReporter reporter = result.GetValue(_json) ? new JsonFuzzReporter(console.Output, plan) : new TextFuzzReporter(console, plan);
        return FuzzAsync(new ScenarioFuzzer(search.Trial, steps, search.Machine.Nodes), plan, reporter, cancellationToken);
    }

    private FuzzSearch Compared(ParseResult result)
    {
        var run = KernelCommand.Begin(services.Kernel, result.GetValue(_force), console) with { StuckAfter = StuckAfter, OnRepair = null };
        var machine = _options.Machine(result) with
        {
            Profile = _options.ProfileOf(result, NearestProfile.For(services.Kernel.Release, services.Profiles)),
            Nodes = services.Kernel.Nodes,
        };
        var trial = new ComparisonTrial(async (seed, token) => (
            await services.Kernel.StartAsync(run, token).ConfigureAwait(false),
            await services.Machines.CreateAsync(machine with { Seed = seed }, token).ConfigureAwait(false)));
        return new FuzzSearch(AgainstKernel, services.Kernel.Release, machine, trial, InputFiles.RecordingEnding);
    }

    private FuzzSearch Audited(ParseResult result)
    {
        var machine = _options.Machine(result);
        var trial = new AuditTrial(services.Machines, machine, services.Repaired(machine.Profile));
        return new FuzzSearch(AgainstInvariants, null, machine, trial, ".txt");
    }

    private async Task<int> FuzzAsync(ScenarioFuzzer fuzzer, FuzzPlan plan, IFuzzReporter reporter, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var found = 0;
        reporter.OnBegin();
        for (var i = 0; i < plan.Count && clock.Elapsed < plan.Duration && found < plan.Findings; i++)
        {
            reporter.OnProgress(fuzzer.Counts);
            try
            {
                if (await fuzzer.NextAsync(plan.Seed + i, cancellationToken).ConfigureAwait(false) is { } finding)
                {
                    found++;
                    reporter.OnFinding(finding, Save(finding, plan));
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                reporter.OnSummary(fuzzer.Counts);
                CliErrors.Write(console, "interrupted");
                return ExitCodes.Interrupted;
            }
        }

        reporter.OnSummary(fuzzer.Counts);
        return fuzzer.Counts.Faulty > 0 ? ExitCodes.Differs : ExitCodes.Success;
    }

    private static void PrepareFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new KernelRefusedException(new KernelRefusal($"--save: {exception.Message}", "name a folder that can be written to"));
        }
    }

    private static string Save(FuzzFinding finding, FuzzPlan plan)
    {
        var file = Path.Combine(plan.Folder, string.Create(CultureInfo.InvariantCulture, $"fuzz-{finding.Seed}{plan.Search.Ending}"));
        try
        {
            File.WriteAllText(file, finding.Text);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputFailedException(exception);
        }
    }
}

/// <summary>What scenarios are put to.</summary>
/// <param name="Against">The word of the command line.</param>
/// <param name="Release">The real kernel, or null.</param>
/// <param name="Machine">The simulated machine.</param>
/// <param name="Trial">What does it.</param>
/// <param name="Ending">What the names of saved scenarios end with.</param>
internal sealed record FuzzSearch(string Against, string? Release, MachineOptions Machine, IScenarioTrial Trial, string Ending);

/// <summary>What to try, and how long.</summary>
/// <param name="Seed">The first scenario's seed.</param>
/// <param name="Count">The most scenarios.</param>
/// <param name="Duration">The longest time.</param>
/// <param name="Findings">The most kinds of faults.</param>
/// <param name="Steps">Commands in a scenario.</param>
/// <param name="Folder">Where to save them.</param>
/// <param name="Search">What they are put to.</param>
internal sealed record FuzzPlan(int Seed, int Count, TimeSpan Duration, int Findings, int Steps, string Folder, FuzzSearch Search)
{
    /// <summary>A command line that finds the same again.</summary>
    public string Replay(int seed)
    {
        var machine = Search.Machine;
        var line = string.Create(CultureInfo.InvariantCulture,
            $"hugesim fuzz --against {Search.Against} --seed {seed} --count 1 --steps {Steps} --profile {machine.Profile}");
        line += Search.Release is null ? string.Create(CultureInfo.InvariantCulture, $" --nodes {machine.Nodes}") : "";
        line += machine.Cluster is null ? "" : $" --cluster {machine.Cluster}";
        line += machine.Scheduler == CliOptions.Schedulers[0] ? "" : $" --scheduler {machine.Scheduler}";
        return machine.Silos == 1 ? line : string.Create(CultureInfo.InvariantCulture, $"{line} --silos {machine.Silos}");
    }
}
