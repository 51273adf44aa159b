using System.Globalization;
using System.Text.Json;
using Hugesim.Explore;

namespace Hugesim.Cli;

/// <summary>Shows an exploration.</summary>
internal interface IExploreReporter
{
    /// <summary>It begins.</summary>
    void OnBegin(ScenarioProgram program, ExplorationPlan plan);

    /// <summary>So many schedules have been run.</summary>
    void OnProgress(long schedules, ExplorationPlan plan);

    /// <summary>It is over.</summary>
    void OnResult(ScenarioProgram program, ExplorationPlan plan, ExplorationResult result);

    /// <summary>What it found, shortened, and what happens in that schedule.</summary>
    void OnFinding(
        ScenarioProgram program, ExplorationPlan plan, ScheduleFinding finding, ScheduleOutcome outcome, ScheduleStory story, string? saved);

    /// <summary>One schedule was run again.</summary>
    void OnReplay(ScenarioProgram program, ExplorationPlan plan, ScheduleOutcome outcome, ScheduleStory story);
}

/// <summary>Shows an exploration to people.</summary>
internal sealed class TextExploreReporter(CliConsole console) : IExploreReporter
{
    private const int CommandWidth = 32;

    private readonly StyledOutput _output = new(console);
    private readonly ProgressLine _progress = new(console);

    public void OnBegin(ScenarioProgram program, ExplorationPlan plan)
    {
        Title(program, plan, plan.Strategy == StrategyKind.Exhaustive ? "all schedules" : Invariant($"{Word(plan.Strategy)} schedules from seed {plan.Seed}"));
        _output.Flush();
    }

    public void OnProgress(long schedules, ExplorationPlan plan)
    {
        var total = plan.Schedules == long.MaxValue ? "" : Invariant($" of {plan.Schedules}");
        _progress.Show(Invariant($"{schedules}{total} schedules"));
    }

    public void OnResult(ScenarioProgram program, ExplorationPlan plan, ExplorationResult result)
    {
        _progress.Clear();
        foreach (var (command, answers) in result.Answers)
        {
            _output.Write(Invariant($"{command.Source.Line,4}  "), Tone.Faint).Write(command.Source.Text.PadRight(CommandWidth)).Write("  ");
            var most = answers.OrderByDescending(a => a.Value).ThenBy(a => a.Key, StringComparer.Ordinal).ToArray();
            _output.Line(most.Length == 1 ? most[0].Key : string.Join("; ", most.Select(a => Invariant($"{a.Key} ({a.Value})"))));
        }

        if (result.RarePaths.Count > 0)
        {
            _output.Line($"rare paths taken: {string.Join(", ", result.RarePaths)}", Tone.Faint);
        }

        var what = result.IsComplete
            ? Invariant($"all {result.Schedules} schedules up to the order of what commutes")
            : Invariant($"{result.Schedules} schedules");
        _output.Write(Invariant($"{what}, {result.Deliveries} deliveries, {Count(result.Outcomes, "result")}: "));
        _output.Line(result.Finding is null ? "no rule broken" : "1 failed", result.Finding is null ? Tone.Good : Tone.Bad);
        if (result.Interrupted)
        {
            _output.Line("interrupted", Tone.Refused);
        }

        _output.Flush();
    }

    public void OnFinding(
        ScenarioProgram program, ExplorationPlan plan, ScheduleFinding finding, ScheduleOutcome outcome, ScheduleStory story, string? saved)
    {
        Failure(finding.Failure, Invariant($"schedule {finding.Schedule}: "));
        Replay(program.File, plan, finding.Trace);
        _output.Line();
        _output.Line(Invariant(
            $"Shortened to {Count(finding.Program.Lines.Count, "line")} and {Count(finding.ProgramTrace.Switches.Count, "context switch", "es")}:"));
        foreach (var line in finding.Program.Lines)
        {
            _output.Line("    " + line);
        }

        if (saved is not null)
        {
            _output.Line("  saved:");
            Replay(saved, plan, finding.ProgramTrace);
        }

        _output.Line();
        Story(outcome, story);
        _output.Flush();
    }

    public void OnReplay(ScenarioProgram program, ExplorationPlan plan, ScheduleOutcome outcome, ScheduleStory story)
    {
        Title(program, plan, $"schedule {outcome.Trace}");
        Story(outcome, story);
        _output.Flush();
    }

    private void Replay(string file, ExplorationPlan plan, ScheduleTrace trace)
    {
        foreach (var (name, line) in ReplayLine.All(file, plan.Machine, trace))
        {
            _output.Write($"  {name}: ").Line(line, Tone.Strong);
        }
    }

    private void Title(ScenarioProgram program, ExplorationPlan plan, string schedules)
    {
        var (profile, nodes, silos, _) = plan.Machine;
        _output.Write(program.File == "-" ? "standard input" : program.File, Tone.Strong)
            .Line($"  kernel {profile}, {Count(nodes, "node")}, {Count(silos, "silo")}, {schedules}", Tone.Faint);
    }

    private void Failure(ScheduleFailure failure, string where)
    {
        var at = failure.Line > 0 ? Invariant($" after line {failure.Line}") : "";
        var lines = failure.Message.Split('\n');
        _output.Write(where, Tone.Strong).Line($"{Word(failure.Kind)}{at}: {lines[0]}", Tone.Bad);
        foreach (var line in lines.Skip(1))
        {
            _output.Line("  " + line.TrimEnd('\r'), Tone.Bad);
        }
    }

    private void Story(ScheduleOutcome outcome, ScheduleStory story)
    {
        var answer = 0;
        var counters = "";
        for (var i = 0; i <= story.Deliveries.Count; i++)
        {
            for (; answer < story.Answers.Count && story.Answers[answer].Before <= i; answer++)
            {
                var (_, line, command, text) = story.Answers[answer];
                _output.Write(Invariant($"{line,4}  "), Tone.Faint).Write(command.PadRight(CommandWidth)).Write("  ").Line(text, StyledOutput.ToneOf(text));
            }

            if (i < story.Deliveries.Count)
            {
                counters = Delivery(story.Deliveries[i], counters);
            }
        }

        if (outcome.Failure is { } failure)
        {
            Failure(failure, "");
        }
        else
        {
            _output.Line("no rule broken", Tone.Good);
        }
    }

    private string Delivery(StoryDelivery delivery, string before)
    {
        var arrow = delivery.IsAnswer ? "answers" : "calls";
        var (from, to) = delivery.IsAnswer ? (delivery.Source, delivery.Target) : (delivery.Source, delivery.Target);
        _output.Write(delivery.IsSwitch ? "   >  " : "      ", Tone.Change).Write(Invariant($"{delivery.Step,4} {delivery.Thread,-8} "), Tone.Faint)
            .Write($"{from} {arrow} {to}: {delivery.Method}");
        if (delivery.Counters != before)
        {
            _output.Write("  ").Write(delivery.Counters, Tone.Change);
        }

        _output.Line();
        return delivery.Counters;
    }

    private static string Count(long count, string what, string plural = "s") => Invariant($"{count} {what}{(count == 1 ? "" : plural)}");

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Shows an exploration as JSON; the fields are documented in docs/explore.md.</summary>
internal sealed class JsonExploreReporter(TextWriter output) : IExploreReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnBegin(ScenarioProgram program, ExplorationPlan plan) => _lines.Write(json =>
    {
        json.WriteString("kind", "begin");
        json.WriteString("file", program.File);
        json.WriteString("profile", plan.Machine.Profile);
        json.WriteNumber("nodes", plan.Machine.Nodes);
        json.WriteNumber("silos", plan.Machine.Silos);
        json.WriteString("strategy", plan.Strategy.ToString().ToLowerInvariant());
        json.WriteNumber("seed", plan.Seed);
    });

    public void OnProgress(long schedules, ExplorationPlan plan)
    {
        // Programs read the objects; people have the text.
    }

    public void OnResult(ScenarioProgram program, ExplorationPlan plan, ExplorationResult result)
    {
        foreach (var (command, answers) in result.Answers)
        {
            _lines.Write(json =>
            {
                json.WriteString("kind", "answers");
                json.WriteNumber("line", command.Source.Line);
                json.WriteString("command", command.Source.Text);
                json.WriteStartObject("answers");
                foreach (var (answer, count) in answers.OrderBy(a => a.Key, StringComparer.Ordinal))
                {
                    json.WriteNumber(answer, count);
                }

                json.WriteEndObject();
            });
        }

        _lines.Write(json =>
        {
            json.WriteString("kind", "summary");
            json.WriteNumber("schedules", result.Schedules);
            json.WriteNumber("deliveries", result.Deliveries);
            json.WriteNumber("results", result.Outcomes);
            json.WriteBoolean("complete", result.IsComplete);
            json.WriteBoolean("failed", result.Finding is not null);
            json.WriteStartArray("rarePaths");
            foreach (var path in result.RarePaths)
            {
                json.WriteStringValue(path.ToString());
            }

            json.WriteEndArray();
        });
    }

    public void OnFinding(
        ScenarioProgram program, ExplorationPlan plan, ScheduleFinding finding, ScheduleOutcome outcome, ScheduleStory story, string? saved) => _lines.Write(json =>
    {
        json.WriteString("kind", "finding");
        json.WriteNumber("schedule", finding.Schedule);
        json.WriteString("replay", ReplayLine.Of(program.File, plan.Machine, finding.Trace));
        json.WriteString("saved", saved);
        ScheduleJson.Write(json, finding.Program, plan.Machine, outcome, story);
    });

    public void OnReplay(ScenarioProgram program, ExplorationPlan plan, ScheduleOutcome outcome, ScheduleStory story) => _lines.Write(json =>
    {
        json.WriteString("kind", "schedule");
        ScheduleJson.Write(json, program, plan.Machine, outcome, story);
    });
}

/// <summary>A schedule as JSON.</summary>
internal static class ScheduleJson
{
    /// <summary>Writes the members of an object.</summary>
    public static void Write(Utf8JsonWriter json, ScenarioProgram program, ExplorationMachine machine, ScheduleOutcome outcome, ScheduleStory story)
    {
        json.WriteString("profile", machine.Profile);
        json.WriteNumber("nodes", machine.Nodes);
        json.WriteNumber("silos", machine.Silos);
        json.WriteString("schedule", outcome.Trace.ToString());
        if (outcome.Failure is { } failure)
        {
            json.WriteStartObject("failure");
            json.WriteString("check", failure.Kind.ToString().ToLowerInvariant());
            json.WriteString("rule", failure.Rule);
            json.WriteString("message", failure.Message);
            json.WriteNumber("line", failure.Line);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("failure");
        }

        json.WriteStartArray("scenario");
        foreach (var line in program.Lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
        json.WriteStartArray("deliveries");
        foreach (var delivery in story.Deliveries)
        {
            WriteDelivery(json, delivery);
        }

        json.WriteEndArray();
        json.WriteStartArray("answers");
        foreach (var answer in story.Answers)
        {
            json.WriteStartObject();
            json.WriteNumber("afterDeliveries", answer.Before);
            json.WriteNumber("line", answer.Line);
            json.WriteString("command", answer.Command);
            json.WriteString("answer", answer.Answer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteDelivery(Utf8JsonWriter json, StoryDelivery delivery)
    {
        json.WriteStartObject();
        json.WriteNumber("step", delivery.Step);
        json.WriteString("thread", delivery.Thread);
        json.WriteString("source", delivery.Source);
        json.WriteString("target", delivery.Target);
        json.WriteString("method", delivery.Method);
        json.WriteBoolean("isAnswer", delivery.IsAnswer);
        json.WriteString("counters", delivery.Counters);
        json.WriteBoolean("isSwitch", delivery.IsSwitch);
        json.WriteEndObject();
    }
}
