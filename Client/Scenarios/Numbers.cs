using System.Globalization;

namespace Hugesim.Scenarios;

/// <summary>Reads numbers: exactly, or in recordings as C's <c>strtol</c> does, which takes what it can and ignores the rest.</summary>
internal static class Numbers
{
    /// <summary>Reads a whole number.</summary>
    public static bool TryWhole(string text, bool lenient, out long value)
    {
        var digits = DigitsEnd(text);
        if (!lenient && (digits != text.Length || !char.IsAsciiDigit(text[^1])))
        {
            value = 0;
            return false;
        }

        return TryPrefix(text, digits, lenient, out value);
    }

    /// <summary>Reads a number of huge pages, KiB (<c>k</c>) or bytes (<c>b</c>) and returns bytes; too large ones saturate.</summary>
    public static bool TryBytes(string text, bool lenient, out long bytes)
    {
        bytes = 0;
        var end = DigitsEnd(text);
        var suffix = end < text.Length ? text[end] : '\0';
        var known = suffix is '\0' or 'k' or 'b';
        if (!lenient && (!known || end + (suffix == '\0' ? 0 : 1) != text.Length || end == 0 || !char.IsAsciiDigit(text[end - 1])))
        {
            return false;
        }

        if (!TryPrefix(text, end, lenient, out var number))
        {
            return false;
        }

        var unit = suffix switch
        {
            'k' => 1024,
            'b' => 1,
            _ => ScenarioCommand.PageSize,
        };
        bytes = (long)Int128.Clamp((Int128)number * unit, long.MinValue, long.MaxValue);
        return true;
    }

    /// <summary>Reads a set of nodes such as <c>0,2-3</c>.</summary>
    public static bool TryNodes(string text, bool lenient, out NodeSet nodes)
    {
        var mask = 0UL;
        var good = true;
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryWhole(ends[0], false, out var first) || !TryWhole(ends[^1], false, out var last)
                || first > last || last > ScenarioLimits.PolicyNode)
            {
                good = false;
                break;
            }

            for (var node = first; node <= last; node++)
            {
                mask |= 1UL << (int)node;
            }
        }

        nodes = new NodeSet(mask);
        return good || lenient;
    }

    private static int DigitsEnd(string text)
    {
        var end = text.Length > 0 && text[0] == '-' ? 1 : 0;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return end;
    }

    private static bool TryPrefix(string text, int end, bool lenient, out long value)
    {
        if (end == 0 || !char.IsAsciiDigit(text[end - 1]))
        {
            value = 0;
            return lenient;
        }

        if (!long.TryParse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
        {
            value = text[0] == '-' ? long.MinValue : long.MaxValue;
        }

        return true;
    }
}
