using System.Globalization;
using System.Text.Json;
using Hugesim.Museum;

namespace Hugesim.Cli;

/// <summary>Shows what came of the exhibits.</summary>
internal interface IMuseumReporter
{
    /// <summary>The catalogue.</summary>
    void OnList(IReadOnlyList<Exhibit> exhibits, IReadOnlyList<MissingExhibit> missing);

    /// <summary>An exhibit was run.</summary>
    void OnVerdict(ExhibitVerdict verdict);

    /// <summary>All were.</summary>
    void OnSummary(IReadOnlyList<ExhibitVerdict> verdicts);
}

/// <summary>Shows them to people.</summary>
internal sealed class TextMuseumReporter(CliConsole console) : IMuseumReporter
{
    private const int NumberWidth = 4;
    private const int NameWidth = 28;

    private readonly StyledOutput _output = new(console);

    /// <summary>The last line of a run.</summary>
    public static string Summary(IReadOnlyList<ExhibitVerdict> verdicts)
    {
        var run = verdicts.Where(verdict => !verdict.Skipped).ToArray();
        var skipped = verdicts.Count - run.Length;
        var clean = run.Count(verdict => !verdict.CleanPassed);
        var rest = skipped == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({skipped} races need the deterministic scheduler of the embedded engine: not run)");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Count(verdict => verdict.Found)} of {run.Length} found, clean system {(clean == 0 ? "passed" : $"failed {clean}")}{rest}");
    }

    public void OnList(IReadOnlyList<Exhibit> exhibits, IReadOnlyList<MissingExhibit> missing)
    {
        foreach (var exhibit in exhibits)
        {
            Head(exhibit).Write(exhibit.Year.ToString(CultureInfo.InvariantCulture) + "  ", Tone.Faint).Line(exhibit.Title + (exhibit.IsRace ? " (race)" : ""));
        }

        _output.Line();
        _output.Line("Not shown:", Tone.Strong);
        foreach (var bug in missing)
        {
            _output.Write(bug.Number.PadLeft(NumberWidth) + "  ", Tone.Faint).Write(bug.Commits.PadRight(NameWidth))
                .Write(bug.Year.ToString(CultureInfo.InvariantCulture) + "  ", Tone.Faint).Line(bug.Title);
            _output.Line(new string(' ', NumberWidth + 2) + bug.Reason, Tone.Faint);
        }
    }

    public void OnVerdict(ExhibitVerdict verdict)
    {
        Head(verdict.Exhibit);
        if (verdict.Skipped)
        {
            _output.Line("not run: needs the deterministic scheduler", Tone.Refused);
            return;
        }

        var others = verdict.Findings.Select(finding => finding.Check).Where(check => check != verdict.Exhibit.Check).ToArray();
        _output.Write(verdict.Found ? "found" : "NOT FOUND", verdict.Found ? Tone.Good : Tone.Bad);
        _output.Write(verdict.Exhibit.IsRace ? string.Create(CultureInfo.InvariantCulture, $" in schedule {verdict.Schedules}").PadRight(20) : "".PadRight(20), Tone.Faint);
        _output.Write(verdict.Exhibit.Check.PadRight(12)).Write(others.Length == 0 ? "" : " also " + string.Join(", ", others), Tone.Faint);
        _output.Line();
        foreach (var finding in verdict.CleanFindings)
        {
            _output.Line($"      ! without the bug: {finding.Check}: {finding.Message}", Tone.Bad);
        }
    }

    public void OnSummary(IReadOnlyList<ExhibitVerdict> verdicts)
    {
        var good = verdicts.All(verdict => (verdict.Found || verdict.Skipped) && verdict.CleanPassed);
        _output.Line(Summary(verdicts), good ? Tone.Good : Tone.Bad);
    }

    private StyledOutput Head(Exhibit exhibit) =>
        _output.Write(exhibit.Number.PadLeft(NumberWidth) + "  ", Tone.Faint).Write(exhibit.Name.PadRight(NameWidth), Tone.Strong);
}

/// <summary>Shows them as JSON; the fields are documented in the README.</summary>
internal sealed class JsonMuseumReporter(TextWriter output) : IMuseumReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnList(IReadOnlyList<Exhibit> exhibits, IReadOnlyList<MissingExhibit> missing)
    {
        foreach (var exhibit in exhibits)
        {
            _lines.Write(json => Describe(json, exhibit));
        }

        foreach (var bug in missing)
        {
            _lines.Write(json =>
            {
                json.WriteString("kind", "missing");
                json.WriteString("number", bug.Number);
                json.WriteString("commits", bug.Commits);
                json.WriteNumber("year", bug.Year);
                json.WriteString("title", bug.Title);
                json.WriteString("reason", bug.Reason);
            });
        }
    }

    public void OnVerdict(ExhibitVerdict verdict) => _lines.Write(json =>
    {
        Describe(json, verdict.Exhibit);
        json.WriteBoolean("run", !verdict.Skipped);
        json.WriteBoolean("found", verdict.Found);
        json.WriteNumber("schedules", verdict.Schedules);
        json.WriteString("trace", verdict.Trace);
        WriteFindings(json, "findings", verdict.Findings);
        json.WriteBoolean("cleanPassed", verdict.CleanPassed);
        json.WriteNumber("cleanSchedules", verdict.CleanSchedules);
        WriteFindings(json, "cleanFindings", verdict.CleanFindings);
    });

    public void OnSummary(IReadOnlyList<ExhibitVerdict> verdicts) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("exhibits", verdicts.Count);
        json.WriteNumber("run", verdicts.Count(verdict => !verdict.Skipped));
        json.WriteNumber("found", verdicts.Count(verdict => verdict.Found));
        json.WriteBoolean("cleanPassed", verdicts.All(verdict => verdict.CleanPassed));
    });

    private static void Describe(Utf8JsonWriter json, Exhibit exhibit)
    {
        json.WriteString("kind", "exhibit");
        json.WriteString("number", exhibit.Number);
        json.WriteString("name", exhibit.Name);
        json.WriteString("commits", exhibit.Commits);
        json.WriteNumber("year", exhibit.Year);
        json.WriteString("title", exhibit.Title);
        json.WriteString("check", exhibit.Check);
        json.WriteString("profile", exhibit.Profile);
        json.WriteBoolean("race", exhibit.IsRace);
        json.WriteStartArray("scenario");
        foreach (var line in exhibit.Lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
    }

    private static void WriteFindings(Utf8JsonWriter json, string name, IReadOnlyList<MuseumFinding> findings)
    {
        json.WriteStartArray(name);
        foreach (var finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("check", finding.Check);
            json.WriteNumber("step", finding.Step);
            json.WriteString("message", finding.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
