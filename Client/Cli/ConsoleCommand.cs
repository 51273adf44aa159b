using System.CommandLine;
using System.Globalization;
using Hugesim.Telemetry;
using Hugesim.WebConsole;

namespace Hugesim.Cli;

/// <summary><c>hugesim console</c>: the web console on this machine.</summary>
internal sealed class ConsoleCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim console
          hugesim console --port 9000
        """;

    private const int DefaultPort = 8480;
    private const int StoredSpans = 200_000;

    private readonly Option<long?> _port = CliOptions.Number(
        "--port", $"The port on 127.0.0.1; 0 for any that is free. The default is {DefaultPort}.", 0, 65535);

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var command = new Command("console", "Serve a web page on this machine: run scenarios step by step, see every grain, reservation and message.") { _port };
        command.SetAction((result, cancellationToken) => RunAsync((int)(result.GetValue(_port) ?? DefaultPort), cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(int port, CancellationToken cancellationToken)
    {
        Microsoft.AspNetCore.Builder.WebApplication server;
        try
        {
            server = await new ConsoleServer(services, new SpanStore(StoredSpans)).StartAsync(port, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture, $"hugesim console: port {port} is in use"));
            CliErrors.Write(console, "  hint: give another one with --port, or --port 0 for any that is free");
            return ExitCodes.BadInput;
        }

        await using (server.ConfigureAwait(false))
        {
            console.Output.Write($"The console is at {server.Urls.First()}/ ; Ctrl-C ends it.\n");
            console.Output.Flush();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)
                .ConfigureAwait(false);
            await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return ExitCodes.Success;
    }
}
