using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Hugesim.Kernel;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>The command line of hugesim.</summary>
public static class HugesimCli
{
    private const string Name = "hugesim";

    /// <summary>Executes a command line and returns the exit code. Every error has been reported by then.</summary>
    /// <param name="arguments">The arguments without the program's name.</param>
    /// <param name="services">What the rest of the program provides.</param>
    /// <param name="console">Where to read from and write to.</param>
    /// <param name="cancellationToken">Ends the command between two steps.</param>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, CliServices services, CliConsole console, CancellationToken cancellationToken)
    {
        try
        {
            var exitCode = await InvokeAsync(arguments, services, console, cancellationToken).ConfigureAwait(false);
            console.Output.Flush();
            return exitCode;
        }
        catch (OutputClosedException)
        {
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (KernelRefusedException exception)
        {
            CliErrors.Write(console, $"{Name}: {exception.Message}");
            CliErrors.Write(console, "  hint: " + exception.Refusal.Hint);
            return ExitCodes.BadInput;
        }
        catch (ClusterException exception)
        {
            CliErrors.Write(console, $"{Name}: {exception.Message}");
            CliErrors.Write(console, "  hint: " + exception.Hint);
            return exception.IsInput ? ExitCodes.BadInput : ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is OutputFailedException or MachineFailureException)
        {
            CliErrors.Write(console, $"{Name}: {exception.Message}");
            return ExitCodes.Failure;
        }
        catch (Exception exception)
        {
            // The last line of defence: whatever comes here is a mistake in the program, and the user is told so.
            CliErrors.WriteFailure(console, Name, exception);
            return ExitCodes.Failure;
        }
    }

    private static async Task<int> InvokeAsync(
        IReadOnlyList<string> arguments, CliServices services, CliConsole console, CancellationToken cancellationToken)
    {
        var root = Build(services, console);
        var result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0 && result.Action is not (HelpWithExample or VersionAction))
        {
            WriteUsageErrors(arguments, root, result, console);
            return ExitCodes.BadInput;
        }

        return await result.InvokeAsync(
            new InvocationConfiguration
            {
                Output = console.Output,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            },
            cancellationToken).ConfigureAwait(false);
    }

    // The commands in the order of the help text, each with its examples.
    private static (Command Command, string Examples)[] Commands(CliServices services, CliConsole console) =>
    [
        (new RunCommand(services, console).Build(), RunCommand.Example),
        (new CheckCommand(services, console).Build(), CheckCommand.Example),
        (new AuditCommand(services, console).Build(), AuditCommand.Example),
        (new ExploreCommand(services, console).Build(), ExploreCommand.Example),
        (new MuseumCommand(services, console).Build(), MuseumCommand.Example),
        (new TraceCommand(services, console).Build(), TraceCommand.Example),
        (new ExplainCommand(services, console).Build(), ExplainCommand.Example),
        (new PlanCommand(services, console).Build(), PlanCommand.Example),
        (new LoadCommand(services, console).Build(), LoadCommand.Example),
        (new BenchCommand(services, console).Build(), BenchCommand.Example),
        (new ConsoleCommand(services, console).Build(), ConsoleCommand.Example),
        (new KernelCommand(services, console).Build(), KernelCommand.Example),
        (new DiffCommand(services, console).Build(), DiffCommand.Example),
        (new FuzzCommand(services, console).Build(), FuzzCommand.Example),
        (new ClusterCommand(services, console).Build(), ClusterCommand.Example),
        (new SiloCommand(console).Build(), SiloCommand.Example),
    ];

    private static RootCommand Build(CliServices services, CliConsole console)
    {
        var root = new RootCommand("Simulates how Linux reserves, hands out and frees huge pages, to the letter of real kernels.");
        var commands = Commands(services, console);
        var examples = commands.ToDictionary(entry => entry.Command, entry => entry.Examples);
        examples.Add(root, string.Join('\n', commands.Select(entry => entry.Examples)));
        foreach (var (command, _) in commands)
        {
            root.Add(command);
        }

        foreach (var option in root.Options)
        {
            if (option is VersionOption)
            {
                option.Action = new VersionAction();
            }
            else if (option is HelpOption { Action: HelpAction help })
            {
                option.Action = new HelpWithExample(help, examples);
            }
        }

        return root;
    }

    private static void WriteUsageErrors(IReadOnlyList<string> arguments, RootCommand root, ParseResult result, CliConsole console)
    {
        var command = result.CommandResult.Command;
        if (command is RootCommand && (arguments.Count == 0 || arguments[0][..Math.Min(1, arguments[0].Length)] != "-"))
        {
            var known = root.Subcommands.Select(subcommand => subcommand.Name).ToArray();
            var similar = arguments.Count == 0 ? null : Suggestion.For(arguments[0], known);
            CliErrors.Write(console, $"{Name}: " + (arguments.Count == 0 ? "no command is given" : $"unknown command '{arguments[0]}'"));
            CliErrors.Write(console, similar is null
                ? $"  hint: the commands are {string.Join(", ", known)}; see '{Name} --help'"
                : $"  hint: did you mean '{Name} {similar}'? Otherwise see '{Name} --help'");
            return;
        }

        foreach (var error in result.Errors.Select(error => error.Message).Distinct())
        {
            CliErrors.Write(console, $"{Name}: {error}");
        }

        CliErrors.Write(console, $"  hint: see '{Name}{PathOf(command)} --help'");
    }

    private static string PathOf(Command command) =>
        command is RootCommand ? "" : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var attribute = typeof(HugesimCli).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
            var version = attribute?.InformationalVersion ?? "0";
            parseResult.InvocationConfiguration.Output.Write(
                $"{Name} {version.Split('+')[0]}\nengine: {EngineChoice.Engine} ({EngineChoice.Reason})\n");
            return ExitCodes.Success;
        }
    }

    private sealed class HelpWithExample(HelpAction help, IReadOnlyDictionary<Command, string> examples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.Write($"Examples:\n{ExampleOf(parseResult.CommandResult.Command)}\n");
            output.Write("\nExit codes:\n  0 all is well, 1 a recording or the real kernel differs, a rule or an invariant is broken, a bug is not found, or a load or plan fails, "
                + "2 the input is wrong, 3 the program failed, 130 interrupted\n");
            return ExitCodes.Success;
        }

        // A command below another one is shown in the example of that one.
        private string ExampleOf(Command command) =>
            examples.TryGetValue(command, out var example) ? example : ExampleOf(command.Parents.OfType<Command>().First());
    }
}
