using System.Globalization;
using Hugesim.Scenarios;

namespace Hugesim.Cli;

/// <summary>Shows a run as a recording: the text that the recorder prints on a real kernel.</summary>
internal sealed class RecordingRunReporter(TextWriter output) : IScenarioObserver
{
    public void OnComment(ScenarioComment comment) => Write(comment.Source.Text);

    public void OnStep(ScenarioStepResult step) =>
        Write(RecordingText.Command(step.Command.Source) + "\n" + RecordingText.Answer(step.Answer, step.Deaths, step.After));

    public void OnEnd(TeardownResult teardown)
    {
        Write(RecordingText.End(teardown));
        if (RecordingText.Remainder(teardown) is { } remainder)
        {
            Write(remainder);
        }
    }

    private void Write(string text)
    {
        output.Write(text);
        output.Write('\n');
        output.Flush();
    }
}

/// <summary>Shows a run as a list of steps for people: what each answered and which counters it changed.</summary>
internal sealed class TextRunReporter : IScenarioObserver
{
    private const int CommandWidth = 36;
    private const int AnswerWidth = 10;

    private readonly StyledOutput _output;
    private readonly bool _showNodes;
    private readonly AnswerHints _hints = new();

    public TextRunReporter(StyledOutput output, string file, MachineOptions options)
    {
        _output = output;
        _showNodes = options.Nodes > 1;
        var nodes = options.Nodes == 1 ? "1 node" : string.Create(CultureInfo.InvariantCulture, $"{options.Nodes} nodes");
        output.Write(file == "-" ? "standard input" : file, Tone.Strong).Line($"  kernel {options.Profile}, {nodes}", Tone.Faint);
    }

    public void OnComment(ScenarioComment comment) => Line(Number(comment.Source.Line), comment.Source.Text);

    public void OnStep(ScenarioStepResult step)
    {
        var source = step.Command.Source;
        var answer = step.Answer.TrimEnd(' ');
        _output.Write(Number(source.Line), Tone.Faint).Write(source.Text.PadRight(CommandWidth)).Write("  ");
        var changes = CounterChanges.Between(step.Before, step.After).Where(change => _showNodes || !IsNode(change.Name)).ToArray();
        _output.Write(answer, StyledOutput.ToneOf(answer));
        if (changes.Length > 0)
        {
            _output.Write(new string(' ', Math.Max(0, AnswerWidth - answer.Length) + 2));
            _output.Write(string.Join(", ", changes.AsEnumerable()), Tone.Change);
        }

        _output.Line();
        foreach (var death in step.Deaths)
        {
            Line("      ! ", death, Tone.Bad);
        }

        if (_hints.Observe(step) is { } hint)
        {
            Line("      hint: ", hint);
        }

        _output.Flush();
    }

    public void OnEnd(TeardownResult teardown)
    {
        var counters = teardown.Counters;
        var state = string.Create(CultureInfo.InvariantCulture,
            $"nr={counters.Nr} free={counters.Free} resv={counters.Resv} surp={counters.Surp}");
        _output.Write(" end  ", Tone.Faint).Write("all processes killed, shm removed, unmounted".PadRight(CommandWidth)).Write("  ");
        _output.Write(teardown.Leak ? "LEAK" : "no leak", teardown.Leak ? Tone.Bad : Tone.Good).Line("  " + state);
        if (teardown.RemainingPoolPages != 0)
        {
            var rest = string.Create(CultureInfo.InvariantCulture, $"the pool could not be emptied: nr={teardown.RemainingPoolPages}");
            Line("      ! ", rest, Tone.Bad);
        }

        _output.Flush();
    }

    private static string Number(int line) => string.Create(CultureInfo.InvariantCulture, $"{line,4}  ");

    private static bool IsNode(string counter) => counter is "n0.nr" or "n0.free" or "n0.surplus";

    private void Line(string start, string text, Tone tone = Tone.Faint)
    {
        _output.Write(start, Tone.Faint).Line(text, tone);
        _output.Flush();
    }
}
