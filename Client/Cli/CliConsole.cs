using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hugesim.Cli;

/// <summary>Where the program reads from and writes to.</summary>
public sealed class CliConsole
{
    /// <summary>Makes a console of given streams.</summary>
    /// <param name="input">Standard input.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="isTerminal">Whether standard output is a terminal.</param>
    /// <param name="useColor">Whether colours are wanted there.</param>
    public CliConsole(Stream input, TextWriter output, TextWriter error, bool isTerminal, bool useColor)
    {
        Input = input;
        Output = output;
        Error = error;
        IsTerminal = isTerminal;
        UseColor = useColor;
    }

    /// <summary>Standard input.</summary>
    public Stream Input { get; }

    /// <summary>Standard output. Writing throws <see cref="OutputClosedException"/> when its reader is gone.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>Whether to write colours.</summary>
    public bool UseColor { get; }

    /// <summary>The console of this program.</summary>
    public static CliConsole FromSystem()
    {
        var isTerminal = !Console.IsOutputRedirected;
        var isDumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        var noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new CliConsole(
            Console.OpenStandardInput(),
            Writer(OpenOutput()),
            Writer(Console.OpenStandardError()),
            isTerminal,
            useColor: isTerminal && !noColor && !isDumb);
    }

    private static StreamWriter Writer(Stream stream) =>
        new(new ClosableOutputStream(stream), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024) { NewLine = "\n" };

    /// <summary>
    /// Opens standard output. The console's own stream swallows the error of a pipe without a reader, so a pipe is opened as a
    /// file. A file is not: its writes would go to positions of their own when standard error shares it.
    /// </summary>
    private static Stream OpenOutput()
    {
        if (!OperatingSystem.IsLinux() || !Console.IsOutputRedirected)
        {
            return Console.OpenStandardOutput();
        }

        try
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Console.OpenStandardOutput();
        }
    }
}

/// <summary>The reader of the output is gone, as in <c>hugesim run ... | head</c>.</summary>
public sealed class OutputClosedException : IOException
{
    /// <summary>Makes the exception.</summary>
    public OutputClosedException(Exception inner) : base("the reader of the output is gone", inner)
    {
    }
}

/// <summary>Nothing more can be written to the output, for example because the disk is full.</summary>
public sealed class OutputFailedException : IOException
{
    /// <summary>Makes the exception.</summary>
    public OutputFailedException(Exception inner) : base($"cannot write the output: {inner.Message}", inner)
    {
    }
}
