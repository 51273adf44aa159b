using System.CommandLine;
using System.Globalization;
using Hugesim.Load;
using Hugesim.Plan;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim plan FILE</c>: finds the smallest pool with which a workload or a scenario runs well.</summary>
internal sealed class PlanCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim plan postgres --processes 40
          hugesim plan my.txt --scenario-out enough.txt && sudo hugesim kernel enough.txt
        """;

    private const long DefaultProcesses = 20;
    private const long MostProcesses = 1000;

    private readonly Argument<string> _file = new("FILE")
    {
        Description = $"A workload (built-in: {string.Join(", ", BuiltInProfiles.Names)}; or a file), of which the worst case is taken, or a scenario, taken as it is.",
    };

    private readonly Option<long?> _processes = CliOptions.Number(
        "--processes", $"Processes of the workload on one machine. The default is {DefaultProcesses}.", 1, MostProcesses);

    private readonly Option<string?> _out = new("--scenario-out")
    {
        Description = "Write the scenario with the smallest pool, and beside it one with a page less, to be run by 'hugesim kernel'.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        options.Nodes.Description += " The default is the workload's, or 1.";
        var command = new Command("plan", "Find the smallest pool with which no mmap fails and no process is killed, and what happens with one page less.")
        {
            _file, _processes, options.Profile, options.Nodes, options.Cluster, _out, _json,
        };
        command.SetAction((result, cancellationToken) =>
        {
            var machine = options.Machine(result);
            return RunAsync(result, machine, result.GetValue(options.Nodes), cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, MachineOptions machine, long? nodes, CancellationToken cancellationToken)
    {
        var processes = result.GetValue(_processes);
        var (scenario, itsNodes, errors) = await PlanInput.ReadAsync(result.GetValue(_file)!, processes ?? DefaultProcesses, cancellationToken).ConfigureAwait(false);
        var outFile = result.GetValue(_out);
        if (scenario is not null && outFile is not null && ReportFile.WhyNot(outFile) is { } wrong)
        {
            (scenario, errors) = (null, [wrong]);
        }

        if (scenario is null)
        {
            CliErrors.Write(console, errors);
            return ExitCodes.BadInput;
        }

        machine = machine with { Nodes = (int)(nodes ?? itsNodes) };
        var progress = new ProgressLine(console);
        var planner = new PoolPlanner(
            scenario, token => services.Machines.CreateAsync(machine, token), machine.Nodes,
            run => progress.Show(string.Create(CultureInfo.InvariantCulture, $"run {run} of the scenario")));
        PlanResult plan;
        try
        {
            plan = await planner.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }

        IPlanReporter reporter = result.GetValue(_json) ? new JsonPlanReporter(console.Output) : new TextPlanReporter(new StyledOutput(console));
        reporter.OnPlan(scenario, machine, plan);
        console.Output.Flush();
        if (plan.Hopeless is null && outFile is not null)
        {
            WriteScenarios(scenario, plan, outFile);
        }

        return plan.Hopeless is null ? ExitCodes.Success : ExitCodes.Differs;
    }

    private void WriteScenarios(PlanScenario scenario, PlanResult plan, string file)
    {
        var pool = plan.Pool.Select(node => node.Pages).ToArray();
        ReportFile.Write(file, scenario.Text(new PlanMachine(pool, 0)));
        CliErrors.Write(console, $"{file}: enough on a real kernel too? sudo hugesim kernel {file}");
        var largest = Array.IndexOf(pool, pool.Max());
        if (pool[largest] > 0)
        {
            pool[largest]--;
            var less = Path.ChangeExtension(file, null) + ".less" + Path.GetExtension(file);
            ReportFile.Write(less, scenario.Text(new PlanMachine(pool, 0)));
            CliErrors.Write(console, $"{less}: one page less");
        }
    }
}
