using System.CommandLine;
using System.Globalization;
using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim diff FILE...</c>: executes scenarios on this machine's kernel and on the simulated one, and compares.</summary>
internal sealed class DiffCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          sudo hugesim diff Client/Examples/5-3-2.txt
          sudo hugesim diff --profile 6.12 --all-differences my.txt
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        var files = CliOptions.Scenarios("Scenarios, each run on both from an empty pool; - is standard input.");
        options.Profile.Description += " The default is the one nearest to this machine's kernel.";
        var all = new Option<bool>("--all-differences") { Description = "Show every difference of a scenario, not only the first." };
        var json = new Option<bool>("--json") { Description = "Write JSON, one object a scenario and a summary." };
        var force = CliOptions.Force();
        var command = new Command(
            "diff", "Run scenarios on this machine's own kernel, as root, and on the simulated one, and show where they differ.")
        {
            files, options.Profile, options.Repair, options.Bug, all, json, force, options.Scheduler, options.Seed, options.Silos, options.Cluster,
        };
        command.Validators.Add(options.RefuseContradiction);
        command.SetAction((result, cancellationToken) =>
        {
            var run = KernelCommand.Begin(services.Kernel, result.GetValue(force), console);
            var machine = options.Machine(result) with
            {
                Profile = options.ProfileOf(result, NearestProfile.For(services.Kernel.Release, services.Profiles)),
                Nodes = services.Kernel.Nodes,
            };
            IDiffReporter reporter = result.GetValue(json)
                ? new JsonDiffReporter(console.Output, services.Kernel.Release, machine.Profile)
                : new TextDiffReporter(new StyledOutput(console), services.Kernel.Release, machine.Profile);
            return RunAsync(result.GetValue(files)!, run, machine, result.GetValue(all), reporter, cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(
        string[] files, KernelRunOptions run, MachineOptions machine, bool all, IDiffReporter reporter, CancellationToken cancellationToken)
    {
        var (agreeing, bad) = (0, 0);
        foreach (var file in files)
        {
            var verdict = await CompareAsync(file, run, machine, all, cancellationToken).ConfigureAwait(false);
            if (verdict.Interrupted)
            {
                CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture, $"{file}: interrupted after {verdict.Steps} steps"));
                return ExitCodes.Interrupted;
            }

            reporter.OnVerdict(file, verdict);
            console.Output.Flush();
            CliErrors.Write(console, verdict.Errors);
            bad += verdict.Errors.Count > 0 ? 1 : 0;
            agreeing += verdict.Errors.Count == 0 && verdict.Differences.Count == 0 ? 1 : 0;
        }

        reporter.OnSummary(agreeing, files.Length);
        return bad > 0 ? ExitCodes.BadInput : agreeing < files.Length ? ExitCodes.Differs : ExitCodes.Success;
    }

    private async Task<ComparisonVerdict> CompareAsync(
        string file, KernelRunOptions run, MachineOptions options, bool all, CancellationToken cancellationToken)
    {
        var isInput = file == "-";
        var (stream, error) = isInput ? (console.Input, null) : InputFiles.Open(file);
        if (stream is null)
        {
            return new ComparisonVerdict(0, [], [error!], "");
        }

        try
        {
            var simulator = await services.Machines.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            await using (simulator.ConfigureAwait(false))
            {
                var kernel = await services.Kernel.StartAsync(run, cancellationToken).ConfigureAwait(false);
                await using (kernel.ConfigureAwait(false))
                {
                    var scenario = ScenarioParser.ReadAsync(stream, file, cancellationToken);
                    return await ScenarioComparison.RunAsync(scenario, kernel, simulator, all, cancellationToken).ConfigureAwait(false);
                }
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
