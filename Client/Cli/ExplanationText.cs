using System.Globalization;
using Hugesim.History;

namespace Hugesim.Cli;

/// <summary>Shows an explanation to people.</summary>
internal sealed class ExplanationText(StyledOutput output, RecordedRun run)
{
    /// <summary>Shows it.</summary>
    public void Write(Explanation explanation)
    {
        var result = explanation.Step.Result;
        output.Write(Text($"step {result.Number}, line {result.Command.Source.Line}  "), Tone.Faint).Write(result.Command.Source.Text, Tone.Strong);
        output.Write("  ").Line(
            explanation.Step.Delivery is { } delivery ? FlowNames.Describe(delivery) : result.Answer.TrimEnd(' '), StyledOutput.ToneOf(result.Answer.TrimEnd(' ')));
        foreach (var death in result.Deaths)
        {
            output.Line($"  ! {death}", Tone.Bad);
        }

        WriteCauses(explanation);
        foreach (var earlier in explanation.Earlier)
        {
            output.Line(Text($"  because of {Step(earlier.Step)}, which {earlier.Why}"));
        }

        WriteEffects(explanation);
        WriteHeld(explanation);
        if (explanation.Remedy is { } remedy)
        {
            output.Line($"  {char.ToUpperInvariant(remedy[0])}{remedy[1..]}.");
        }

        output.Line();
        output.Flush();
    }

    private void WriteCauses(Explanation explanation)
    {
        if (explanation.Causes.Count > 0)
        {
            output.Line("  Why it failed:", Tone.Strong);
        }

        var indent = "    ";
        foreach (var cause in explanation.Causes)
        {
            output.Write(indent).Write($"{cause.Routine}: ", Tone.Faint).Line(cause.Why, Tone.Bad);
            indent += "  ";
        }
    }

    private void WriteEffects(Explanation explanation)
    {
        if (explanation.Effects.Count == 0)
        {
            output.Line(explanation.Causes.Count > 0 ? "  No counter of the pool changed." : "  It changed no counter of the pool.");
            return;
        }

        output.Line("  What changed the pool:", Tone.Strong);
        foreach (var group in explanation.Effects.GroupBy(effect => string.Join(" > ", effect.Path)))
        {
            var effects = group.ToArray();
            var times = effects.Length > 1 ? Text($"  ({effects.Length} times)") : "";
            var changes = effects.SelectMany(effect => effect.Changes).GroupBy(change => change.Name)
                .Select(of => Text($"{of.Key} {of.First().Before} -> {of.Last().After}"));
            output.Write("    ").Write(string.Join(", ", changes), Tone.Change).Line($"  by {group.Key}{times}");
        }
    }

    private void WriteHeld(Explanation explanation)
    {
        if (explanation.Held.Count == 0)
        {
            return;
        }

        output.Line("  Who had the pages:", Tone.Strong);
        foreach (var held in explanation.Held)
        {
            output.Line(Text($"    {held.Pages,4} {held.What}  {held.Holder}, since {string.Join(", ", held.Steps.Select(Step))}"));
        }
    }

    private string Step(int number)
    {
        var source = run.Steps[number - 1].Result.Command.Source;
        return Text($"step {number} (line {source.Line}: {source.Text})");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
