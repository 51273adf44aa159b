using System.CommandLine;
using Hugesim.History;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim run FILE...</c>: executes scenarios and shows what each step does.</summary>
internal sealed class RunCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim run Client/Examples/5-3-2.txt
          hugesim run --profile 6.1 --nodes 2 numa.txt
          echo 'pool 4' | hugesim run --format recording -
          hugesim run --otlp-endpoint http://localhost:4317 Client/Examples/5-3-2.txt
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var options = new CliOptions(services);
        var scenarios = CliOptions.Scenarios("Scenarios, each run on a fresh machine; - is standard input.");
        options.Scheduler.Description += " Files with parallel blocks need the deterministic one and get it.";
        options.Profile.Description += $" The default is {services.Profiles[^1]}.";
        options.Nodes.Description += " The default is 1.";
        var view = new ViewOptions();
        var command = new Command("run", "Run scenarios and show what each step answers and which counters it changes.")
        {
            scenarios, options.Profile, options.Repair, options.Bug, options.Nodes, view.Format, view.Json, options.Scheduler, options.Seed, options.Silos, options.Cluster,
        };
        command.Validators.Add(view.RefuseContradiction);
        command.Validators.Add(options.RefuseContradiction);
        var flows = new FlowOptions(ratio: 1);
        flows.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var files = result.GetValue(scenarios)!;
            var machine = options.Machine(result);
            if (machine.Cluster is null && result.GetValue(options.Scheduler) is null && GrainHost.SupportsDeterministic && files.Any(InputFiles.HasParallelBlock))
            {
                machine = machine with { Scheduler = "deterministic" };
            }

            using var pipeline = flows.Start(result, machine.Cluster is not null);
            machine = machine with { Traces = pipeline is not null };
            var runner = new ScenarioFileRunner(console, token => CreateAsync(machine, token), machine, view.Chosen(result));
            return await runner.RunAsync(files, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    // Under a schedule the commands of several processes are under way at the same time: there each message of a client is a flow.
    private async ValueTask<IScenarioMachine> CreateAsync(MachineOptions options, CancellationToken cancellationToken)
    {
        var machine = await services.Machines.CreateAsync(options, cancellationToken).ConfigureAwait(false);
        return options.Traces && options.Scheduler == CliOptions.Schedulers[0] ? new TracedMachine(machine) : machine;
    }
}
