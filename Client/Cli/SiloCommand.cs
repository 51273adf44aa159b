using System.CommandLine;
using System.Globalization;
using System.Text;
using Hugesim.Silo;
using Hugesim.WebConsole;

namespace Hugesim.Cli;

/// <summary><c>hugesim silo</c>: runs one silo in this process.</summary>
internal sealed class SiloCommand(CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim silo --silo-port 11111 --gateway-port 30000 --health-port 8080
          hugesim silo --http-port 8480 --otlp-endpoint http://localhost:4317 --trace-ratio 0.05
          HUGESIM_CONNECTION='Host=db;Username=hugesim;Password=...' hugesim silo --clustering postgres --advertised-address 10.0.0.5
        """;

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var flags = SiloSetting.All.ToDictionary(
            setting => setting.Key,
            setting => new Option<string?>(setting.Flag)
            {
                Description = setting.Description + (setting.Default.Length > 0 ? $" The default is {setting.Default}." : ""),
                HelpName = setting.ValueName,
            });
        var config = new Option<string?>("--config")
        {
            Description = "The file with settings; the default is appsettings.json in the current folder, if there is one.",
            HelpName = "FILE",
        };
        var log = new Option<string?>("--log") { Description = "Append the log to a file; the default is standard output.", HelpName = "FILE" };
        var untilEof = new Option<bool>("--until-eof")
        {
            Description = "Stop the silo when standard input ends, and so when a parent process that holds the other end is gone.",
        };
        var command = new Command(
            "silo",
            "Run one silo of a cluster. Each setting can also be given in the environment (--silo-port is HUGESIM_SILO_PORT) and in appsettings.json "
            + "(Hugesim:SiloPort); a flag goes before the environment, and that before the file. SIGTERM and Ctrl-C stop the silo in order.")
        {
            config, log, untilEof,
        };
        foreach (var flag in flags.Values)
        {
            command.Add(flag);
        }

        command.SetAction((result, cancellationToken) =>
        {
            var given = flags.Where(flag => result.GetValue(flag.Value) is not null).ToDictionary(flag => flag.Key, flag => result.GetValue(flag.Value)!);
            var settings = SiloSettings.Read(result.GetValue(config), given);
            return RunAsync(settings, result.GetValue(log), result.GetValue(untilEof), cancellationToken);
        });
        return command;
    }

    private async Task<int> RunAsync(SiloSettings settings, string? log, bool untilEof, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var file = log is null ? null : OpenLog(log);
        if (file is not null)
        {
            // The logger of the silo writes to the console.
            Console.SetOut(TextWriter.Synchronized(file));
        }

        if (untilEof)
        {
            _ = Task.Run(() => StopAtEndOfInput(stop), CancellationToken.None);
        }

        try
        {
            await SiloProcess.RunAsync(settings, LiveConsole.Map, () => Say(file, ReadyText(settings)), stop.Token).ConfigureAwait(false);
            Say(file, $"silo {settings.Name} has stopped");
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while it started.
            return ExitCodes.Success;
        }
        catch (Exception exception) when (file is not null)
        {
            file.WriteLine(exception is ClusterException known ? $"{known.Message}\n  hint: {known.Hint}" : exception.ToString());
            throw;
        }
    }

    private void Say(StreamWriter? file, string text)
    {
        if (file is not null)
        {
            file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {text}"));
        }
        else
        {
            console.Output.Write(text + "\n");
            console.Output.Flush();
        }
    }

    private static string ReadyText(SiloSettings settings) =>
        $"silo {settings.Name} of cluster {settings.ClusterId} is ready: silo port {settings.SiloPort}, gateway port {settings.GatewayPort}"
        + (settings.HealthPort > 0 ? $", http://{settings.AdvertisedAddress}:{settings.HealthPort}{HealthEndpoint.ReadyPath}" : "")
        + (settings.HttpPort > 0 ? $", console http://{settings.HttpAddress}:{settings.HttpPort}/" : "")
        + (settings.NumaNodes.Count > 0 ? $", NUMA nodes {string.Join(',', settings.NumaNodes)}" : "");

    private void StopAtEndOfInput(CancellationTokenSource stop)
    {
        var buffer = new byte[256];
        while (console.Input.Read(buffer) > 0)
        {
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The silo has stopped by then.
        }
    }

    private static StreamWriter OpenLog(string path)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            return new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true, NewLine = "\n" };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw ClusterException.Input($"{path}: {exception.Message}", "give another file with --log", exception);
        }
    }
}
