using System.Globalization;
using Hugesim.Fuzzing;

namespace Hugesim.Cli;

/// <summary>Shows a search for faults.</summary>
internal interface IFuzzReporter
{
    /// <summary>The search begins.</summary>
    void OnBegin();

    /// <summary>A scenario is about to be tried.</summary>
    void OnProgress(FuzzCounts counts);

    /// <summary>A new kind of fault was found and shortened.</summary>
    /// <param name="finding">The fault.</param>
    /// <param name="file">Where it was saved.</param>
    void OnFinding(FuzzFinding finding, string file);

    /// <summary>The search is over.</summary>
    void OnSummary(FuzzCounts counts);
}

/// <summary>Shows the search to people.</summary>
internal sealed class TextFuzzReporter(CliConsole console, FuzzPlan plan) : IFuzzReporter
{
    private readonly StyledOutput _output = new(console);
    private readonly ProgressLine _progress = new(console);
    private readonly bool _compares = plan.Search.Release is not null;

    public void OnBegin()
    {
        var (machine, release) = (plan.Search.Machine, plan.Search.Release);
        var what = _compares
            ? $"kernel {release}, simulated as {machine.Profile}"
            : string.Create(CultureInfo.InvariantCulture, $"invariants of {machine.Profile}, {machine.Nodes} {(machine.Nodes == 1 ? "node" : "nodes")}");
        _output.Line(string.Create(CultureInfo.InvariantCulture, $"{what}, scenarios from seed {plan.Seed}"), Tone.Faint);
        _output.Flush();
    }

    public void OnProgress(FuzzCounts counts)
    {
        var total = plan.Duration == TimeSpan.MaxValue ? string.Create(CultureInfo.InvariantCulture, $" of {plan.Count}") : "";
        _progress.Show(string.Create(CultureInfo.InvariantCulture, $"{counts.Scenarios}{total} scenarios, {counts.Faulty} {(_compares ? "differ" : "fail")}"));
    }

    public void OnFinding(FuzzFinding finding, string file)
    {
        _progress.Clear();
        _output.Write(string.Create(CultureInfo.InvariantCulture, $"seed {finding.Seed}: "), Tone.Strong).Line(finding.Kind, Tone.Bad);
        foreach (var line in finding.Lines)
        {
            _output.Line("    " + line);
        }

        var fault = finding.Outcome.Fault;
        TextDiffReporter.ShowDifferences(_output, file, [.. (fault?.Differences ?? []).Take(1)]);
        TextAuditReporter.ShowViolations(_output, fault?.Violations ?? []);
        _output.Line($"  saved:  {file}");
        _output.Line($"  replay: {plan.Replay(finding.Seed)}");
        _output.Line();
        _output.Flush();
    }

    public void OnSummary(FuzzCounts counts)
    {
        _progress.Clear();
        var verb = _compares ? "agree" : "keep the invariants";
        var summary = string.Create(
            CultureInfo.InvariantCulture, $"{counts.Scenarios - counts.Faulty} of {counts.Scenarios} scenarios {verb} ({counts.Steps} steps)");
        _output.Line(summary, counts.Faulty == 0 ? Tone.Good : Tone.Bad);
        if (counts.Explained > 0)
        {
            _output.Line(string.Create(
                CultureInfo.InvariantCulture, $"{counts.Explained} of them but for the accounting bugs of kernel {plan.Search.Machine.Profile}"), Tone.Faint);
        }

        _output.Flush();
    }
}

/// <summary>Shows the search as JSON; the fields are documented in the README.</summary>
internal sealed class JsonFuzzReporter(TextWriter output, FuzzPlan plan) : IFuzzReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnBegin() => _lines.Write(json =>
    {
        json.WriteString("kind", "begin");
        json.WriteString("against", plan.Search.Against);
        json.WriteString("kernel", plan.Search.Release);
        json.WriteString("profile", plan.Search.Machine.Profile);
        json.WriteNumber("nodes", plan.Search.Machine.Nodes);
        json.WriteNumber("seed", plan.Seed);
    });

    public void OnProgress(FuzzCounts counts)
    {
        // Programs read the objects; people have the text.
    }

    public void OnFinding(FuzzFinding finding, string file) => _lines.Write(json =>
    {
        json.WriteString("kind", plan.Search.Release is null ? "violation" : "difference");
        json.WriteNumber("seed", finding.Seed);
        json.WriteString("what", finding.Kind);
        json.WriteString("file", file);
        json.WriteString("replay", plan.Replay(finding.Seed));
        json.WriteStartArray("scenario");
        foreach (var line in finding.Lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
        JsonDiffReporter.WriteDifferences(json, finding.Outcome.Fault?.Differences ?? []);
        JsonAuditReporter.WriteViolations(json, finding.Outcome.Fault?.Violations ?? []);
    });

    public void OnSummary(FuzzCounts counts) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("scenarios", counts.Scenarios);
        json.WriteNumber("steps", counts.Steps);
        json.WriteNumber("differing", counts.Faulty);
        json.WriteNumber("explained", counts.Explained);
    });
}
