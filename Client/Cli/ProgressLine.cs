namespace Hugesim.Cli;

/// <summary>Shows at a terminal how far the work is, on a line that is erased again.</summary>
internal sealed class ProgressLine(CliConsole console)
{
    private const string EraseLine = "\r\u001b[K";

    private readonly bool _shown = console.IsTerminal && console.UseColor;

    /// <summary>Replaces the line.</summary>
    public void Show(string text)
    {
        if (_shown)
        {
            console.Output.Write(EraseLine + text);
            console.Output.Flush();
        }
    }

    /// <summary>Erases the line.</summary>
    public void Clear()
    {
        if (_shown)
        {
            console.Output.Write(EraseLine);
        }
    }
}
