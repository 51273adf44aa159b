using System.CommandLine;
using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim kernel FILE...</c>: executes scenarios on the kernel of this machine.</summary>
internal sealed class KernelCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          sudo hugesim kernel Client/Examples/5-3-2.txt
          sudo hugesim kernel --format recording my.txt > my.out
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var files = CliOptions.Scenarios("Scenarios, each run from an empty pool; - is standard input.");
        var view = new ViewOptions();
        var force = CliOptions.Force();
        var command = new Command(
            "kernel", "Run scenarios on this machine's own kernel, as root, and show what each step answers. The pool is put back as found.")
        {
            files, view.Format, view.Json, force,
        };
        command.Validators.Add(view.RefuseContradiction);
        CliOptions.RefuseCluster(command, "it runs scenarios on this machine's own kernel; 'hugesim diff --cluster' compares that with a machine on a cluster");
        command.SetAction((result, cancellationToken) =>
        {
            var run = Begin(services.Kernel, result.GetValue(force), console);
            var machine = new MachineOptions(services.Kernel.Release, services.Kernel.Nodes, CliOptions.Schedulers[0], 0, 1);
            var runner = new ScenarioFileRunner(console, token => services.Kernel.StartAsync(run, token), machine, view.Chosen(result));
            return runner.RunAsync(result.GetValue(files)!, cancellationToken);
        });
        return command;
    }

    /// <summary>Makes sure that scenarios can run on the kernel, and says how.</summary>
    /// <exception cref="KernelRefusedException">They cannot.</exception>
    public static KernelRunOptions Begin(IKernelHost kernel, bool force, CliConsole console) => kernel.Check(force) is { } refusal
        ? throw new KernelRefusedException(refusal)
        : KernelRunOptions.Default with
        {
            Force = force,
            OnRepair = text => CliErrors.Write(console, $"hugesim: the kernel has leaked reservations, repaired: {text}"),
        };
}
