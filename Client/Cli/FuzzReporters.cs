using System.Globalization;
using Hugesim.Kernel;

namespace Hugesim.Cli;

/// <summary>Shows a search for differences.</summary>
internal interface IFuzzReporter
{
    /// <summary>The search begins.</summary>
    void OnBegin(FuzzPlan plan);

    /// <summary>A scenario is about to be tried.</summary>
    void OnProgress(FuzzCounts counts, FuzzPlan plan);

    /// <summary>A new kind of difference was found and shortened.</summary>
    /// <param name="finding">The difference.</param>
    /// <param name="file">Where it was saved, or null.</param>
    void OnFinding(FuzzFinding finding, string? file);

    /// <summary>The search is over.</summary>
    void OnSummary(FuzzCounts counts);
}

/// <summary>Shows the search to people.</summary>
internal sealed class TextFuzzReporter(CliConsole console, string release, string profile) : IFuzzReporter
{
    private readonly StyledOutput _output = new(console);
    private readonly ProgressLine _progress = new(console);

    public void OnBegin(FuzzPlan plan)
    {
        var seed = plan.Seed.ToString(CultureInfo.InvariantCulture);
        _output.Line($"kernel {release}, simulated as {profile}, scenarios from seed {seed}", Tone.Faint);
        _output.Flush();
    }

    public void OnProgress(FuzzCounts counts, FuzzPlan plan)
    {
        var total = plan.Duration == TimeSpan.MaxValue ? string.Create(CultureInfo.InvariantCulture, $" of {plan.Count}") : "";
        _progress.Show(string.Create(CultureInfo.InvariantCulture, $"{counts.Scenarios}{total} scenarios, {counts.Differing} differ"));
    }

    public void OnFinding(FuzzFinding finding, string? file)
    {
        _progress.Clear();
        _output.Write(string.Create(CultureInfo.InvariantCulture, $"seed {finding.Seed}: "), Tone.Strong).Line(finding.Kind, Tone.Bad);
        foreach (var line in finding.Lines)
        {
            _output.Line("    " + line);
        }

        TextDiffReporter.ShowDifferences(_output, file ?? "scenario", [.. finding.Verdict.Differences.Take(1)]);
        _output.Flush();
    }

    public void OnSummary(FuzzCounts counts)
    {
        _progress.Clear();
        var summary = string.Create(
            CultureInfo.InvariantCulture, $"{counts.Scenarios - counts.Differing} of {counts.Scenarios} scenarios agree ({counts.Steps} steps)");
        _output.Line(summary, counts.Differing == 0 ? Tone.Good : Tone.Bad);
        _output.Flush();
    }
}

/// <summary>Shows the search as JSON; the fields are documented in the README.</summary>
internal sealed class JsonFuzzReporter(TextWriter output, string release, string profile) : IFuzzReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnBegin(FuzzPlan plan) => _lines.Write(json =>
    {
        json.WriteString("kind", "begin");
        json.WriteString("kernel", release);
        json.WriteString("profile", profile);
        json.WriteNumber("seed", plan.Seed);
    });

    public void OnProgress(FuzzCounts counts, FuzzPlan plan)
    {
        // Programs read the objects; people have the text.
    }

    public void OnFinding(FuzzFinding finding, string? file) => _lines.Write(json =>
    {
        json.WriteString("kind", "difference");
        json.WriteNumber("seed", finding.Seed);
        json.WriteString("what", finding.Kind);
        json.WriteString("file", file);
        json.WriteStartArray("scenario");
        foreach (var line in finding.Lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
        JsonDiffReporter.WriteDifferences(json, finding.Verdict.Differences);
    });

    public void OnSummary(FuzzCounts counts) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("scenarios", counts.Scenarios);
        json.WriteNumber("steps", counts.Steps);
        json.WriteNumber("differing", counts.Differing);
    });
}
