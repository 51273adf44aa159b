using System.Text;
using Spectre.Console;

namespace Hugesim.Cli;

/// <summary>What a piece of text means to the reader.</summary>
internal enum Tone
{
    Plain,
    Faint,
    Strong,
    Good,
    Refused,
    Bad,
    Change,
}

/// <summary>Writes text with meaning: in colours at a terminal, plainly elsewhere.</summary>
internal sealed class StyledOutput
{
    private readonly TextWriter _writer;
    private readonly IAnsiConsole? _console;

    public StyledOutput(CliConsole console) : this(console.Output, console.UseColor)
    {
    }

    public StyledOutput(TextWriter writer, bool useColor)
    {
        _writer = writer;
        if (!useColor)
        {
            return;
        }

        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        // Lines are the terminal's to wrap.
        _console.Profile.Width = 1 << 20;
    }

    /// <summary>Writes text; characters that would control the terminal are shown as numbers.</summary>
    public StyledOutput Write(string text, Tone tone = Tone.Plain)
    {
        var safe = Printable(text);
        if (_console is null || tone == Tone.Plain || safe.Length == 0)
        {
            _writer.Write(safe);
        }
        else
        {
            _console.Write(new Text(safe, StyleOf(tone)));
        }

        return this;
    }

    /// <summary>Ends the line.</summary>
    public void Line() => _writer.Write('\n');

    /// <summary>Writes a line.</summary>
    public void Line(string text, Tone tone = Tone.Plain) => Write(text, tone).Line();

    /// <summary>Hands everything on.</summary>
    public void Flush() => _writer.Flush();

    /// <summary>The tone of a step's answer.</summary>
    public static Tone ToneOf(string answer)
    {
        if (answer == "ok" || answer.StartsWith("ok ", StringComparison.Ordinal) || answer.StartsWith("exited", StringComparison.Ordinal))
        {
            return Tone.Good;
        }

        return answer.StartsWith('E') || answer.StartsWith('?') || answer.StartsWith('(') ? Tone.Refused : Tone.Bad;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Faint => new Style(Color.Grey),
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Good => new Style(Color.Green),
        Tone.Refused => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        Tone.Change => new Style(Color.Aqua),
        _ => Style.Plain,
    };

    private static string Printable(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            safe.Append(IsUnsafe(character) ? $"\\x{(int)character:x2}" : character.ToString());
        }

        return safe.ToString();
    }

    private static bool IsUnsafe(char character) => char.IsControl(character) && character != '\t';
}
