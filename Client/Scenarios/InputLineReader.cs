using System.Text;

namespace Hugesim.Scenarios;

/// <summary>A line of input, or the reason why it cannot be used.</summary>
/// <param name="Number">The line from 1.</param>
/// <param name="Text">The text without its end of line; empty when <paramref name="Error"/> is set.</param>
/// <param name="Error">What is wrong with the line, or null.</param>
internal sealed record InputLine(int Number, string Text, ScenarioError? Error);

/// <summary>
/// Reads lines of UTF-8 text from a stream, keeping no more than one line of limited length in memory. A line that is too long is
/// reported and skipped; after a line that is not text nothing more is read.
/// </summary>
internal sealed class InputLineReader(Stream stream, string file, int maximumLength)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _chunk = new byte[16 * 1024];
    private readonly byte[] _line = new byte[maximumLength * 4];
    private int _position;
    private int _available;
    private int _number;
    private bool _ended;

    /// <summary>Reads the next line, or null at the end.</summary>
    public async ValueTask<InputLine?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_ended)
        {
            return null;
        }

        _number++;
        try
        {
            return await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Stop($"the input cannot be read: {exception.Message}", "name a readable text file");
        }
    }

    private async ValueTask<InputLine?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        var tooLong = false;
        while (true)
        {
            if (_position == _available && !await FillAsync(cancellationToken).ConfigureAwait(false))
            {
                _ended = true;
                return length == 0 && !tooLong ? null : Decode(length, tooLong);
            }

            var rest = _chunk.AsSpan(_position, _available - _position);
            var end = rest.IndexOf((byte)'\n');
            var part = end < 0 ? rest : rest[..end];
            _position += part.Length + (end < 0 ? 0 : 1);
            if (part.Contains((byte)0))
            {
                return Stop("the input contains a NUL byte, so it is not text",
                    "give a text file in UTF-8, with one command a line");
            }

            tooLong |= length + part.Length > _line.Length;
            if (!tooLong)
            {
                part.CopyTo(_line.AsSpan(length));
                length += part.Length;
            }

            if (end >= 0)
            {
                return Decode(length, tooLong);
            }
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        // Reading from a terminal or a pipe cannot be interrupted, so the wait is.
        _available = await stream.ReadAsync(_chunk, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        _position = 0;
        return _available > 0;
    }

    private InputLine Decode(int length, bool tooLong)
    {
        if (tooLong)
        {
            return TooLong();
        }

        var bytes = _line.AsSpan(0, length);
        if (_number == 1 && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (bytes.EndsWith("\r"u8))
        {
            bytes = bytes[..^1];
        }

        string text;
        try
        {
            text = Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Stop("the line is not UTF-8 text", "save the scenario in UTF-8; a binary file is no scenario");
        }

        return text.Length > maximumLength ? TooLong() : new InputLine(_number, text, null);
    }

    private InputLine TooLong() => new(_number, "", new ScenarioError(
        file, _number, maximumLength + 1, $"the line is longer than {maximumLength} characters", "split it: each command stands on a line of its own"));

    private InputLine Stop(string message, string hint)
    {
        _ended = true;
        return new InputLine(_number, "", new ScenarioError(file, _number, 0, message, hint));
    }
}
