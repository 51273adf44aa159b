using Hugesim.History;

namespace Hugesim.Cli;

/// <summary>Writes an explanation as a JSON object; the fields are documented in the README.</summary>
internal static class ExplanationJson
{
    /// <summary>Writes it.</summary>
    public static void Write(JsonLines lines, string file, RecordedRun run, Explanation explanation) => lines.Write(json =>
    {
        var result = explanation.Step.Result;
        json.WriteString("kind", "explanation");
        json.WriteString("file", file);
        json.WriteString("profile", run.Options.Profile);
        json.WriteNumber("step", result.Number);
        json.WriteNumber("line", result.Command.Source.Line);
        json.WriteString("command", result.Command.Source.Text);
        json.WriteString("answer", result.Answer);
        JsonLines.WriteObjects(json, "causes", explanation.Causes, cause =>
        {
            json.WriteString("routine", cause.Routine);
            json.WriteString("error", cause.Error);
            json.WriteString("why", cause.Why);
        });
        JsonLines.WriteObjects(json, "effects", explanation.Effects, effect =>
        {
            json.WriteStartArray("path");
            foreach (var routine in effect.Path)
            {
                json.WriteStringValue(routine);
            }

            json.WriteEndArray();
            JsonLines.WriteObjects(json, "changes", effect.Changes, change =>
            {
                json.WriteString("counter", change.Name);
                JsonLines.WriteNumber(json, "before", change.Before);
                JsonLines.WriteNumber(json, "after", change.After);
            });
        });
        JsonLines.WriteObjects(json, "earlier", explanation.Earlier, earlier =>
        {
            json.WriteNumber("step", earlier.Step);
            json.WriteString("why", earlier.Why);
        });
        JsonLines.WriteObjects(json, "held", explanation.Held, held =>
        {
            json.WriteString("holder", held.Holder);
            json.WriteString("what", held.What);
            json.WriteNumber("pages", held.Pages);
            json.WriteStartArray("steps");
            foreach (var step in held.Steps)
            {
                json.WriteNumberValue(step);
            }

            json.WriteEndArray();
        });
        json.WriteString("remedy", explanation.Remedy);
    });
}
