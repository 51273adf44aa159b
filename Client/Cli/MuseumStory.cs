using Hugesim.Explore;
using Hugesim.Museum;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Tells of one exhibit: what the code did, what each step does without and with the bug, what caught it, and the fix.</summary>
internal sealed class MuseumStory(StyledOutput output)
{
    private const int CommandWidth = 34;
    private const int Indent = 12;
    private const int Width = 110;

    /// <summary>What the code did.</summary>
    public void Begin(Exhibit exhibit)
    {
        output.Write($"{exhibit.Number}  {exhibit.Title}", Tone.Strong).Line($"  ({exhibit.Name}, {exhibit.Year})", Tone.Faint);
        Paragraph("fixed by", exhibit.Commits);
        Paragraph("what it did", exhibit.Did);
        Paragraph("shown by", exhibit.Shows);
        Paragraph("goes wrong", exhibit.Wrong);
        output.Line();
    }

    /// <summary>The steps without the bug, and with it where they differ.</summary>
    public void Tell(PlayedScenario clean, PlayedScenario mutant)
    {
        for (var i = 0; i < clean.Steps.Count; i++)
        {
            var right = clean.Steps[i];
            output.Write(right.Command.PadRight(CommandWidth) + "  ").Line(Describe(right));
            if (i < mutant.Steps.Count)
            {
                var wrong = mutant.Steps[i];
                if (Describe(wrong) != Describe(right))
                {
                    output.Write("  with the bug".PadRight(CommandWidth) + "  ", Tone.Faint).Line(Describe(wrong), Tone.Bad);
                }

                Findings(wrong.Findings);
            }
            else
            {
                Findings(mutant.Findings.Where(finding => finding.Step == i + 1));
            }
        }

        output.Write("end".PadRight(CommandWidth) + "  ").Line("all is put back");
        Findings(mutant.Findings.Where(finding => finding.Step == 0));
        output.Line();
    }

    /// <summary>What caught it, and the fix.</summary>
    public void End(ExhibitVerdict verdict)
    {
        var exhibit = verdict.Exhibit;
        Paragraph("the fix", exhibit.Fix);
        Paragraph("reference", exhibit.Reference);
        foreach (var line in Lines(verdict))
        {
            output.Line("try it".PadRight(Indent) + line);
        }

        if (verdict.Skipped)
        {
            output.Line("not run: this race needs the deterministic scheduler, which the embedded engine has (build with -p:GrainEngine=Embedded)", Tone.Refused);
            return;
        }

        output.Write(verdict.Found ? "found" : "NOT FOUND", verdict.Found ? Tone.Good : Tone.Bad)
            .Write(verdict.Found ? $" by {exhibit.Check}{(exhibit.IsRace ? $" in schedule {verdict.Schedules}" : "")}; " : "; ")
            .Line(verdict.CleanPassed ? "without the bug nothing is found" : "WITHOUT THE BUG SOMETHING IS FOUND", verdict.CleanPassed ? Tone.Good : Tone.Bad);
    }

    // Complete, so that they can be copied.
    private static IEnumerable<string> Lines(ExhibitVerdict verdict)
    {
        var exhibit = verdict.Exhibit;
        if (verdict.Trace is { } trace)
        {
            var machine = new ExplorationMachine(exhibit.MutantProfile, exhibit.Nodes);
            return ReplayLine.All(exhibit.File, machine, ScheduleTrace.Parse(trace)).Select(replay => replay.Line);
        }

        var nodes = exhibit.Nodes == 1 ? "" : $" --nodes {exhibit.Nodes}";
        var options = $"{exhibit.File} --profile {exhibit.Profile} --bug {exhibit.Name}{nodes}";
        return exhibit.IsRace ? [$"hugesim explore {options}"] : [$"hugesim run {options}", $"hugesim trace {options} -o trace.json", $"hugesim console {options}"];
    }

    private static string Describe(PlayedStep step)
    {
        var changes = CounterChanges.Between(step.Before, step.After).Where(change => change.Name is not ("n0.nr" or "n0.free" or "n0.surplus"));
        var text = string.Join(", ", changes);
        return text.Length == 0 ? step.Answer : $"{step.Answer}  {text}";
    }

    private void Findings(IEnumerable<MuseumFinding> findings)
    {
        foreach (var finding in findings)
        {
            output.Write("    ! ", Tone.Bad).Write(finding.Check, Tone.Bad).Line($": {finding.Message}");
        }
    }

    private void Paragraph(string head, string text)
    {
        var line = head.PadRight(Indent);
        foreach (var word in text.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                output.Line(line);
                line = new string(' ', Indent);
            }

            line += (line.Length > Indent ? " " : "") + word;
        }

        output.Line(line);
    }
}
