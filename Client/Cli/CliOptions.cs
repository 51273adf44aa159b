using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hugesim.Model;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>The options that several commands share.</summary>
internal sealed class CliOptions
{
    /// <summary>The most silos in one process.</summary>
    private const int MaximumSilos = 64;

    /// <summary>The names of the schedulers; the first is the default.</summary>
    public static readonly string[] Schedulers = ["parallel", "deterministic"];

    private readonly CliServices _services;

    public CliOptions(CliServices services)
    {
        _services = services;
        var repair = services.RepairedProfiles.Count > 0 ? $" With {KernelProfile.RepairMark} after it, its accounting bugs are repaired." : "";
        Profile = Choice(
            "--profile", $"The kernel to simulate: {string.Join(", ", services.Profiles)}.{repair}", services.Profiles, services.RepairedProfiles);
        Scheduler = Choice(
            "--scheduler",
            "How messages are delivered: parallel on all cores, or deterministic in an order that the seed decides. The default is parallel.",
            Schedulers);
        Seed = Number("--seed", "The seed of the deterministic scheduler. The default is 0.", long.MinValue, long.MaxValue);
        Silos = Number(
            "--silos", $"The number of silos that share the machine's grains, 1 to {MaximumSilos}. The default is 1.", 1, MaximumSilos);
        Repair = new Option<bool>("--repair")
        {
            Description = $"Simulate the kernel without its accounting bugs; the same as {KernelProfile.RepairMark} after its name.",
        };
        Bug = new Option<string[]>("--bug")
        {
            Description = "A bug of kernel history that the kernel has besides its own; may be given several times. hugesim museum --list shows them all.",
            HelpName = "NAME",
            CustomParser = ParseBugs,
            AllowMultipleArgumentsPerToken = false,
        };
        Bug.CompletionSources.Add(_ => KernelBugs.All.Select(bug => new System.CommandLine.Completions.CompletionItem(KernelBugs.NameOf(bug))));
        Nodes = Number("--nodes", $"The number of NUMA nodes, 1 to {ScenarioLimits.Nodes}.", 1, ScenarioLimits.Nodes);
    }

    /// <summary>The cluster that machines live on.</summary>
    public Option<string?> Cluster { get; } = new("--cluster")
    {
        Description = "Use the silos of a cluster: the name of a local one (see 'hugesim cluster'), a gateway's HOST:PORT, or postgres.",
        HelpName = "NAME",
    };

    public Option<string?> Profile { get; }

    /// <summary>Whether to simulate the kernel without its accounting bugs.</summary>
    public Option<bool> Repair { get; }

    /// <summary>The bugs that the kernel shall have besides its own.</summary>
    public Option<string[]> Bug { get; }

    public Option<long?> Nodes { get; }

    public Option<string?> Scheduler { get; }

    public Option<long?> Seed { get; }

    public Option<long?> Silos { get; }

    /// <summary>The kernel that the options ask for, with the bugs that it shall have besides its own.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="otherwise">The kernel if none is named.</param>
    public string ProfileOf(ParseResult result, string otherwise)
    {
        var profile = result.GetValue(Profile) ?? otherwise;
        var kernel = result.GetValue(Repair) ? _services.Repaired(profile) ?? profile : profile;
        return kernel + string.Concat((result.GetValue(Bug) ?? []).Select(bug => KernelBugs.BugMark + bug));
    }

    /// <summary>The machine that the options ask for.</summary>
    public MachineOptions Machine(ParseResult result) => new(
        ProfileOf(result, _services.Profiles[^1]),
        (int)(result.GetValue(Nodes) ?? 1),
        result.GetValue(Scheduler) ?? Schedulers[0],
        result.GetValue(Seed) ?? 0,
        (int)(result.GetValue(Silos) ?? 1))
    {
        Cluster = result.GetValue(Cluster),
    };

    /// <summary>Refuses options of silos in this process beside a cluster.</summary>
    public void RefuseContradiction(CommandResult result)
    {
        if (result.GetResult(Cluster) is null)
        {
            return;
        }

        foreach (var option in new Option[] { Scheduler, Seed, Silos }.Where(option => result.GetResult(option) is not null))
        {
            result.AddError($"{option.Name} belongs to silos in this process, and --cluster names silos elsewhere: give one of them.");
        }
    }

    /// <summary>Lets a command that cannot use a cluster say why, where the option alone would only be unknown.</summary>
    /// <param name="command">The command.</param>
    /// <param name="why">The reason, and what to do.</param>
    public static void RefuseCluster(Command command, string why)
    {
        var cluster = new Option<string?>("--cluster") { Hidden = true };
        command.Add(cluster);
        command.Validators.Add(result =>
        {
            if (result.GetResult(cluster) is not null)
            {
                result.AddError($"{command.Name} does not take --cluster: {why}.");
            }
        });
    }

    /// <summary>The argument that names scenarios.</summary>
    public static Argument<string[]> Scenarios(string description)
    {
        var files = new Argument<string[]>("FILE") { Description = description, Arity = ArgumentArity.OneOrMore };
        files.Validators.Add(RefuseUnknownOptions);
        return files;
    }

    /// <summary>The argument that names one scenario.</summary>
    public static Argument<string> Scenario()
    {
        var file = new Argument<string>("FILE") { Description = "A scenario; - is standard input." };
        file.Validators.Add(RefuseUnknownOptions);
        return file;
    }

    /// <summary>The option to use a pool that others use.</summary>
    public static Option<bool> Force() => new("--force")
    {
        Description = "Resize the pool of huge pages even if it is in use; it is put back as found.",
    };

    /// <summary>Refuses file names that look like options.</summary>
    public static void RefuseUnknownOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens.Where(token => token.Value.Length > 1 && token.Value[0] == '-'))
        {
            result.AddError($"unknown option '{token.Value}' (a file of this name is written ./{token.Value}).");
        }
    }

    /// <summary>An option whose value is one of several words.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it means.</param>
    /// <param name="choices">The words.</param>
    /// <param name="others">More words, which the message about an unknown one does not list.</param>
    public static Option<string?> Choice(string name, string description, IReadOnlyList<string> choices, IReadOnlyList<string>? others = null)
    {
        var option = new Option<string?>(name)
        {
            Description = description,
            HelpName = "NAME",
            CustomParser = result => ParseChoice(result, name, choices, others ?? []),
        };
        option.CompletionSources.Add(_ => choices.Concat(others ?? []).Select(choice => new System.CommandLine.Completions.CompletionItem(choice)));
        return option;
    }

    /// <summary>An option whose value is a whole number.</summary>
    public static Option<long?> Number(string name, string description, long minimum, long maximum) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => ParseNumber(result, name, minimum, maximum),
    };

    private static string? ParseChoice(ArgumentResult result, string name, IReadOnlyList<string> choices, IReadOnlyList<string> others)
    {
        return ParseOne(result, result.Tokens[0].Value, name, choices, others);
    }

    private static string? ParseOne(
        ArgumentResult result, string value, string name, IReadOnlyList<string> choices, IReadOnlyList<string> others)
    {
        if (choices.Contains(value, StringComparer.Ordinal) || others.Contains(value, StringComparer.Ordinal))
        {
            return value;
        }

        var similar = Suggestion.For(value, [.. choices, .. others]);
        var guess = similar is null ? "" : $" Did you mean '{similar}'?";
        result.AddError($"{name}: unknown value '{value}'.{guess} Known: {string.Join(", ", choices)}.");
        return null;
    }

    private static string[] ParseBugs(ArgumentResult result)
    {
        string[] known = [.. KernelBugs.All.Select(KernelBugs.NameOf)];
        return [.. result.Tokens.Select(token => ParseOne(result, token.Value, "--bug", known, [])).OfType<string>()];
    }

    private static long? ParseNumber(ArgumentResult result, string name, long minimum, long maximum)
    {
        var value = result.Tokens[0].Value;
        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }

        result.AddError(minimum == long.MinValue
            ? $"{name}: '{value}' is not a whole number."
            : $"{name}: '{value}' is not a whole number from {minimum} to {maximum}.");
        return null;
    }
}
