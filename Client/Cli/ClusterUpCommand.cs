using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Hugesim.Clusters;
using Hugesim.Silo;
using Hugesim.WebConsole;

namespace Hugesim.Cli;

/// <summary><c>hugesim cluster up</c>: runs a local cluster, in the foreground or in a background process.</summary>
internal sealed class ClusterUpCommand(CliServices services, CliConsole console)
{
    private const int MaximumSilos = 16;
    private const string BackgroundFlag = "--background";

    private readonly Option<string?> _name = new("--name") { Description = $"The cluster's name; the default is {ClusterNames.Default}.", HelpName = "NAME" };

    private readonly Option<long?> _silos = CliOptions.Number("--silos", $"The number of silos, 1 to {MaximumSilos}. The default is 3.", 1, MaximumSilos);

    private readonly Option<string?> _clustering = CliOptions.Choice(
        "--clustering",
        "Where the silos find each other: file, or postgres, where grains also store their state. The default is file.",
        ["file", "postgres"]);

    private readonly Option<string?> _connection = new(SiloSetting.Connection.Flag)
    {
        Description = $"How to connect to PostgreSQL; the default is {SiloSetting.Connection.Variable} in the environment, or appsettings.json.",
        HelpName = SiloSetting.Connection.ValueName,
    };

    private readonly Option<bool> _detach = new("--detach") { Description = "Come back when the cluster is ready; 'hugesim cluster down' ends it." };

    private readonly Option<bool> _http = new("--console")
    {
        Description = "Each silo serves a console of the cluster's machines, its flows (Jaeger's query API) and its metrics (for Prometheus) on a port of 127.0.0.1.",
    };

    private readonly FlowOptions _flows = new(ratio: 0.1);

    // What --detach starts: says on standard output that the cluster is ready, and goes on.
    private readonly Option<bool> _background = new(BackgroundFlag) { Hidden = true };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var command = new Command(
            "up",
            $"Start a local cluster ({LocalSilos.Description}) and run it until Ctrl-C, SIGTERM or 'hugesim cluster down'. All its silos end with it.")
        {
            _name, _silos, _clustering, _connection, _http, _detach, _background,
        };
        _flows.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            var folder = ClusterFolder.Of(ClusterCommand.NameOrDefault(result.GetValue(_name)));
            return result.GetValue(_detach)
                ? DetachAsync(result, folder, cancellationToken)
                : RunAsync(folder, Options(result, folder), result.GetValue(_background), cancellationToken);
        });
        return command;
    }

    /// <summary>The settings that make one need a connection string.</summary>
    public static Dictionary<string, string> ForPostgres(string? connection)
    {
        var flags = new Dictionary<string, string> { [SiloSetting.Clustering.Key] = nameof(ClusteringKind.Postgres) };
        if (connection is not null)
        {
            flags[SiloSetting.Connection.Key] = connection;
        }

        return flags;
    }

    private LocalSilosOptions Options(ParseResult result, ClusterFolder folder)
    {
        var silos = (int)(result.GetValue(_silos) ?? 3);
        // An id of its own: what an earlier cluster of this name left in a database is not taken for a silo of this one.
        var clusterId = $"{folder.Name}-{Guid.NewGuid():N}"[..(folder.Name.Length + 9)];
        var (clustering, connection) = result.GetValue(_clustering) == "postgres"
            ? (ClusteringKind.Postgres, SiloSettings.Read(null, ForPostgres(result.GetValue(_connection))).Connection)
            : (ClusteringKind.File, "");
        return new LocalSilosOptions(silos, folder.Path, clusterId, SiloSetting.ServiceId.Default, clustering, connection)
        {
            Flows = _flows.Read(result),
            HasConsole = result.GetValue(_http),
            Pages = LiveConsole.Map,
        };
    }

    private async Task<int> RunAsync(ClusterFolder folder, LocalSilosOptions options, bool inBackground, CancellationToken cancellationToken)
    {
        var output = new StyledOutput(console);
        if (inBackground && !OperatingSystem.IsWindows())
        {
            // A session of its own: Ctrl-C and the end of the terminal that it was started from do not reach it.
            _ = NewSession();
        }

        if (!inBackground)
        {
            output.Line($"cluster {folder.Name}: {LocalSilos.Description}");
            output.Flush();
        }

        var cluster = await LocalCluster.StartAsync(folder, options, services, silo => OnChange(output, silo, inBackground), cancellationToken).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            if (inBackground)
            {
                // Whoever has started this process reads so far. From here on nobody does.
                ClusterReport.Write(console, cluster.Status, json: true);
            }
            else
            {
                ClusterReport.Write(console, cluster.Status, json: false);
                output.Line($"ready; Ctrl-C or 'hugesim cluster down{(folder.Name == ClusterNames.Default ? "" : " " + folder.Name)}' ends it", Tone.Good);
                output.Flush();
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cluster.IsDown);
            await Task.Delay(Timeout.Infinite, either.Token).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            if (!inBackground)
            {
                output.Line("ending");
                output.Flush();
            }
        }

        return ExitCodes.Success;
    }

    private static void OnChange(StyledOutput output, LocalSilo silo, bool inBackground)
    {
        if (inBackground)
        {
            return;
        }

        lock (output)
        {
            output.Write($"  {silo.Name} ").Write(silo.State.ToString().ToLowerInvariant(), ClusterReport.ToneOf(silo.State));
            output.Line(silo.Detail is null ? "" : $": {silo.Detail}, log {silo.Log}");
            output.Flush();
        }
    }

    [DllImport("libc", EntryPoint = "setsid")]
    private static extern int NewSession();

    private async Task<int> DetachAsync(ParseResult result, ClusterFolder folder, CancellationToken cancellationToken)
    {
        var options = Options(result, folder);
        var start = HugesimProcess.StartInfo(
            ["cluster", "up", BackgroundFlag, "--name", folder.Name, "--silos", options.Silos.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--clustering", options.Clustering.ToString().ToLowerInvariant(), .. options.HasConsole ? [_http.Name] : Array.Empty<string>(),
            .. options.Flows.ToSettings().SelectMany(setting => new[] { setting.Setting.Flag, setting.Value })]);
        start.Environment[SiloSetting.Connection.Variable] = options.Connection;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var background = Process.Start(start)!;
        background.StandardInput.Close();
        var errors = background.StandardError.ReadToEndAsync(CancellationToken.None);
        string? status;
        try
        {
            status = await background.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            background.Kill();
            throw;
        }

        if (status is null)
        {
            await background.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            console.Error.Write(await errors.ConfigureAwait(false));
            console.Error.Flush();
            return background.ExitCode;
        }

        ClusterReport.Write(console, System.Text.Json.JsonSerializer.Deserialize(status, ControlJson.Default.ClusterStatus)!, json: false);
        return ExitCodes.Success;
    }
}
