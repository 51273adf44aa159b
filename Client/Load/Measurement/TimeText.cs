using System.Globalization;

namespace Hugesim.Load;

/// <summary>Times as people write them: <c>30</c> and <c>30s</c>, <c>5m</c>, <c>250ms</c>, <c>40us</c>, <c>900ns</c>.</summary>
internal static class TimeText
{
    private static readonly (string Unit, double Nanoseconds)[] Units =
        [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

    /// <summary>Reads a time; a plain number is seconds.</summary>
    public static bool TryParse(string text, out double nanoseconds)
    {
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        var unit = digits == text.Length ? "s" : text[digits..];
        var scale = Units.FirstOrDefault(pair => pair.Unit == unit).Nanoseconds;
        var isNumber = double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        nanoseconds = number * scale;
        return isNumber && scale > 0 && double.IsFinite(nanoseconds);
    }

    /// <summary>A time with three figures and a unit, such as <c>1.25 ms</c>.</summary>
    public static string Show(double nanoseconds) =>
        Show(nanoseconds, (unit, value) => unit == "ns" || value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00");

    /// <summary>A round time, such as <c>10 ms</c>.</summary>
    public static string ShowTick(double nanoseconds) => Show(nanoseconds, (_, _) => "0.##");

    private static string Show(double nanoseconds, Func<string, double, string> format)
    {
        var (unit, scale) = Units.Take(4).LastOrDefault(pair => nanoseconds >= pair.Nanoseconds * 0.9999);
        if (unit is null)
        {
            return "0 ns";
        }

        var value = nanoseconds / scale;
        return $"{value.ToString(format(unit, value), CultureInfo.InvariantCulture)} {unit}";
    }
}
