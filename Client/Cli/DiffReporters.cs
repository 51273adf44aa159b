using System.Globalization;
using System.Text.Json;
using Hugesim.Kernel;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Shows how scenarios compare.</summary>
internal interface IDiffReporter
{
    /// <summary>A scenario was executed on both.</summary>
    void OnVerdict(string file, ComparisonVerdict verdict);

    /// <summary>All scenarios were executed.</summary>
    void OnSummary(int agreeing, int total);
}

/// <summary>Shows differences side by side, for people.</summary>
internal sealed class TextDiffReporter : IDiffReporter
{
    private readonly StyledOutput _output;

    public TextDiffReporter(StyledOutput output, string release, string profile)
    {
        _output = output;
        output.Line($"kernel {release}, simulated as {profile}", Tone.Faint);
    }

    public void OnVerdict(string file, ComparisonVerdict verdict)
    {
        if (verdict.Errors.Count > 0)
        {
            return;
        }

        var steps = string.Create(CultureInfo.InvariantCulture, $"{verdict.Steps} {(verdict.Steps == 1 ? "step" : "steps")}");
        _output.Write($"{file}: ", Tone.Strong);
        _output.Line(verdict.Differences.Count == 0 ? $"agrees in {steps}" : $"differs after {steps}", verdict.Differences.Count == 0 ? Tone.Good : Tone.Bad);
        ShowDifferences(_output, file, verdict.Differences);
    }

    public void OnSummary(int agreeing, int total)
    {
        _output.Line(string.Create(CultureInfo.InvariantCulture, $"{agreeing} of {total} scenarios agree"), agreeing == total ? Tone.Good : Tone.Bad);
        _output.Flush();
    }

    /// <summary>Writes each difference with its values side by side.</summary>
    public static void ShowDifferences(StyledOutput output, string file, IReadOnlyList<RecordingDifference> differences)
    {
        foreach (var difference in differences)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{file}:{difference.Line}: "), Tone.Strong);
            output.Line(difference.Command);
            foreach (var row in SideBySide.Rows(difference, "kernel"))
            {
                output.Line(row.Text, row.Differs ? Tone.Bad : Tone.Plain);
            }

            output.Line();
        }
    }
}

/// <summary>Shows the comparison as JSON; the fields are documented in the README.</summary>
internal sealed class JsonDiffReporter(TextWriter output, string release, string profile) : IDiffReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnVerdict(string file, ComparisonVerdict verdict) => _lines.Write(json =>
    {
        json.WriteString("kind", "scenario");
        json.WriteString("file", file);
        json.WriteString("kernel", release);
        json.WriteString("profile", profile);
        json.WriteNumber("steps", verdict.Steps);
        json.WriteBoolean("agrees", verdict.Differences.Count == 0 && verdict.Errors.Count == 0);
        WriteDifferences(json, verdict.Differences);
        json.WriteString("error", verdict.Errors.Count > 0 ? verdict.Errors[0].ToString() : null);
    });

    public void OnSummary(int agreeing, int total) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("agree", agreeing);
        json.WriteNumber("total", total);
    });

    /// <summary>Writes differences with the fields that differ, as <c>hugesim check --json</c> does.</summary>
    public static void WriteDifferences(Utf8JsonWriter json, IReadOnlyList<RecordingDifference> differences)
    {
        json.WriteStartArray("differences");
        foreach (var difference in differences)
        {
            json.WriteStartObject();
            json.WriteNumber("line", difference.Line);
            json.WriteString("command", difference.Command);
            json.WriteString("expected", difference.Expected);
            json.WriteString("actual", difference.Actual);
            json.WriteStartArray("fields");
            foreach (var field in difference.Fields().Where(field => field.Differs))
            {
                json.WriteStartObject();
                json.WriteString("field", field.Name);
                json.WriteString("expected", field.Expected);
                json.WriteString("actual", field.Actual);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
