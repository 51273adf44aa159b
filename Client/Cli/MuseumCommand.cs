using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hugesim.Museum;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary><c>hugesim museum [NAME]</c>: real bugs of hugetlb accounting, switched on one after the other.</summary>
internal sealed class MuseumCommand(CliServices services, CliConsole console)
{
    /// <summary>The example in the help text.</summary>
    public const string Example = """
          hugesim museum
          hugesim museum steal-reserved-page
          hugesim run --bug steal-reserved-page museum:steal-reserved-page
        """;

    private readonly Argument<string?> _name = new("NAME")
    {
        HelpName = "NAME",
        Description = "One exhibit, by its name or number, as a story.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _list = new("--list") { Description = "List the exhibits and what is not shown, without running anything." };

    private readonly Option<bool> _markdown = new("--markdown") { Description = $"Write the page {MuseumPage.File}, without running anything." };

    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, one object an exhibit and a summary." };

    /// <summary>Describes the command to the command line parser.</summary>
    public Command Build()
    {
        var command = new Command("museum", "Show that real bugs of hugetlb accounting are found when they are switched on, and nothing is when they are not.")
        {
            _name, _list, _markdown, _json,
        };
        CliOptions.RefuseCluster(command, "its races need schedules; 'hugesim run museum:NAME --bug NAME --cluster' plays one exhibit there");
        _name.CompletionSources.Add(_ => Exhibits.All.Select(exhibit => new System.CommandLine.Completions.CompletionItem(exhibit.Name)));
        _name.Validators.Add(CheckName);
        command.Validators.Add(RefuseContradiction);
        command.SetAction((result, cancellationToken) =>
        {
            if (result.GetValue(_list))
            {
                List(result.GetValue(_json));
                return Task.FromResult(ExitCodes.Success);
            }

            if (result.GetValue(_markdown))
            {
                console.Output.Write(MuseumPage.Write());
                return Task.FromResult(ExitCodes.Success);
            }

            return result.GetValue(_name) is { } name
                ? StoryAsync(Exhibits.Find(name)!, result.GetValue(_json), cancellationToken)
                : RunAsync(result.GetValue(_json), cancellationToken);
        });
        return command;
    }

    private static void CheckName(ArgumentResult result)
    {
        if (result.Tokens.Count == 0 || Exhibits.Find(result.Tokens[0].Value) is not null)
        {
            return;
        }

        var name = result.Tokens[0].Value;
        var similar = Suggestion.For(name, [.. Exhibits.All.Select(exhibit => exhibit.Name)]);
        var guess = similar is null ? "" : $" Did you mean '{similar}'?";
        result.AddError($"NAME: there is no exhibit '{name}'.{guess} hugesim museum --list shows all.");
    }

    private void RefuseContradiction(CommandResult result)
    {
        if (result.GetValue(_markdown) && (result.GetValue(_json) || result.GetValue(_list) || result.GetValue(_name) is not null))
        {
            result.AddError("--markdown writes the page of the whole museum: give nothing else with it.");
        }
        else if (result.GetValue(_list) && result.GetValue(_name) is not null)
        {
            result.AddError("--list shows all exhibits: leave the name away.");
        }
    }

    private void List(bool json)
    {
        IMuseumReporter reporter = json ? new JsonMuseumReporter(console.Output) : new TextMuseumReporter(console);
        reporter.OnList(Exhibits.All, Exhibits.Missing);
        console.Output.Flush();
    }

    private async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        IMuseumReporter reporter = json ? new JsonMuseumReporter(console.Output) : new TextMuseumReporter(console);
        var progress = new ProgressLine(console);
        var runner = new MuseumRunner(services.Machines);
        var verdicts = new List<ExhibitVerdict>();
        try
        {
            foreach (var exhibit in Exhibits.All)
            {
                progress.Show(string.Create(CultureInfo.InvariantCulture, $"{verdicts.Count} of {Exhibits.All.Count} exhibits: {exhibit.Name}"));
                verdicts.Add(await runner.RunAsync(exhibit, cancellationToken).ConfigureAwait(false));
                progress.Clear();
                reporter.OnVerdict(verdicts[^1]);
                console.Output.Flush();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            progress.Clear();
            CliErrors.Write(console, $"interrupted after {verdicts.Count} of {Exhibits.All.Count} exhibits");
            return ExitCodes.Interrupted;
        }

        reporter.OnSummary(verdicts);
        console.Output.Flush();
        return verdicts.TrueForAll(verdict => (verdict.Found || verdict.Skipped) && verdict.CleanPassed) ? ExitCodes.Success : ExitCodes.Differs;
    }

    private async Task<int> StoryAsync(Exhibit exhibit, bool json, CancellationToken cancellationToken)
    {
        var runner = new MuseumRunner(services.Machines);
        var verdict = await runner.RunAsync(exhibit, cancellationToken).ConfigureAwait(false);
        if (json)
        {
            new JsonMuseumReporter(console.Output).OnVerdict(verdict);
            return verdict is { Found: true, CleanPassed: true } || verdict.Skipped ? ExitCodes.Success : ExitCodes.Differs;
        }

        var story = new MuseumStory(new StyledOutput(console));
        story.Begin(exhibit);
        if (!exhibit.IsRace)
        {
            story.Tell(
                await runner.PlayAsync(exhibit, exhibit.Profile, cancellationToken).ConfigureAwait(false),
                await runner.PlayAsync(exhibit, exhibit.MutantProfile, cancellationToken).ConfigureAwait(false));
        }
        else if (!verdict.Skipped && MuseumRaces.Replay(verdict) is var (program, plan, outcome, schedule))
        {
            new TextExploreReporter(console).OnReplay(program, plan, outcome, schedule);
        }

        story.End(verdict);
        return verdict is { Found: true, CleanPassed: true } || verdict.Skipped ? ExitCodes.Success : ExitCodes.Differs;
    }
}
