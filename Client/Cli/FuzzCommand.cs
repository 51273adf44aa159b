using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim fuzz</c>: searches for scenarios on which the simulated kernel differs from this machine's.</summary>
internal sealed class FuzzCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          sudo hugesim fuzz --against kernel --count 1000 --save differences
          sudo hugesim fuzz --against kernel --duration 600 --seed 7 --steps 60
        """;

    private const int DefaultCount = 1000;
    private const int DefaultSteps = 40;
    private const int MostSteps = 400;
    private const int DefaultFindings = 20;

    /// <summary>A blocked process is given up sooner than in a recording: few scenarios have one, and all have the same answer.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(2);

    private readonly Option<string?> _against = CliOptions.Choice("--against", "What to compare with: kernel, this machine's own.", ["kernel"]);

    private readonly Option<long?> _count = CliOptions.Number(
        "--count", $"How many scenarios to try. The default is {DefaultCount}, or as many as --duration allows.", 1, int.MaxValue);

    private readonly Option<long?> _duration = CliOptions.Number("--duration", "How many seconds to try for.", 1, int.MaxValue);

    private readonly Option<long?> _seed = CliOptions.Number(
        "--seed", "The first scenario's seed; the next ones follow it. The default is a new one each time.", 0, int.MaxValue / 2);

    private readonly Option<long?> _steps = CliOptions.Number(
        "--steps", $"The commands in a scenario, 1 to {MostSteps}. The default is {DefaultSteps}.", 1, MostSteps);

    private readonly Option<long?> _findings = CliOptions.Number(
        "--findings", $"End after so many kinds of differences. The default is {DefaultFindings}.", 1, int.MaxValue);

    private readonly Option<string?> _save = new("--save")
    {
        Description = "A folder for the shortest scenario of each kind of difference, as a recording of this machine's kernel.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a difference and a summary." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        options.Profile.Description += " The default is the one nearest to this machine's kernel.";
        var force = CliOptions.Force();
        var command = new Command(
            "fuzz", "Run random scenarios on this machine's own kernel, as root, and on the simulated one, and shorten those that differ.")
        {
            _against, _count, _duration, _seed, _steps, _findings, options.Profile, _save, _json, force,
        };
        command.SetAction((result, cancellationToken) => RunAsync(result, result.GetValue(options.Profile), result.GetValue(force), cancellationToken));
        return command;
    }

    private Task<int> RunAsync(ParseResult result, string? profile, bool force, CancellationToken cancellationToken)
    {
        var run = KernelCommand.Begin(services.Kernel, force, console) with { StuckAfter = StuckAfter, OnRepair = null };
        var folder = result.GetValue(_save);
        if (folder is not null)
        {
            PrepareFolder(folder);
        }

        var machine = new MachineOptions(
            profile ?? NearestProfile.For(services.Kernel.Release, services.Profiles), services.Kernel.Nodes, CliOptions.Schedulers[0], 0, 1);
        var fuzzer = new ScenarioFuzzer(
            async token => (await services.Kernel.StartAsync(run, token).ConfigureAwait(false),
                await services.Machines.CreateAsync(machine, token).ConfigureAwait(false)),
            (int)(result.GetValue(_steps) ?? DefaultSteps));
        IFuzzReporter reporter = result.GetValue(_json)
            ? new JsonFuzzReporter(console.Output, services.Kernel.Release, machine.Profile)
            : new TextFuzzReporter(console, services.Kernel.Release, machine.Profile);
        var plan = new FuzzPlan(
            (int)(result.GetValue(_seed) ?? Random.Shared.Next(int.MaxValue / 2)),
            (int)(result.GetValue(_count) ?? (result.GetValue(_duration) is null ? DefaultCount : int.MaxValue / 2)),
            result.GetValue(_duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue,
            (int)(result.GetValue(_findings) ?? DefaultFindings),
            folder);
        return FuzzAsync(fuzzer, plan, reporter, cancellationToken);
    }

    private async Task<int> FuzzAsync(ScenarioFuzzer fuzzer, FuzzPlan plan, IFuzzReporter reporter, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var found = 0;
        reporter.OnBegin(plan);
        for (var i = 0; i < plan.Count && clock.Elapsed < plan.Duration && found < plan.Findings; i++)
        {
            reporter.OnProgress(fuzzer.Counts, plan);
            try
            {
                if (await fuzzer.NextAsync(plan.Seed + i, cancellationToken).ConfigureAwait(false) is { } finding)
                {
                    found++;
                    reporter.OnFinding(finding, Save(finding, plan.Folder));
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
        return fuzzer.Counts.Differing > 0 ? ExitCodes.Differs : ExitCodes.Success;
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

    private static string? Save(FuzzFinding finding, string? folder)
    {
        if (folder is null)
        {
            return null;
        }

        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"fuzz-{finding.Seed}{InputFiles.RecordingEnding}"));
        try
        {
            File.WriteAllText(file, finding.Recording);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputFailedException(exception);
        }
    }
}

/// <summary>What to try, and how long.</summary>
/// <param name="Seed">The first scenario's seed.</param>
/// <param name="Count">The most scenarios.</param>
/// <param name="Duration">The longest time.</param>
/// <param name="Findings">The most kinds of differences.</param>
/// <param name="Folder">Where to save them, or null.</param>
internal sealed record FuzzPlan(int Seed, int Count, TimeSpan Duration, int Findings, string? Folder);
