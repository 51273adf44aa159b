using System.Globalization;
using Hugesim.Scenarios;
using Hugesim.Silo;

namespace Hugesim.Cli;

/// <summary>Shows the outcome of a check.</summary>
internal interface ICheckReporter
{
    /// <summary>A recording was replayed.</summary>
    void OnVerdict(CheckJob job, RecordingVerdict verdict);

    /// <summary>All recordings were replayed, or the check was interrupted.</summary>
    void OnSummary(int agreeing, int total);
}

/// <summary>Shows differences side by side, for people.</summary>
internal sealed class TextCheckReporter(StyledOutput output) : ICheckReporter
{
    public void OnVerdict(CheckJob job, RecordingVerdict verdict)
    {
        foreach (var difference in verdict.Differences)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{job.File}:{difference.Line}: "), Tone.Strong);
            output.Line(difference.Command);
            foreach (var row in SideBySide.Rows(difference))
            {
                output.Line(row.Text, row.Differs ? Tone.Bad : Tone.Plain);
            }

            output.Line();
        }
    }

    public void OnSummary(int agreeing, int total)
    {
        var summary = string.Create(CultureInfo.InvariantCulture, $"{agreeing} of {total} recordings agree");
        output.Line(summary, agreeing == total ? Tone.Good : Tone.Bad);
        output.Flush();
    }
}

/// <summary>Shows the outcome as JSON; the fields are documented in the README.</summary>
internal sealed class JsonCheckReporter(TextWriter output) : ICheckReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnVerdict(CheckJob job, RecordingVerdict verdict) => _lines.Write(json =>
    {
        json.WriteString("kind", "recording");
        json.WriteString("file", job.File);
        json.WriteString("profile", job.Options?.Profile);
        JsonLines.WriteNumber(json, "nodes", job.Options?.Nodes);
        json.WriteNumber("steps", verdict.Steps);
        json.WriteBoolean("agrees", verdict.Agrees);
        JsonDiffReporter.WriteDifferences(json, verdict.Differences);
        json.WriteString("error", verdict.Errors.Count > 0 ? verdict.Errors[0].ToString() : verdict.Failure?.Message);
    });

    public void OnSummary(int agreeing, int total) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("agree", agreeing);
        json.WriteNumber("total", total);
        json.WriteString("engine", EngineChoice.Engine);
    });
}
