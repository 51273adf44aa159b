using System.Globalization;

namespace Hugesim.Scenarios;

/// <summary>The lines of a recording, exactly as the recorder prints them, without ends of line.</summary>
public static class RecordingText
{
    /// <summary>The mark of a command's line.</summary>
    public const string CommandMark = "> ";

    /// <summary>The mark of an answer's line.</summary>
    public const string AnswerMark = "< ";

    /// <summary>The mark of the lines at the end.</summary>
    public const string EndMark = "= ";

    private const string EndText = "end (all processes killed, shm removed, unmounted)";
    private const string LeakText = " LEAK?";

    /// <summary>The line that echoes a command.</summary>
    public static string Command(SourceLine source) => CommandMark + source.Text;

    /// <summary>The line that answers a command.</summary>
    public static string Answer(string answer, IReadOnlyList<string> deaths, MachineCounters counters) =>
        AnswerMark + (RecorderAnswers.IsPrintedWithoutCounters(answer)
            ? new RecordedAnswer(answer, [], null)
            : new RecordedAnswer(answer, deaths, counters)).Format();

    /// <summary>The line that ends a recording.</summary>
    public static string End(TeardownResult teardown) =>
        EndMark + new RecordedAnswer(EndText + (teardown.Leak ? LeakText : ""), [], teardown.Counters).Format();

    /// <summary>The line after the end when the pool could not be emptied, else null.</summary>
    public static string? Remainder(TeardownResult teardown) => teardown.RemainingPoolPages == 0
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{EndMark}pool could not be emptied: nr={teardown.RemainingPoolPages}");

    /// <summary>Whether a line is <see cref="End"/>.</summary>
    public static bool IsEnd(string line) => line.StartsWith(EndMark + EndText, StringComparison.Ordinal);

    /// <summary>Whether a line is <see cref="Remainder"/>.</summary>
    public static bool IsRemainder(string line) => line.StartsWith(EndMark + "pool could not be emptied", StringComparison.Ordinal);
}
