using System.CommandLine;
using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Clusters;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim cluster machines</c>: the emulated machines of a cluster, and the end of one.</summary>
internal sealed class ClusterMachinesCommand(CliConsole console)
{
    private const int MostShown = 20;

    private readonly Argument<string?> _cluster = new("CLUSTER")
    {
        Description = $"A local cluster's name, a gateway's HOST:PORT, or postgres; the default is {ClusterNames.Default}.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _end = new("--end") { Description = "Switch this machine off, whoever has it.", HelpName = "MACHINE" };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object a machine." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var command = new Command(
            "machines",
            "Show the emulated machines of a cluster and the clients that have them. A machine ends with its client, or some minutes after a client that was killed.")
        {
            _cluster, _end, _json,
        };
        command.SetAction((result, cancellationToken) => RunAsync(
            ClusterCommand.NameOrDefault(result.GetValue(_cluster)), result.GetValue(_end), result.GetValue(_json), cancellationToken));
        return command;
    }

    /// <summary>Adds the machines to the status of a cluster that can be asked.</summary>
    public static async Task WriteMachinesAsync(CliConsole console, ClusterStatus status, CancellationToken cancellationToken)
    {
        if (!status.IsReady || status.Silos.All(silo => silo.State != LocalSiloState.Ready))
        {
            return;
        }

        var machines = await ClusterConnector.ConnectAsync(status.Name, traces: false, cancellationToken).ConfigureAwait(false);
        await using (machines.ConfigureAwait(false))
        {
            Write(console, await machines.ListAsync(cancellationToken).ConfigureAwait(false), MostShown);
        }
    }

    private async Task<int> RunAsync(string cluster, string? end, bool json, CancellationToken cancellationToken)
    {
        var machines = await ClusterConnector.ConnectAsync(cluster, traces: false, cancellationToken).ConfigureAwait(false);
        await using (machines.ConfigureAwait(false))
        {
            var all = await machines.ListAsync(cancellationToken).ConfigureAwait(false);
            if (end is null)
            {
                if (json)
                {
                    WriteJson(all);
                }
                else
                {
                    Write(console, all, int.MaxValue);
                }

                return ExitCodes.Success;
            }

            var machine = all.FirstOrDefault(owned => owned.Machine.Name == end)?.Machine
                ?? throw ClusterException.Input($"cluster {cluster} has no machine '{end}'", "'hugesim cluster machines' shows those that it has");
            await machines.EndAsync(machine, cancellationToken).ConfigureAwait(false);
            console.Output.Write($"machine {end} is switched off\n");
            return ExitCodes.Success;
        }
    }

    private static void Write(CliConsole console, IReadOnlyList<OwnedMachine> machines, int most)
    {
        var output = new StyledOutput(console);
        output.Line(machines.Count == 0 ? "  no machines" : string.Create(CultureInfo.InvariantCulture, $"  {machines.Count} {(machines.Count == 1 ? "machine" : "machines")}:"));
        foreach (var (machine, owner, since) in machines.Take(most))
        {
            output.Write($"  {machine.Name,-18} ").Line(string.Create(
                CultureInfo.InvariantCulture, $"kernel {machine.Profile}, {machine.Nodes} {(machine.Nodes == 1 ? "node" : "nodes")}; {owner}, since {since:yyyy-MM-dd HH:mm:ss}Z"));
        }

        if (machines.Count > most)
        {
            output.Line(string.Create(CultureInfo.InvariantCulture, $"  and {machines.Count - most} more: hugesim cluster machines"), Tone.Faint);
        }

        output.Flush();
    }

    private void WriteJson(IReadOnlyList<OwnedMachine> machines)
    {
        var lines = new JsonLines(console.Output);
        foreach (var (machine, owner, since) in machines)
        {
            lines.Write(json =>
            {
                json.WriteString("kind", "machine");
                json.WriteString("name", machine.Name);
                json.WriteString("profile", machine.Profile);
                json.WriteNumber("nodes", machine.Nodes);
                json.WriteString("owner", owner);
                json.WriteString("since", since);
            });
        }
    }
}
