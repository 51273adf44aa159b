using System.CommandLine;
using System.Globalization;
using Hugesim.Clusters;
using Hugesim.History;
using Hugesim.Telemetry;
using Hugesim.WebConsole;
using Microsoft.AspNetCore.Builder;

namespace Hugesim.Cli;

/// <summary><c>hugesim console</c>: the web console on this machine.</summary>
internal sealed class ConsoleCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim console
          hugesim console --port 9000
          hugesim console --cluster local
          hugesim console Client/Examples/needs-commit-race.txt --replay 4:1
        """;

    private const int DefaultPort = 8480;
    private const int StoredSpans = 200_000;

    private readonly Option<long?> _port = CliOptions.Number(
        "--port", $"The port on 127.0.0.1; 0 for any that is free. The default is {DefaultPort}.", 0, 65535);

    private readonly Argument<string?> _file = new("FILE")
    {
        Description = "A scenario to show at once; - is standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        _file.Validators.Add(CliOptions.RefuseUnknownOptions);
        var command = new Command("console", "Serve a web page on this machine: run scenarios step by step, see every grain, reservation and message.")
        {
            _file, _port,
        };
        var options = new ScheduleOptions(services);
        options.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_file) is null or { Tokens.Count: 0 } && options.FirstGiven(result) is { } option)
            {
                result.AddError($"{option.Name} is for a scenario that is shown at once: name its file.");
            }
        });
        command.SetAction(async (result, cancellationToken) =>
            await options.ForwardAsync(console, result, [_file], cancellationToken).ConfigureAwait(false)
            ?? await RunAsync((int)(result.GetValue(_port) ?? DefaultPort), result.GetValue(_file), options.Of(result), cancellationToken).ConfigureAwait(false));
        return command;
    }

    private async Task<int> RunAsync(int port, string? file, HistoryRequest request, CancellationToken cancellationToken)
    {
        RecordedRun? run = null;
        if (file is not null)
        {
            run = await ScenarioHistory.RunAsync(console, services, file, request, inspects: true, cancellationToken).ConfigureAwait(false);
            var exitCode = run is null ? ExitCodes.BadInput : ScenarioHistory.ExitCode(console, file, run);
            if (exitCode is ExitCodes.BadInput or ExitCodes.Interrupted)
            {
                return exitCode;
            }
        }

        var shown = request.Machine.Cluster is { } cluster ? services with { Machines = new MachinesOnCluster(services.Machines, cluster) } : services;
        var server = new ConsoleServer(shown, new SpanStore(StoredSpans), request.Machine.Cluster ?? services.Cluster);
        WebApplication application;
        try
        {
            application = await server.StartAsync(port, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            CliErrors.Write(console, string.Create(CultureInfo.InvariantCulture, $"hugesim console: port {port} is in use"));
            CliErrors.Write(console, "  hint: give another one with --port, or --port 0 for any that is free");
            return ExitCodes.BadInput;
        }

        await using (application.ConfigureAwait(false))
        {
            var anchor = run is null ? "" : "#run=" + server.Show(run);
            console.Output.Write($"The console is at {application.Urls.First()}/{anchor} ; Ctrl-C ends it.\n");
            console.Output.Flush();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)
                .ConfigureAwait(false);
            await application.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return ExitCodes.Success;
    }
}
