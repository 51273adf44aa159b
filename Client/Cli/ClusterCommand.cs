using System.CommandLine;
using Hugesim.Clusters;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary><c>hugesim cluster</c>: local clusters, and the database of clusters elsewhere.</summary>
internal sealed class ClusterCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim cluster up --silos 3 --detach
          hugesim run --cluster local Client/Examples/5-3-2.txt
          hugesim cluster crash silo-2
          hugesim cluster down
        """;

    private static readonly TimeSpan DownTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build() => new("cluster", "Start, look at and end clusters of silos on this machine.")
    {
        new ClusterUpCommand(services, console).Build(),
        BuildStatus(),
        BuildDown(),
        BuildChange("stop", "Stop one silo in order: what its grains hold is handed on where the cluster can do that."),
        BuildChange("crash", "End one silo at once, as if its machine had lost power."),
        BuildChange("start", "Start a silo again that has ended."),
        new ClusterMachinesCommand(console).Build(),
        BuildSchema(),
    };

    /// <summary>The argument or option that names a local cluster.</summary>
    public static string NameOrDefault(string? name) => name ?? ClusterNames.Default;

    private Command BuildStatus()
    {
        var name = new Argument<string?>("NAME") { Description = "The cluster; the default is all of them.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Write JSON, one object a cluster." };
        var command = new Command("status", "Show the local clusters, their silos, ports and log files, and their machines.") { name, json };
        command.SetAction((result, cancellationToken) => StatusAsync(result.GetValue(name), result.GetValue(json), cancellationToken));
        return command;
    }

    private async Task<int> StatusAsync(string? name, bool json, CancellationToken cancellationToken)
    {
        if (name is not null)
        {
            // Says which clusters there are, if it is none of them.
            ClusterConnector.Find(name).Client.Dispose();
        }

        var found = 0;
        foreach (var folder in name is null ? ClusterFolder.All() : [ClusterFolder.Of(name)])
        {
            if (folder.Read() is not { } record)
            {
                continue;
            }

            found++;
            using var client = new ControlClient(record);
            if (await client.TryStatusAsync(cancellationToken).ConfigureAwait(false) is { } status)
            {
                ClusterReport.Write(console, status, json);
                if (!json)
                {
                    await ClusterMachinesCommand.WriteMachinesAsync(console, status, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            folder.Remove();
            ClusterReport.WriteStale(console, record, json);
        }

        if (found == 0 && !json)
        {
            console.Output.Write("no clusters; start one with 'hugesim cluster up'\n");
        }

        return ExitCodes.Success;
    }

    private Command BuildDown()
    {
        var name = new Argument<string?>("NAME") { Description = $"The cluster; the default is {ClusterNames.Default}.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("down", "End a local cluster: all its silos, and the process that runs it.") { name };
        command.SetAction((result, cancellationToken) => DownAsync(NameOrDefault(result.GetValue(name)), cancellationToken));
        return command;
    }

    private async Task<int> DownAsync(string name, CancellationToken cancellationToken)
    {
        var (folder, client) = ClusterConnector.Find(name);
        using (client)
        {
            if (await client.TryStatusAsync(cancellationToken).ConfigureAwait(false) is null)
            {
                folder.Remove();
                console.Output.Write($"cluster {name} had ended already\n");
                return ExitCodes.Success;
            }

            await client.DownAsync(cancellationToken).ConfigureAwait(false);
            var deadline = DateTime.UtcNow + DownTimeout;
            while (folder.Read() is not null)
            {
                if (DateTime.UtcNow > deadline)
                {
                    throw new ClusterException(
                        $"cluster {name} has not ended within {DownTimeout.TotalMinutes} minutes", "look at it with 'hugesim cluster status'");
                }

                await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
            }
        }

        console.Output.Write($"cluster {name} has ended\n");
        return ExitCodes.Success;
    }

    private Command BuildChange(string action, string description)
    {
        var silo = new Argument<string>("SILO") { Description = $"The silo, such as {LocalSilosOptions.NameOf(0)}." };
        var cluster = new Option<string?>("--cluster") { Description = $"The cluster; the default is {ClusterNames.Default}.", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Write the cluster's new status as JSON." };
        var command = new Command(action, description) { silo, cluster, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = ClusterConnector.Find(NameOrDefault(result.GetValue(cluster))).Client;
            var status = await client.ChangeSiloAsync(result.GetValue(silo)!, action, cancellationToken).ConfigureAwait(false);
            ClusterReport.Write(console, status, result.GetValue(json));
            return ExitCodes.Success;
        });
        return command;
    }

    private Command BuildSchema()
    {
        var connection = new Option<string?>(SiloSetting.Connection.Flag)
        {
            Description = $"How to connect; the default is {SiloSetting.Connection.Variable} in the environment, or appsettings.json.",
            HelpName = SiloSetting.Connection.ValueName,
        };
        var print = new Option<bool>("--print") { Description = "Print the script, for psql, and do nothing." };
        var command = new Command("schema", "Set up the tables in PostgreSQL that silos with postgres clustering need. What is stored there stays.")
        {
            connection, print,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(print))
            {
                console.Output.Write(PostgresSchema.Script());
                return ExitCodes.Success;
            }

            var settings = SiloSettings.Read(null, ClusterUpCommand.ForPostgres(result.GetValue(connection)));
            await PostgresSchema.SetUpAsync(settings.Connection, cancellationToken).ConfigureAwait(false);
            console.Output.Write($"the schema is set up in {PostgresSchema.Describe(settings.Connection)}\n");
            return ExitCodes.Success;
        });
        return command;
    }
}
