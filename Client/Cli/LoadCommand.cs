using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Clusters;
using Hugesim.Load;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim load WORKLOAD</c>: lets many emulated processes work, and measures them.</summary>
internal sealed class LoadCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim load postgres --processes 500 --duration 30s
          hugesim load redis --machines 4 --rate 5000 --threshold 'fault.p99<5ms' --report redis.html
          hugesim load --show postgres > mine.load && hugesim load mine.load
        """;

    private const long DefaultProcesses = 100;
    private const long DefaultWorkers = 64;
    private const long MostMachines = 100_000;
    private const long MostProcesses = 100_000_000;
    private const long MostRate = 100_000_000;

    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MostDuration = TimeSpan.FromDays(30);

    private readonly Argument<string> _workload = new("WORKLOAD")
    {
        Description = $"A built-in workload ({string.Join(", ", BuiltInProfiles.Names)}), or a file; a file of such a name is written ./NAME.",
    };

    private readonly Option<long?> _processes = CliOptions.Number(
        "--processes", $"Emulated processes of all machines together. The default is {DefaultProcesses}.", 1, MostProcesses);

    private readonly Option<long?> _machines = CliOptions.Number(
        "--machines", "Emulated machines that share the processes. The default is 1.", 1, MostMachines);

    private readonly Option<TimeSpan?> _duration = Time(
        "--duration", "How long to measure after all processes have started, such as 30s or 5m; 0 only starts and ends them. The default is 10s.");

    private readonly Option<TimeSpan?> _warmup = Time(
        "--warmup", "How long the processes work before that is measured: .NET compiles what is used often, which delays the first calls. The default is 0.");

    private readonly Option<long?> _calls = CliOptions.Number(
        "--calls", "End after so many measured calls. Without --duration nothing else ends the load.", 1, long.MaxValue);

    private readonly Option<long?> _rate = CliOptions.Number(
        "--rate", "Open loop: begin so many calls a second, and measure each from the time it was due. Without it a closed loop runs.", 1, MostRate);

    private readonly Option<long?> _workers = CliOptions.Number(
        "--concurrency", $"Calls on their way at once. The default is {DefaultWorkers}, or one a process.", 1, 100_000);

    private readonly Option<long?> _pool = CliOptions.Number(
        "--pool", "Huge pages of each machine's pool, in place of what the workload says.", 0, ScenarioLimits.PoolPages);

    private readonly Option<long?> _seed = CliOptions.Number("--seed", "Where all random choices come from. The default is 0.", 0, long.MaxValue);

    private readonly Option<Threshold[]> _thresholds = new("--threshold")
    {
        Description = "A limit such as 'fault.p99<5ms', 'all.rate>1000' or 'mmap.failures<1%'; exit code 1 if it does not hold. May be repeated.",
        HelpName = "LIMIT",
        CustomParser = ParseThresholds,
    };

    private readonly Option<string?> _report = new("--report") { Description = "Write an HTML report with charts.", HelpName = "FILE" };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a second and a summary." };

    private readonly FlowOptions _flows = new(ratio: 0.01);

    private readonly Option<bool> _show = new("--show") { Description = "Print the workload instead, as a start for one's own." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        var command = new Command("load", "Let many emulated processes work as real programs do, measure them, and audit the machines at the end.")
        {
            _workload, _processes, _machines, _warmup, _duration, _calls, _rate, _workers, _thresholds, _seed, _pool, options.Profile, options.Silos, options.Cluster, _report,
            _json, _show,
        };
        _flows.AddTo(command);
        command.Validators.Add(options.RefuseContradiction);
        command.SetAction((result, cancellationToken) =>
            RunAsync(result, options.Machine(result), cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, MachineOptions machine, CancellationToken interrupted)
    {
        var name = result.GetValue(_workload)!;
        if (result.GetValue(_show))
        {
            return await WorkloadFiles.ShowAsync(name, console, interrupted).ConfigureAwait(false);
        }

        var (profile, errors) = await WorkloadFiles.ReadAsync(name, interrupted).ConfigureAwait(false);
        if (profile is null)
        {
            CliErrors.Write(console, errors);
            return ExitCodes.BadInput;
        }

        var load = Options(result, profile, machine.Profile);
        if (load.Machines > load.Processes)
        {
            CliErrors.Write(console, $"hugesim: {load.Machines} machines cannot share {load.Processes} processes");
            CliErrors.Write(console, "  hint: give at least as many --processes as --machines");
            return ExitCodes.BadInput;
        }

        if (load.Warmup > TimeSpan.Zero && load.Duration == TimeSpan.Zero)
        {
            CliErrors.Write(console, "hugesim: --warmup: with --duration 0 nothing is measured after it");
            CliErrors.Write(console, "  hint: leave one of them out");
            return ExitCodes.BadInput;
        }

        var reportFile = result.GetValue(_report);
        if (reportFile is not null && ReportFile.WhyNot(reportFile) is { } wrong)
        {
            CliErrors.Write(console, [wrong]);
            return ExitCodes.BadInput;
        }

        if (machine.Cluster is { } cluster
            && await ForwardedCommand.RunAsync(console, result, cluster, BuiltInProfiles.Names.Contains(name) ? [_report] : [_workload, _report], interrupted)
                .ConfigureAwait(false) is { } exitCode)
        {
            return exitCode;
        }

        using var flows = _flows.Start(result, machine.Cluster is not null);
        return await RunAsync(load, machine with { Traces = flows is not null }, reportFile, Reporter(result), interrupted).ConfigureAwait(false);
    }

    private async Task<int> RunAsync(LoadOptions load, MachineOptions machine, string? reportFile, LoadReporter reporter, CancellationToken interrupted)
    {
        var host = machine.Cluster is { } cluster
            ? await ClusterConnector.ConnectToGrainsAsync(cluster, machine.Traces, interrupted).ConfigureAwait(false)
            : await services.StartGrains(new GrainHostOptions(machine.Silos)).ConfigureAwait(false);
        var run = new LoadRun(load, reporter, interrupted);
        LoadResults results;
        await using (host.ConfigureAwait(false))
        {
            try
            {
                results = machine.Cluster is null && host is not BorrowedGrainHost
                    ? await host.RunAsync(grains => run.RunAsync(grains, host.Calls)).ConfigureAwait(false)
                    : await RunLeasedAsync(host, run, load).ConfigureAwait(false);
            }
            catch (ClusterException exception) when (!exception.IsInput)
            {
                results = run.Abandon(exception.Message);
            }
            catch (LoadSetupException exception)
            {
                CliErrors.Write(console, exception.Message);
                CliErrors.Write(console, "  hint: " + exception.Hint);
                return ExitCodes.BadInput;
            }
            finally
            {
                reporter.Dispose();
            }
        }

        reporter.OnSummary(results);
        console.Output.Flush();
        if (reportFile is not null)
        {
            ReportFile.Write(reportFile, LoadReport.Html(results));
        }

        return ExitCodeOf(results);
    }

    private static async Task<LoadResults> RunLeasedAsync(IGrainHost host, LoadRun run, LoadOptions load)
    {
        var lease = new MachineLease(host);
        await using (lease.ConfigureAwait(false))
        {
            await lease.AddAsync([.. Enumerable.Range(0, load.Machines).Select(i => new ClusterMachine(load.MachineName(i), load.Kernel, load.Profile.Nodes))])
                .ConfigureAwait(false);
            return await host.RunAsync(grains => run.RunAsync(grains, host.Calls)).ConfigureAwait(false);
        }
    }

    private LoadReporter Reporter(ParseResult result) => result.GetValue(_json)
        ? new JsonLoadReporter(console)
        : console is { IsTerminal: true, UseColor: true } ? new LiveLoadReporter(console) : new TextLoadReporter(console);

    private LoadOptions Options(ParseResult result, WorkloadProfile profile, string kernel)
    {
        var processes = result.GetValue(_processes) ?? DefaultProcesses;
        return new LoadOptions
        {
            Profile = profile,
            Kernel = kernel,
            Machines = (int)(result.GetValue(_machines) ?? 1),
            Processes = processes,
            Duration = result.GetValue(_duration) ?? (result.GetValue(_calls) is null ? DefaultDuration : MostDuration),
            Calls = result.GetValue(_calls),
            Warmup = result.GetValue(_warmup) ?? TimeSpan.Zero,
            Workers = (int)Math.Min(processes, result.GetValue(_workers) ?? DefaultWorkers),
            Rate = result.GetValue(_rate),
            PoolPages = result.GetValue(_pool),
            Seed = result.GetValue(_seed) ?? 0,
            MachinePrefix = string.Create(CultureInfo.InvariantCulture, $"load-{Guid.NewGuid():N}")[..11] + "-",
            Thresholds = result.GetValue(_thresholds) ?? [],
        };
    }

    private int ExitCodeOf(LoadResults results)
    {
        switch (results.End)
        {
            case LoadEnd.EngineFailed:
                CliErrors.Write(console, $"hugesim: the grains no longer answer: {results.EngineFailure}");
                CliErrors.Write(console, "  hint: see whether the silos run; what was measured until then is shown");
                return ExitCodes.Failure;
            case LoadEnd.NothingStarted:
                CliErrors.Write(console, "hugesim: no process could be started");
                CliErrors.Write(console, "  hint: the failures above say why; 'hugesim plan' finds the pool that is enough");
                return ExitCodes.Differs;
            case LoadEnd.Interrupted:
                CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture, $"interrupted after {results.MeasuredSeconds:0.0} s of measuring"));
                return ExitCodes.Interrupted;
        }

        if (results.MissedRate)
        {
            CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture,
                $"hugesim: the rate could not be held: {results.Totals.Calls:N0} calls of {results.DueCalls:N0} that were due"));
            CliErrors.Write(console, "  hint: give a lower --rate, or more --concurrency if the processor was not busy");
        }

        return results.Passed ? ExitCodes.Success : ExitCodes.Differs;
    }

    private static Option<TimeSpan?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (TimeText.TryParse(text, out var nanoseconds) && nanoseconds <= MostDuration.TotalNanoseconds)
            {
                return TimeSpan.FromMicroseconds(nanoseconds / 1000);
            }

            result.AddError($"{name}: '{text}' is not a time such as 30s, 5m or 500ms.");
            return null;
        },
    };

    private static Threshold[] ParseThresholds(ArgumentResult result)
    {
        var thresholds = new List<Threshold>();
        foreach (var token in result.Tokens)
        {
            if (Threshold.Parse(token.Value, out var error) is { } threshold)
            {
                thresholds.Add(threshold);
            }
            else
            {
                result.AddError($"--threshold: {error}.");
            }
        }

        return [.. thresholds];
    }
}
