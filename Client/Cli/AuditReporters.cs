using System.Globalization;
using System.Text.Json;
using Hugesim.Audit;
using Hugesim.Machine;

namespace Hugesim.Cli;

/// <summary>What was audited.</summary>
/// <param name="Name">The scenario's file, or the machine's name.</param>
/// <param name="Profile">Its kernel.</param>
internal sealed record AuditSubject(string Name, string Profile);

/// <summary>Shows audits.</summary>
internal interface IAuditReporter
{
    /// <summary>A machine was audited.</summary>
    void OnAudit(AuditSubject subject, StepAudit audit);

    /// <summary>All machines were audited.</summary>
    void OnSummary(int sound, int total);
}

/// <summary>Shows audits to people: each violation with the grains involved.</summary>
internal sealed class TextAuditReporter(StyledOutput output) : IAuditReporter
{
    public void OnAudit(AuditSubject subject, StepAudit audit)
    {
        var place = audit.Command is { } command ? string.Create(CultureInfo.InvariantCulture, $"{subject.Name}:{command.Line}: ") : $"{subject.Name}: ";
        output.Write(place, Tone.Strong).Write(audit.Command is null ? "" : audit.Command.Text + "  ");
        output.Line(Verdict(audit.Violations.Count), audit.Violations.Count == 0 ? Tone.Good : Tone.Bad);
        ShowViolations(output, audit.Violations);
        output.Flush();
    }

    public void OnSummary(int sound, int total)
    {
        output.Line(string.Create(CultureInfo.InvariantCulture, $"{sound} of {total} machines are sound"), sound == total ? Tone.Good : Tone.Bad);
        output.Flush();
    }

    /// <summary>Writes each violation and the grains that disagree.</summary>
    public static void ShowViolations(StyledOutput output, IReadOnlyList<AuditViolation> violations)
    {
        foreach (var violation in violations)
        {
            output.Write($"  {violation.Rule}: ", Tone.Bad).Line(violation.Message);
            foreach (var grain in violation.Grains)
            {
                output.Line($"      {grain}", Tone.Faint);
            }
        }
    }

    private static string Verdict(int violations) => violations switch
    {
        0 => "sound",
        1 => "1 violation",
        _ => string.Create(CultureInfo.InvariantCulture, $"{violations} violations"),
    };
}

/// <summary>Shows audits as JSON; the fields are documented in the README.</summary>
internal sealed class JsonAuditReporter(TextWriter output) : IAuditReporter
{
    private readonly JsonLines _lines = new(output);

    public void OnAudit(AuditSubject subject, StepAudit audit) => _lines.Write(json =>
    {
        json.WriteString("kind", "audit");
        json.WriteString("file", subject.Name);
        json.WriteString("profile", subject.Profile);
        json.WriteNumber("step", audit.Step);
        JsonLines.WriteNumber(json, "line", audit.Command?.Line);
        json.WriteString("command", audit.Command?.Text);
        json.WriteBoolean("sound", audit.Violations.Count == 0);
        WriteViolations(json, audit.Violations);
    });

    public void OnSummary(int sound, int total) => _lines.Write(json =>
    {
        json.WriteString("kind", "summary");
        json.WriteNumber("sound", sound);
        json.WriteNumber("total", total);
    });

    /// <summary>Writes violations with the grains that disagree.</summary>
    public static void WriteViolations(Utf8JsonWriter json, IReadOnlyList<AuditViolation> violations)
    {
        json.WriteStartArray("violations");
        foreach (var violation in violations)
        {
            json.WriteStartObject();
            json.WriteString("rule", violation.Rule);
            json.WriteString("message", violation.Message);
            json.WriteStartArray("grains");
            foreach (var grain in violation.Grains)
            {
                json.WriteStringValue(grain);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
